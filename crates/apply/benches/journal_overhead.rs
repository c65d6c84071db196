//! How much longer an apply takes because it keeps a journal: 1,000 independent creates of 100 ms,
//! 10 of them under way at a time, so 10 s if the journal cost nothing.
//!
//! On a folder below the system's temporary one, and on object storage in memory whose every
//! request takes 30 ms. Fails if the journal costs more than it may.

#![allow(clippy::unwrap_used, missing_docs)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_sim::cloud::{Cloud, Weather};
use greenroom_sim::lab::Lab;
use greenroom_store::ObjectStates;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::throttle::{ThrottleConfig, ThrottledStore};

const OPERATIONS: u32 = 1_000;
const TAKES: Duration = Duration::from_millis(100);
const AT_ONCE: u32 = 10;
const REQUEST: Duration = Duration::from_millis(30);

/// What the journal may cost, as a share of what the operations take.
const FOLDER: f64 = 0.02;
const OBJECTS: f64 = 0.15;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let in_folder = runtime.block_on(cost("folder", &lab(folder.path())));
    let mut on_objects = lab(folder.path());
    on_objects.workbench.store = Arc::new(slow_objects());
    let on_objects = runtime.block_on(cost("object storage, 30 ms a request", &on_objects));
    if in_folder < FOLDER && on_objects < OBJECTS { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn lab(folder: &std::path::Path) -> Lab {
    let weather = Weather { latency: (TAKES, TAKES), start: Duration::ZERO, ..Weather::default() };
    let mut lab = Lab::in_folder(Cloud::with_weather(weather), folder);
    lab.workbench.parallelism = AT_ONCE as usize;
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

/// The time of the journal as a share of the operations' own.
async fn cost(store: &str, lab: &Lab) -> f64 {
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
    let least = TAKES * OPERATIONS / AT_ONCE;
    let cost = took.as_secs_f64() / least.as_secs_f64() - 1.0;
    println!("{store}: {took:.2?} for {least:.2?} of operations, {:.2} %", cost * 100.0);
    cost
}
