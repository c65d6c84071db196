//! Several processes in bad weather, by seed.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use greenroom_sim::chance::Chance;
use greenroom_sim::objects::Storage;
use greenroom_store::{Sequence, Store, StoreError};
use tokio::time::sleep;

use crate::objects::{Process, process, simulate};
use crate::session::{body, holder, payload, state};

const SEEDS: u64 = 300;
const PROCESSES: u64 = 3;

/// What the processes know together.
#[derive(Default)]
struct Known {
    acknowledged: BTreeSet<Sequence>,
    serial: u64,
    leases: u32,
}

#[test]
fn nothing_acknowledged_is_lost_whatever_the_storage_and_the_processes_suffer() {
    let mut leases = 0;
    for seed in 0..SEEDS {
        leases += simulate(live_through(seed));
    }
    assert!(leases > 500, "only {leases} leases in {SEEDS} seeds");
}

async fn live_through(seed: u64) -> u32 {
    let storage = Storage::new();
    let known = Mutex::new(Known::default());
    let lives = (0..PROCESSES).map(|n| live(&storage, seed * PROCESSES + n, &known));
    futures::future::join_all(lives).await;
    // What is late has come by then.
    sleep(Duration::from_mins(2)).await;
    let context = format!("seed {seed}, at the end");
    let known = known.into_inner().unwrap();
    let last = process(&storage);
    let lease = last.states.acquire(&state(), holder("last")).await;
    let lease = lease.unwrap_or_else(|error| panic!("{context}: {error:?}"));
    let loaded = lease.loaded();
    let acknowledged = known.acknowledged.last().copied();
    assert!(
        Some(loaded.last()) >= acknowledged,
        "{context}: {} of {acknowledged:?}",
        loaded.last()
    );
    assert!(loaded.header.serial.0 >= known.serial, "{context}");
    known.leases
}

/// Takes the lease again and again, and works under it.
async fn live(storage: &Storage, seed: u64, known: &Mutex<Known>) {
    let mut chance = Chance::new(seed);
    let Process { client, states } = process(storage);
    for round in 0..4 {
        client.set_weather(chance.number(), 15);
        if chance.percent(30) {
            let nth = usize::try_from(1 + chance.below(40)).unwrap();
            client.stop_at(nth, chance.percent(50));
            let (client, time) = (client.clone(), Duration::from_secs(chance.below(120)));
            tokio::spawn(async move {
                client.stopped().await;
                sleep(time).await;
                client.go_on();
            });
        }
        let context = format!("seed {seed}, round {round}");
        match work(&states, &mut chance, known, &context).await {
            Ok(()) => {}
            Err(
                StoreError::Held { .. }
                | StoreError::Lost { .. }
                | StoreError::Append { .. }
                | StoreError::Broken { .. }
                | StoreError::Io { .. }
                | StoreError::Restless { .. },
            ) => {}
            Err(other) => panic!("{context}: {other:?}"),
        }
        sleep(Duration::from_secs(chance.below(60))).await;
    }
    client.go_on();
}

async fn work(
    states: &dyn Store,
    chance: &mut Chance,
    known: &Mutex<Known>,
    context: &str,
) -> Result<(), StoreError> {
    let lease = states.acquire(&state(), holder(context)).await?;
    // Who stood still after it had read was perhaps passed over.
    lease.still_held().await?;
    let mut last = lease.loaded().last();
    {
        let mut known = known.lock().unwrap();
        assert!(Some(&last) >= known.acknowledged.last(), "{context}: {last} is not the last");
        assert!(lease.loaded().header.serial.0 >= known.serial, "{context}");
        known.leases += 1;
    }
    for record in &lease.loaded().records {
        assert_eq!(record.payload, payload(record.sequence.0), "{context}");
    }
    for _ in 0..chance.below(12) {
        if chance.percent(25) {
            let serial = lease.fold(body(last.0), last).await?;
            let mut known = known.lock().unwrap();
            known.serial = known.serial.max(serial.0);
        } else {
            let next = last.next();
            assert_eq!(lease.append(payload(next.0)).await?, next, "{context}");
            last = next;
            let mut known = known.lock().unwrap();
            assert!(known.acknowledged.insert(last), "{context}: two wrote record {last}");
        }
        sleep(Duration::from_secs(chance.below(20))).await;
    }
    lease.release().await
}
