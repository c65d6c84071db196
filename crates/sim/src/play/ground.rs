//! Where states live in a play: what a process has of it, and what a crash leaves.
//!
//! Another kind of store is another kind of ground.

use std::path::Path;
use std::sync::Arc;

use greenroom_store::{FolderStore, RescueFolder, Store};

use super::lineages::Lineages;
use crate::chance::Chance;
use crate::disk::{DiskWeather, Effect, EffectKind, Fault, FaultyDisk};
use crate::life::Life;
use crate::mishap::{Luck, Mishap};
use crate::script::{Crash, Script, Step};

/// A folder on a faulty disk.
pub(super) struct Ground {
    disk: FaultyDisk,
    /// Where outcomes are kept that the store refused. It never fails: names there are random.
    home: FaultyDisk,
    seed: u64,
    /// How many of the effects on the disk were asked for.
    reported: usize,
    told: Option<Vec<Mishap<EffectKind, Fault>>>,
    /// What went wrong before the last crash.
    before: Vec<Mishap<EffectKind, Fault>>,
}

const BAD_DISK: DiskWeather = DiskWeather { fails: 2, torn: 3, fills: 2 };

impl Ground {
    pub(super) fn new(script: &Script) -> Ground {
        let told = script.mishaps.as_ref().map(|it| it.effects.clone());
        let (disk, home) = (FaultyDisk::new(), FaultyDisk::new());
        Ground { disk, home, seed: script.seed, reported: 0, told, before: Vec::new() }
    }

    /// Loses what was said to be durable of the journal, if the power goes.
    pub(super) fn lie_about_the_journal(&self) {
        for name in ["journal", "journal.new"] {
            self.disk.lie_about(name);
        }
    }

    /// The store as a process has it.
    pub(super) fn store(&self, life: &Life, lineages: &Lineages) -> Arc<dyn Store> {
        let disk = Arc::new(self.disk.for_process(life.clone()));
        let store = FolderStore::on(disk, Path::new("/srv/state")).inline();
        let lineages = lineages.clone();
        Arc::new(store.with_lineages(move || lineages.next()))
    }

    /// Where a process keeps outcomes that its store refused.
    pub(super) fn rescue(&self, life: &Life) -> RescueFolder {
        RescueFolder::on(Arc::new(self.home.for_process(life.clone())), "/home/ann/rescue")
    }

    /// Begins a step.
    pub(super) fn begin(&self, step: &Step) {
        let luck = Luck::new(self.seed);
        let mut luck = match &self.told {
            Some(told) => luck.told(told.clone()),
            None => luck,
        };
        luck.begin(step.number);
        let weather = if step.bad_disk { BAD_DISK } else { DiskWeather::default() };
        self.disk.set_weather(weather, luck);
    }

    /// Lets nothing go wrong.
    pub(super) fn be_quiet(&self) {
        self.disk.set_weather(DiskWeather::default(), Luck::new(0));
    }

    /// What went wrong since this was last asked.
    pub(super) fn take_mishaps(&mut self) -> Vec<Mishap<EffectKind, Fault>> {
        let mut mishaps = std::mem::take(&mut self.before);
        mishaps.extend(self.disk.take_mishaps());
        mishaps
    }

    /// What happened since this was last asked, or since the last crash.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        let effects = self.disk.effects();
        let reported = std::mem::replace(&mut self.reported, effects.len());
        effects[reported..].to_vec()
    }

    /// The machine stopped, and starts again.
    pub(super) fn crash(&mut self, crash: &Crash) {
        self.reported = 0;
        self.before = self.take_mishaps();
        self.disk = restarted(&self.disk, crash.power);
        self.home = restarted(&self.home, crash.power);
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
