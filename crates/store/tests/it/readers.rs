//! Readers beside a writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use greenroom_store::{FolderStore, Lease, Loaded, Sequence, Store};

use crate::session::{holder, payload, state};

const RECORDS: u64 = 1_500;

/// A body as long as it is old, so that reading it takes a while.
fn body(through: u64) -> Bytes {
    Bytes::from(format!("{through} {}", "x".repeat(usize::try_from(through).unwrap() * 100)))
}

fn is_consistent(loaded: &Loaded) {
    let folded = loaded.header.folded.0;
    assert_eq!(loaded.body, (loaded.header.serial.0 > 0).then(|| body(folded)));
    for (n, record) in (folded + 1..).zip(&loaded.records) {
        assert_eq!((record.sequence, &record.payload), (Sequence(n), &payload(n)));
    }
}

async fn write(lease: Box<dyn Lease>, done: Arc<AtomicBool>) {
    for n in 1..=RECORDS {
        lease.append(payload(n)).await.unwrap();
        if n % 7 == 0 {
            // Leaves records behind, so that the journal is never empty for long.
            lease.fold(body(n - 2), Sequence(n - 2)).await.unwrap();
        }
    }
    done.store(true, Ordering::SeqCst);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_beside_a_writer_sees_a_state_that_was_and_time_going_forward() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let lease = store.acquire(&state(), holder("it")).await.unwrap();
    lease.append(Bytes::from_static(b"{}")).await.unwrap();
    lease.remove().await.unwrap();
    let lease = store.acquire(&state(), holder("it")).await.unwrap();

    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(lease, Arc::clone(&done)));
    let mut seen = (Sequence(0), greenroom_store::Serial(0));
    let mut views = 0_u64;
    let mut finished = false;
    while !finished {
        finished = done.load(Ordering::SeqCst);
        let Some(loaded) = store.read(&state()).await.unwrap() else { continue };
        is_consistent(&loaded);
        let now = (loaded.last(), loaded.header.serial);
        assert!(now.0 >= seen.0 && now.1 >= seen.1, "{now:?} after {seen:?}");
        seen = now;
        views += 1;
    }
    writer.await.unwrap();
    assert_eq!(seen.0, Sequence(RECORDS));
    assert!(views > 1, "only one view");
}
