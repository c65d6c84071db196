//! Two processes on one state on object storage: one stands still past its lease, and goes on.

use greenroom_apply::ApplyError;
use greenroom_sim::cloud::Cloud;
use greenroom_sim::disk::FaultyDisk;
use greenroom_sim::objects::{Client, Storage};
use greenroom_store::StoreError;

use crate::lab::{AFTER, BEFORE, Lab, simulate};

fn lab(cloud: &Cloud, client: &Client) -> Lab {
    Lab::on_objects(cloud.clone(), FaultyDisk::new(), client)
}

#[test]
fn states_on_object_storage_live_as_in_a_folder() {
    simulate(async {
        let lab = lab(&Cloud::new(), &Storage::new().client());
        lab.up(BEFORE).await.unwrap();
        lab.converge(BEFORE, 1, "first").await;
        lab.up(AFTER).await.unwrap();
        lab.converge(AFTER, 1, "changed").await;
        lab.leaves_nothing("at the end").await;
    });
}

#[test]
fn who_stood_still_past_its_lease_at_any_request_leaves_nothing_that_its_successor_does_not_know() {
    for after_effect in [false, true] {
        for nth in 1.. {
            let context = format!("request {nth}, after its effect: {after_effect}");
            if !simulate(pass_over(nth, after_effect, &context)) {
                assert!(nth > 20, "there were requests to stand still at: {nth}");
                break;
            }
        }
    }
}

/// Whether the process stood still at its `nth` request.
async fn pass_over(nth: usize, after_effect: bool, context: &str) -> bool {
    let (cloud, storage) = (Cloud::new(), Storage::new());
    lab(&cloud, &storage.client()).up(BEFORE).await.unwrap();
    let slow = storage.client();
    slow.stop_at(nth, after_effect);
    let first = lab(&cloud, &slow);
    let second = lab(&cloud, &storage.client());
    let mut applying = std::pin::pin!(first.up(AFTER));
    let stood = tokio::select! {
        biased;
        () = slow.stopped() => true,
        applied = &mut applying => { applied.unwrap(); false }
    };
    if stood {
        // What it has sent comes to its end beside the successor's work.
        let (ended, ()) = tokio::join!(applying, async {
            second.converge(AFTER, 2, context).await;
            slow.go_on();
        });
        let is_told = match &ended {
            Ok(_) => true,
            Err(ApplyError::Store(error)) => {
                matches!(error, StoreError::Lost { .. } | StoreError::Held { .. })
            }
            Err(_) => false,
        };
        assert!(is_told, "{context}: {ended:?}");
    }
    second.converge(AFTER, 2, context).await;
    second.leaves_nothing(context).await;
    stood
}
