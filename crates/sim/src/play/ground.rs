//! Where states live in a play: what a process has of it, and what a crash leaves.

mod bucket;
mod folder;

use std::sync::Arc;
use std::time::Duration;

use greenroom_store::{RescueFolder, Store};

use super::Played;
use super::flaw::Flaw;
use super::lineages::Lineages;
use crate::chance::Chance;
use crate::disk::FaultyDisk;
use crate::life::Life;
use crate::script::{Crash, Script, States, Step};

/// Where states live.
pub(crate) trait Ground {
    /// The store as a process has it.
    fn store(&self, life: &Life, lineages: &Lineages) -> Arc<dyn Store>;

    /// The store as it is, for who looks on.
    fn truth(&self, lineages: &Lineages) -> Arc<dyn Store>;

    /// Where a process keeps outcomes that its store refused.
    fn rescue(&self, life: &Life) -> RescueFolder;

    /// Begins a step.
    fn begin(&self, step: &Step);

    /// Lets nothing go wrong; how long what is under way may still take.
    fn be_quiet(&self) -> Duration;

    /// Reports what went wrong since this was last asked.
    fn report(&mut self, played: &mut Played);

    /// What happened since this was last asked, or since the last crash.
    fn take_effects(&mut self) -> Vec<String>;

    /// The machine stopped, and starts again.
    fn crash(&mut self, crash: &Crash);
}

/// The ground of a script, with one of the safeguards gone or with none.
pub(crate) fn of(script: &Script, flaw: Option<Flaw>) -> Box<dyn Ground> {
    match script.states {
        States::Folder => Box::new(folder::Folder::new(script, flaw)),
        States::Bucket => Box::new(bucket::Bucket::new(script, flaw)),
    }
}

/// Where outcomes are kept that a store refused. Its disk never fails: names there are random.
#[derive(Default)]
struct Home(FaultyDisk);

impl Home {
    fn rescue(&self, life: &Life) -> RescueFolder {
        RescueFolder::on(Arc::new(self.0.for_process(life.clone())), "/home/ann/rescue")
    }

    fn crash(&mut self, crash: &Crash) {
        self.0 = restarted(&self.0, crash.power);
    }
}

/// A disk after its machine stopped; if the power went, in one of the worlds that this may leave.
fn restarted(disk: &FaultyDisk, power: Option<u32>) -> FaultyDisk {
    let Some(world) = power else { return disk.after_kill() };
    let worlds = disk.power_cuts();
    let mut chance = Chance::new(u64::from(world));
    disk.after_power_cut(match chance.below(8) {
        0 => 0,
        1 => worlds - 1,
        _ => usize::try_from(chance.below(worlds as u64)).unwrap_or(0),
    })
}
