//! A ledger on storage that loses requests and answers, and by processes that end.

use std::time::Duration;

use greenroom_sim::objects::{Fault, Storage};
use greenroom_store::Store;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use tokio::time::sleep;

use crate::ledger::{FIRST, GOLDEN, SECOND, judge, ledger_name, two_writings};
use crate::objects::{Process, process, simulate};

const FAULTS: [Fault; 6] = [
    Fault::Refused,
    Fault::AnswerLost,
    Fault::Conflict,
    Fault::Lost,
    Fault::Late(Duration::from_secs(12)),
    Fault::Slow(Duration::from_secs(3)),
];

/// How many requests two writings send.
const REQUESTS: usize = 4;

#[test]
fn whatever_befalls_a_request_the_answer_is_definite() {
    for fault in FAULTS {
        for nth in 1..=REQUESTS {
            simulate(async {
                let context = format!("request {nth}, {fault:?}");
                let storage = Storage::new();
                let Process { client, states } = process(&storage);
                client.fail(nth, fault);
                let (acknowledged, ended) = two_writings(&states).await;
                ended.unwrap_or_else(|error| panic!("{context}: {error}"));
                assert_eq!(acknowledged, Some(SECOND), "{context}");
                // What is late has come by then.
                sleep(Duration::from_mins(1)).await;
                let there = process(&storage).states.ledger(&ledger_name()).await.unwrap();
                assert_eq!(there.content, Some(SECOND), "{context}");
            });
        }
    }
}

#[test]
fn ended_at_any_request_the_old_ledger_is_there_or_the_new_one() {
    for nth in 1..=REQUESTS {
        for after_effect in [false, true] {
            simulate(async {
                let context = format!("request {nth}, after its effect: {after_effect}");
                let storage = Storage::new();
                let Process { client, states } = process(&storage);
                client.stop_at(nth, after_effect);
                tokio::select! {
                    biased;
                    () = client.stopped() => {}
                    _ = two_writings(&states) => panic!("{context}: there are fewer requests"),
                }
                let acknowledged = (nth > 2).then_some(FIRST);
                judge(&process(&storage).states, acknowledged.as_ref(), &context).await;
            });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_writing_that_comes_late_does_not_undo_what_was_written_since() {
    let storage = Storage::new();
    let name = ledger_name();
    let (slow, fast) = (process(&storage), process(&storage));
    let seen = slow.states.ledger(&name).await.unwrap();
    slow.client.stop_at(1, false);
    let (slowly, quickly) =
        tokio::join!(slow.states.write_ledger(&name, &seen.version, FIRST), async {
            slow.client.stopped().await;
            let written = fast.states.write_ledger(&name, &seen.version, SECOND).await;
            slow.client.go_on();
            written
        });
    assert!(quickly.unwrap());
    assert!(!slowly.unwrap());
    assert_eq!(fast.states.ledger(&name).await.unwrap().content, Some(SECOND));
}

#[tokio::test(start_paused = true)]
async fn what_format_1_wrote_is_read_and_written_on() {
    let storage = Storage::new();
    let key = Path::from("team/shop/project.ledger");
    storage.client().put(&key, PutPayload::from(GOLDEN)).await.unwrap();
    let states = process(&storage).states;
    let ledger = states.ledger(&ledger_name()).await.unwrap();
    assert_eq!(ledger.content, Some(FIRST));
    assert!(states.write_ledger(&ledger_name(), &ledger.version, SECOND).await.unwrap());
}
