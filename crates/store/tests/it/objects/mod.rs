//! The store on simulated object storage, in simulated time.

mod crashes;
mod damage;
mod faults;
mod golden;
mod ledger;
mod readers;
mod sharing;
mod takeover;
mod weather;
mod zombies;

use std::sync::Arc;
use std::time::Duration;

use greenroom_sim::objects::{Client, Storage, TokioClock};
use greenroom_store::ObjectStates;
use object_store::path::Path;

/// How long a lease counts in these tests.
pub(crate) const TTL: Duration = Duration::from_secs(30);

/// A process that keeps its states on object storage.
pub(crate) struct Process {
    pub(crate) client: Client,
    pub(crate) states: ObjectStates,
}

pub(crate) fn process(storage: &Storage) -> Process {
    let client = storage.client();
    let states = ObjectStates::new(Arc::new(client.clone()), Path::from("team"), "s3://states")
        .with_ttl(TTL)
        .with_clock(Arc::new(TokioClock::new()));
    Process { client, states }
}

/// Runs a test in simulated time.
pub(crate) fn simulate<F: Future>(test: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.start_paused(true).enable_time();
    runtime.build().unwrap().block_on(test)
}
