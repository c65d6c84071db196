//! A session that ends at each of its requests, before it takes effect and after.

use greenroom_sim::objects::Storage;
use greenroom_store::Sequence;

use crate::objects::{Process, process, simulate};
use crate::session::{Progress, recover_from, session};

/// Runs a session until the process ends at its `nth` request; whether it did.
pub(crate) async fn end_at(
    process: &Process,
    nth: usize,
    after_effect: bool,
    progress: &mut Progress,
) -> bool {
    process.client.stop_at(nth, after_effect);
    tokio::select! {
        biased;
        () = process.client.stopped() => true,
        ended = session(&process.states, progress, true) => {
            ended.unwrap();
            false
        }
    }
}

#[test]
fn ended_at_any_request_the_next_lease_has_all_that_was_acknowledged() {
    for after_effect in [false, true] {
        for nth in 1.. {
            let context = format!("request {nth}, after its effect: {after_effect}");
            let ended = simulate(async {
                let storage = Storage::new();
                let mut progress = Progress::default();
                let ended = end_at(&process(&storage), nth, after_effect, &mut progress).await;
                recover_from(&process(&storage).states, &progress, &context).await;
                ended
            });
            if !ended {
                assert!(nth > 20, "there were requests to end at: {nth}");
                break;
            }
        }
    }
}

#[test]
fn ended_at_any_request_of_the_recovery_the_one_after_has_it_all() {
    for nth in 1.. {
        let ended = simulate(async {
            let context = format!("request {nth} of the recovery");
            let storage = Storage::new();
            let mut progress = Progress::default();
            assert!(end_at(&process(&storage), 20, true, &mut progress).await);
            let second = process(&storage);
            second.client.stop_at(nth, true);
            let ended = tokio::select! {
                biased;
                () = second.client.stopped() => true,
                loaded = recover_from(&second.states, &progress, &context) => {
                    progress.acknowledged = loaded.last().0;
                    false
                }
            };
            // The recovery appends one more.
            progress.asked = progress.asked.max(progress.acknowledged) + 1;
            let after = recover_from(&process(&storage).states, &progress, &context).await;
            assert!(after.last() >= Sequence(progress.acknowledged));
            ended
        });
        if !ended {
            assert!(nth > 10, "there were requests to end at: {nth}");
            break;
        }
    }
}
