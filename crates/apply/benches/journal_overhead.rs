//! How much longer an apply takes because it keeps a journal: 1,000 independent creates of 100 ms,
//! 10 of them under way at a time, against the same waits with nothing around them.
//!
//! On a folder below the system's temporary one, and on object storage in memory whose every
//! request takes 30 ms. Of each the best of several rounds counts. Fails if the journal costs more
//! than it may.

#![allow(clippy::unwrap_used, missing_docs)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use greenroom_sim::cloud::{Cloud, Weather};
use greenroom_sim::lab::Lab;
use greenroom_store::ObjectStates;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use tokio::time::sleep;

const ROUNDS: u32 = 5;
const OPERATIONS: u32 = 1_000;
const TAKES: Duration = Duration::from_millis(100);
const AT_ONCE: usize = 10;
const REQUEST: Duration = Duration::from_millis(30);

/// What the journal may cost, as a share of the waits.
const FOLDER: f64 = 0.02;
const OBJECTS: f64 = 0.15;

/// How long one round took.
struct Round {
    waits: Duration,
    folder: Duration,
    objects: Duration,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let rounds: Vec<Round> = (0..ROUNDS).map(|_| runtime.block_on(round())).collect();
    let best = |of: fn(&Round) -> Duration| rounds.iter().map(of).min().unwrap();
    let waits = best(|it| it.waits);
    println!("the waits alone: {waits:.3?}");
    let folder = cost("folder", best(|it| it.folder), waits);
    let objects = cost("object storage, 30 ms a request", best(|it| it.objects), waits);
    if folder < FOLDER && objects < OBJECTS { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One after the other, so that what slows the machine for a while slows all three.
async fn round() -> Round {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = lab(folder.path());
    let mut on_objects = lab(folder.path());
    on_objects.workbench.store = Arc::new(slow_objects());
    Round {
        waits: waits().await,
        folder: apply(&in_folder).await,
        objects: apply(&on_objects).await,
    }
}

/// Waits as the simulated cloud does: half before a call takes effect, and half after. Each half
/// ends with a tick of the timer, and so late.
async fn waits() -> Duration {
    let began = Instant::now();
    let calls = stream::iter(0..OPERATIONS).map(|_| async {
        sleep(TAKES / 2).await;
        sleep(TAKES / 2).await;
    });
    calls.buffer_unordered(AT_ONCE).collect::<()>().await;
    began.elapsed()
}

fn lab(folder: &std::path::Path) -> Lab {
    let weather = Weather { latency: (TAKES, TAKES), start: Duration::ZERO, ..Weather::default() };
    let mut lab = Lab::in_folder(Cloud::with_weather(weather), folder);
    lab.workbench.parallelism = AT_ONCE;
    lab
}

fn slow_objects() -> ObjectStates {
    let config = ThrottleConfig {
        wait_delete_per_call: REQUEST,
        wait_get_per_call: REQUEST,
        wait_list_per_call: REQUEST,
        wait_put_per_call: REQUEST,
        ..ThrottleConfig::default()
    };
    let storage = ThrottledStore::new(InMemory::new(), config);
    ObjectStates::new(Arc::new(storage), Path::from("bench"), "memory://bench")
}

async fn apply(lab: &Lab) -> Duration {
    let template =
        format!("[resource.sim_network.a]\ncount = {OPERATIONS}\ncidr = \"10.0.0.0/16\"\n");
    let mut session = lab.open().await.unwrap();
    let plan = Arc::new(lab.plan(session.state(), &template).await);
    let began = Instant::now();
    let applied = session.apply(plan, Default::default(), &Default::default()).await.unwrap();
    let took = began.elapsed();
    assert!(applied.is_complete(), "{:?}", applied.failed);
    assert_eq!(applied.completed, OPERATIONS as usize);
    session.close().await.unwrap();
    took
}

/// What an apply takes beyond the waits, as a share of them.
fn cost(store: &str, took: Duration, waits: Duration) -> f64 {
    let cost = took.as_secs_f64() / waits.as_secs_f64() - 1.0;
    println!("{store}: {took:.3?}, {:.2} % more", cost * 100.0);
    cost
}
