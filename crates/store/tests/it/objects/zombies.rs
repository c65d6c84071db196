//! A process that stands still at any of its requests, is passed over, and goes on.

use std::time::Duration;

use greenroom_sim::objects::Storage;
use greenroom_store::{Lease, Loaded, Store, StoreError};
use tokio::time::sleep;

use crate::objects::{TTL, process, simulate};
use crate::session::{Progress, body, holder, payload, session, state};

/// What the successor does before the other one goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Appends,
    Folds,
    RemovesAndMakesAnew,
}

#[test]
fn who_was_passed_over_changes_nothing_more() {
    for meanwhile in [Meanwhile::Appends, Meanwhile::Folds, Meanwhile::RemovesAndMakesAnew] {
        for after_effect in [false, true] {
            for nth in 1.. {
                let context = format!("request {nth}, after {after_effect}, {meanwhile:?}");
                if !simulate(pass_over(nth, after_effect, meanwhile, &context)) {
                    assert!(nth > 12, "there were requests to stop at: {nth}");
                    break;
                }
            }
        }
    }
}

/// Whether the process was stopped at its `nth` request.
async fn pass_over(nth: usize, after_effect: bool, meanwhile: Meanwhile, context: &str) -> bool {
    let storage = Storage::new();
    let (slow, next) = (process(&storage), process(&storage));
    slow.client.stop_at(nth, after_effect);
    let mut progress = Progress::default();
    let mut stopped = false;
    let mut left = None;
    let ended = {
        let session = session(&slow.states, &mut progress, false);
        tokio::pin!(session);
        tokio::select! {
            biased;
            () = slow.client.stopped() => {
                stopped = true;
                let lease = next.states.acquire(&state(), holder("next")).await;
                let lease = lease.unwrap_or_else(|error| panic!("{context}: {error}"));
                let lease = work(&next.states, lease, meanwhile).await;
                let then = next.states.read(&state()).await.unwrap();
                slow.client.go_on();
                let ended = session.await;
                sleep(Duration::from_mins(10)).await;
                left = Some((lease, then));
                ended
            }
            ended = &mut session => ended,
        }
    };
    let Some((lease, then)) = left else {
        ended.unwrap();
        return stopped;
    };
    // Its last requests may have been the end of its lease, which it had given back by then.
    if let Err(error) = ended {
        let is_told = matches!(error, StoreError::Lost { .. } | StoreError::Held { .. });
        assert!(is_told, "{context}: {error:?}");
    }
    let now = next.states.read(&state()).await.unwrap();
    assert_eq!(now, then, "{context}: it wrote something");
    let loaded = now.expect("the successor has written");
    if meanwhile != Meanwhile::RemovesAndMakesAnew {
        holds_all(&loaded, &progress, context);
    }
    let last = loaded.last().next();
    assert_eq!(lease.append(payload(last.0)).await.unwrap(), last, "{context}");
    stopped
}

async fn work(states: &dyn Store, lease: Box<dyn Lease>, meanwhile: Meanwhile) -> Box<dyn Lease> {
    let last = lease.loaded().last();
    let next = last.next();
    lease.append(payload(next.0)).await.unwrap();
    match meanwhile {
        Meanwhile::Appends => lease,
        Meanwhile::Folds => {
            lease.fold(body(next.0), next).await.unwrap();
            lease.append(payload(next.next().0)).await.unwrap();
            lease
        }
        Meanwhile::RemovesAndMakesAnew => {
            lease.remove().await.unwrap();
            let lease = states.acquire(&state(), holder("anew")).await.unwrap();
            lease.append(payload(1)).await.unwrap();
            lease
        }
    }
}

/// All that was acknowledged to the one that was passed over is there.
fn holds_all(loaded: &Loaded, progress: &Progress, context: &str) {
    let last = loaded.last().0;
    assert!(last > progress.acknowledged, "{context}: {last} of {progress:?}");
    assert!(loaded.header.serial.0 >= progress.serial, "{context}: {progress:?}");
    for record in &loaded.records {
        assert_eq!(record.payload, payload(record.sequence.0), "{context}");
    }
    assert!(TTL < Duration::from_mins(10), "it had time to find out");
}
