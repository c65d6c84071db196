//! Concurrent appends share syncs.

use std::sync::Arc;

use greenroom_sim::disk::{EffectKind, FaultyDisk};
use greenroom_store::{FolderStore, Lease, Sequence, Store};

use crate::session::{holder, payload, payloads, state};

async fn lease(disk: &FaultyDisk) -> Arc<dyn Lease> {
    let store = FolderStore::on(Arc::new(disk.clone()), "/srv/state");
    let lease = store.acquire(&state(), holder("it")).await.unwrap();
    lease.append(payload(1)).await.unwrap();
    Arc::from(lease)
}

#[tokio::test]
async fn what_queues_during_a_sync_shares_the_next_one() {
    let disk = FaultyDisk::new();
    let lease = lease(&disk).await;
    let before = disk.count(EffectKind::Sync);
    let held = disk.hold_syncs();
    let first = lease.enqueue(payloads(2..=2));
    held.wait_for(1);
    let rest: Vec<_> = (3..=65).map(|n| lease.enqueue(vec![payload(n)])).collect();
    drop(held);
    assert_eq!(first.await.unwrap(), [Sequence(2)]);
    for (n, ticket) in (3..).zip(rest) {
        assert_eq!(ticket.await.unwrap(), [Sequence(n)]);
    }
    assert_eq!(disk.count(EffectKind::Sync) - before, 2, "64 appends need two syncs");
}

#[tokio::test]
async fn appending_many_at_once_takes_one_sync() {
    let disk = FaultyDisk::new();
    let lease = lease(&disk).await;
    let before = disk.count(EffectKind::Sync);
    assert_eq!(lease.append_all(payloads(2..=5001)).await.unwrap().len(), 5000);
    assert_eq!(disk.count(EffectKind::Sync) - before, 1);
}

#[tokio::test]
async fn a_fold_takes_its_place_in_the_queue() {
    let disk = FaultyDisk::new();
    let lease = lease(&disk).await;
    let held = disk.hold_syncs();
    let before = lease.enqueue(payloads(2..=2));
    held.wait_for(1);
    let queued = lease.enqueue(payloads(3..=3));
    let folding = tokio::spawn({
        let lease = Arc::clone(&lease);
        async move { lease.fold(crate::session::body(3), Sequence(3)).await }
    });
    tokio::task::yield_now().await;
    let after = lease.enqueue(payloads(4..=4));
    drop(held);
    assert_eq!(before.await.unwrap(), [Sequence(2)]);
    assert_eq!(queued.await.unwrap(), [Sequence(3)]);
    folding.await.unwrap().unwrap();
    assert_eq!(after.await.unwrap(), [Sequence(4)]);
}
