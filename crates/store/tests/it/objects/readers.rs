//! Readers beside a writer.

use std::time::Duration;

use greenroom_sim::objects::{Fault, Storage};
use greenroom_store::{Lease, Sequence, Serial, Store};
use tokio::time::sleep;

use crate::objects::{Process, process};
use crate::session::{body, holder, payload, state};

const RECORDS: u64 = 400;

/// Every request takes a while, each process its own, so that they interleave.
fn slow_down(process: &Process, requests: usize, pace: u64) {
    for nth in 1..=requests {
        let time = Duration::from_millis(1 + (nth as u64 * pace) % 7);
        process.client.fail(nth, Fault::Slow(time));
    }
}

async fn write(lease: Box<dyn Lease>) {
    for n in 1..=RECORDS {
        lease.append(payload(n)).await.unwrap();
        if n % 7 == 0 {
            lease.fold(body(n - 2), Sequence(n - 2)).await.unwrap();
        }
        sleep(Duration::from_millis(n % 11)).await;
    }
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reader_beside_a_writer_sees_a_state_that_was_and_time_going_forward() {
    let storage = Storage::new();
    let (writer, reader) = (process(&storage), process(&storage));
    slow_down(&writer, 3_000, 3);
    slow_down(&reader, 20_000, 5);
    let lease = writer.states.acquire(&state(), holder("it")).await.unwrap();
    let writing = tokio::spawn(write(lease));
    let mut seen = (Sequence(0), Serial(0));
    let mut views = 0_u32;
    while !writing.is_finished() {
        let Some(loaded) = reader.states.read(&state()).await.unwrap() else { continue };
        let folded = loaded.header.folded.0;
        assert_eq!(loaded.body, (loaded.header.serial.0 > 0).then(|| body(folded)));
        for (n, record) in (folded + 1..).zip(&loaded.records) {
            assert_eq!((record.sequence, &record.payload), (Sequence(n), &payload(n)));
        }
        let now = (loaded.last(), loaded.header.serial);
        assert!(now.0 >= seen.0 && now.1 >= seen.1, "{now:?} after {seen:?}");
        seen = now;
        views += 1;
    }
    writing.await.unwrap();
    let loaded = reader.states.read(&state()).await.unwrap().unwrap();
    assert_eq!(loaded.last(), Sequence(RECORDS));
    assert!(views > 50, "only {views} views");
}
