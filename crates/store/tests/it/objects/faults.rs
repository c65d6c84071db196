//! One request of a session goes wrong; or all do, for a while or for good.

use std::time::Duration;

use greenroom_sim::objects::{Fault, Storage};
use greenroom_store::{Lease, OnDisk, Sequence, Store, StoreError};
use tokio::time::sleep;

use crate::objects::{Process, process, simulate};
use crate::session::{Progress, body, holder, judge, payload, payloads, session, state};

const FAULTS: [Fault; 6] = [
    Fault::Refused,
    Fault::AnswerLost,
    Fault::Conflict,
    Fault::Lost,
    Fault::Late(Duration::from_secs(12)),
    Fault::Slow(Duration::from_secs(3)),
];

#[test]
fn a_session_of_which_one_request_goes_wrong_is_as_any_other() {
    for fault in FAULTS {
        for nth in 1.. {
            let (context, sent) = (format!("request {nth}, {fault:?}"), simulate(sent(nth, fault)));
            if sent < nth {
                assert!(nth > 12, "{context}: there were requests to go wrong");
                break;
            }
        }
    }
}

/// How many requests a session sends of which the `nth` goes wrong.
async fn sent(nth: usize, fault: Fault) -> usize {
    let context = format!("request {nth}, {fault:?}");
    let storage = Storage::new();
    let Process { client, states } = process(&storage);
    client.fail(nth, fault);
    let mut progress = Progress::default();
    let done = session(&states, &mut progress, false).await;
    done.unwrap_or_else(|error| panic!("{context}: {error:?}"));
    assert_eq!(progress.acknowledged, progress.asked, "{context}");
    let sent = client.requests().len();
    // What is late has come by then.
    sleep(Duration::from_mins(1)).await;
    let lease = process(&storage).states.acquire(&state(), holder("next")).await;
    let lease = lease.unwrap_or_else(|error| panic!("{context}: {error:?}"));
    judge(lease.loaded(), &progress, &context);
    sent
}

async fn lease_of(process: &Process) -> Box<dyn Lease> {
    let lease = process.states.acquire(&state(), holder("it")).await.unwrap();
    lease.append(payload(1)).await.unwrap();
    lease
}

#[tokio::test(start_paused = true)]
async fn records_wait_for_a_storage_that_is_away_for_a_while() {
    let process = process(&Storage::new());
    let lease = lease_of(&process).await;
    process.client.stop();
    let (appended, folded, ()) =
        tokio::join!(lease.append(payload(2)), lease.fold(body(1), Sequence(1)), async {
            sleep(Duration::from_mins(4)).await;
            process.client.go_on();
        });
    assert_eq!(appended.unwrap(), Sequence(2));
    folded.unwrap();
    lease.still_held().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_stays_away_is_told_once_and_nothing_more_is_written() {
    let storage = Storage::new();
    let process = process(&storage);
    let lease = lease_of(&process).await;
    let sent = process.client.requests().len();
    process.client.set_weather(1, 100);
    (0..10_000).for_each(|nth| process.client.fail(nth + 1, Fault::AnswerLost));
    let error = lease.append_all(payloads(2..=3)).await.unwrap_err();
    // The first attempt took effect, but nobody said so: the others found it there, and lost that
    // answer too.
    assert!(matches!(error, StoreError::Append { first: Sequence(2), last: Sequence(3), .. }));
    let tried = process.client.requests().len() - sent;
    assert!((10..500).contains(&tried), "{tried} requests in five minutes");
    let then = lease.append(payload(4)).await.unwrap_err();
    assert!(matches!(then, StoreError::Broken { .. }), "{then:?}");
    assert!(then.to_string().contains("since the append of record 2 failed"), "{then}");
    assert!(matches!(lease.still_held().await, Err(StoreError::Broken { .. })));
    process.client.calm();
    lease.release().await.unwrap();

    let next = crate::objects::process(&storage);
    let lease = next.states.acquire(&state(), holder("next")).await.unwrap();
    assert_eq!(lease.loaded().last(), Sequence(3), "reopening the state settles it");
}

#[tokio::test(start_paused = true)]
async fn a_fold_that_had_no_effect_leaves_the_lease_good() {
    let process = process(&Storage::new());
    let lease = lease_of(&process).await;
    process.client.set_weather(1, 0);
    (0..10_000).for_each(|nth| process.client.fail(nth + 1, Fault::Conflict));
    let error = lease.fold(body(1), Sequence(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Io { on_disk: OnDisk::Nothing, .. }), "{error:?}");
    process.client.calm();
    lease.append(payload(2)).await.unwrap();
    lease.fold(body(2), Sequence(2)).await.unwrap();
}
