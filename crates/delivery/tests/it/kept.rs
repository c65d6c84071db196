//! Attestations in a store: none is lost, and none is overwritten.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use greenroom_delivery::attest::kept::{Kept, KeptError};
use greenroom_sim::chance::Chance;
use greenroom_sim::disk::FaultyDisk;
use greenroom_sim::objects::{Fault, Storage, TokioClock};
use greenroom_store::{FolderStore, LedgerName, ObjectStates, Segment, Store};
use object_store::path::Path;

const SET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn folder() -> Arc<dyn Store> {
    Arc::new(FolderStore::on(Arc::new(FaultyDisk::new()), "/srv/state").inline())
}

fn kept(store: &Arc<dyn Store>) -> Kept {
    Kept::of(Arc::clone(store), "shop").unwrap()
}

/// A digest that begins with `start`.
fn set(start: &str) -> String {
    format!("{start}{}", &SET[start.len()..])
}

fn ledger(set: &str) -> LedgerName {
    let segment = |text: &str| Segment::new(text).unwrap();
    LedgerName { project: segment("shop"), ledger: segment(&format!("attested-{}", &set[..32])) }
}

#[tokio::test]
async fn envelopes_are_kept_as_they_are_in_order_and_once() {
    let store = folder();
    let kept = kept(&store);
    assert_eq!(kept.envelopes(SET).await.unwrap(), [""; 0]);
    for envelope in ["{ \"a\":1}", "b", "{ \"a\":1}"] {
        kept.add(SET, envelope).await.unwrap();
    }
    assert_eq!(kept.envelopes(SET).await.unwrap(), ["{ \"a\":1}", "b"]);
    assert_eq!(kept.envelopes(&set("f")).await.unwrap(), [""; 0]);
}

/// Everybody adds at once, to a bucket that is badly reached.
#[tokio::test(start_paused = true)]
async fn of_those_who_add_at_once_none_is_lost() {
    let storage = Storage::new();
    let adding = (0..7).map(|nth: u64| {
        let client = storage.client();
        let mut chance = Chance::new(nth);
        // Never two in a row, so that each request may be tried again.
        for request in (0..200).step_by(2) {
            let faults = [Fault::Refused, Fault::AnswerLost, Fault::Lost, Fault::Conflict];
            if chance.percent(30) {
                client.fail(request, *chance.pick(&faults));
            }
        }
        let states = ObjectStates::new(Arc::new(client), Path::from("team"), "s3://states");
        let store: Arc<dyn Store> = Arc::new(states.with_clock(Arc::new(TokioClock::new())));
        async move { kept(&store).add(SET, &format!("envelope {nth}")).await.unwrap() }
    });
    join_all(adding).await;
    let states = ObjectStates::new(Arc::new(storage.client()), Path::from("team"), "s3://states");
    let store: Arc<dyn Store> = Arc::new(states);
    let mut envelopes = kept(&store).envelopes(SET).await.unwrap();
    envelopes.sort();
    let expected: Vec<String> = (0..7).map(|nth| format!("envelope {nth}")).collect();
    assert_eq!(envelopes, expected);
}

#[tokio::test]
async fn an_image_set_is_found_by_the_beginning_of_its_digest() {
    let store = folder();
    let kept = kept(&store);
    for start in ["abc1", "abc2"] {
        kept.add(&set(start), "{}").await.unwrap();
    }
    assert_eq!(kept.find("abc1").await.unwrap(), set("abc1"));
    assert_eq!(kept.find("ABC2").await.unwrap(), set("abc2"));
    assert_eq!(kept.find(&set("abc2")[..40]).await.unwrap(), set("abc2"));
    assert_eq!(kept.find(&set("f")).await.unwrap(), set("f"), "a whole digest is taken as it is");
    let several = kept.find("abc").await.unwrap_err();
    assert!(matches!(&several, KeptError::Ambiguous { sets, .. } if sets.len() == 2), "{several}");
    assert!(matches!(kept.find("abd").await, Err(KeptError::Unknown(_))));
    let longer = format!("{}0", &set("abc1")[..40]);
    assert!(matches!(kept.find(&longer).await, Err(KeptError::Unknown(_))));
    for text in ["", "xyz", &format!("{SET}0")] {
        assert!(matches!(kept.find(text).await, Err(KeptError::NoDigest(_))), "{text}");
    }
}

#[tokio::test]
async fn a_ledger_that_cannot_be_read_is_not_overwritten() {
    let store = folder();
    let name = ledger(SET);
    for content in ["{", r#"{"format":2}"#, r#"{"format":1,"image_set":"x","envelopes":[]}"#] {
        let seen = store.ledger(&name).await.unwrap().version;
        assert!(store.write_ledger(&name, &seen, Bytes::from(content)).await.unwrap());
        let refused = kept(&store).add(SET, "{}").await.unwrap_err();
        assert!(matches!(refused, KeptError::Unreadable { .. }), "{refused}");
        assert_eq!(store.ledger(&name).await.unwrap().content.unwrap(), content);
    }
}
