//! A pipeline: the stages as the graph that `needs` makes, run side by side where they may.

mod folder;
mod schedule;
mod sources;

use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;

pub use folder::{Folder, FolderError};
pub use schedule::{Schedule, Selection, jobs};
pub use sources::{inputs, sources};

use crate::record::{Pipeline, Run};
use crate::run::Stop;

/// Who runs a pipeline's jobs, and is told what becomes of them.
pub trait Runner {
    /// Runs a job to its end. `at` is its place among the record's jobs.
    fn run<'a>(&'a self, schedule: &mut Schedule, at: usize) -> LocalBoxFuture<'a, Run>;

    /// The record is another now.
    fn changed(&self, record: &Pipeline);
}

/// Runs what is left of a schedule, at most `limit` jobs at a time. A cancellation starts nothing
/// more; jobs under way see it by themselves.
pub async fn drive(
    mut schedule: Schedule,
    limit: usize,
    stop: &Stop,
    runner: &impl Runner,
) -> Pipeline {
    let mut running = FuturesUnordered::new();
    loop {
        for at in schedule.start(limit) {
            let run = runner.run(&mut schedule, at);
            running.push(async move { (at, run.await) });
        }
        runner.changed(schedule.record());
        if running.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            () = stop.work.cancelled(), if !schedule.is_cancelled() => schedule.cancel(),
            Some((at, run)) = running.next() => schedule.ended(at, run),
        }
    }
    schedule.finish(Timestamp::now());
    runner.changed(schedule.record());
    schedule.record().clone()
}
