//! States in a folder on a faulty disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use greenroom_store::{FolderStore, RescueFolder, Store};

use super::{Ground, Home, restarted};
use crate::disk::{DiskWeather, EffectKind, Fault, FaultyDisk};
use crate::life::Life;
use crate::mishap::{Luck, Mishap};
use crate::play::lineages::Lineages;
use crate::play::{Flaw, Played};
use crate::script::{Crash, Script, Step};
use crate::tally::{Operation, Trouble};

pub(super) struct Folder {
    disk: FaultyDisk,
    home: Home,
    seed: u64,
    /// How many of the effects on the disk were asked for.
    reported: usize,
    told: Option<Vec<Mishap<EffectKind, Fault>>>,
    /// What went wrong before the last crash.
    before: Vec<Mishap<EffectKind, Fault>>,
}

const BAD_DISK: DiskWeather = DiskWeather { fails: 2, torn: 3, fills: 2 };

impl Folder {
    pub(super) fn new(script: &Script, flaw: Option<Flaw>) -> Folder {
        let told = script.mishaps.as_ref().map(|it| it.effects.clone());
        let disk = FaultyDisk::new();
        if flaw == Some(Flaw::IntentNotSynced) {
            for name in ["journal", "journal.new"] {
                disk.lie_about(name);
            }
        }
        let (home, seed) = (Home::default(), script.seed);
        Folder { disk, home, seed, reported: 0, told, before: Vec::new() }
    }
}

impl Ground for Folder {
    fn store(&self, life: &Life, lineages: &Lineages) -> Arc<dyn Store> {
        let disk = Arc::new(self.disk.for_process(life.clone()));
        let store = FolderStore::on(disk, Path::new("/srv/state")).inline();
        let lineages = lineages.clone();
        Arc::new(store.with_lineages(move || lineages.next()))
    }

    fn truth(&self, lineages: &Lineages) -> Arc<dyn Store> {
        self.store(&Life::new(), lineages)
    }

    fn rescue(&self, life: &Life) -> RescueFolder {
        self.home.rescue(life)
    }

    fn begin(&self, step: &Step) {
        let luck = Luck::new(self.seed);
        let mut luck = match &self.told {
            Some(told) => luck.told(told.clone()),
            None => luck,
        };
        luck.begin(step.number);
        let weather = if step.bad_disk { BAD_DISK } else { DiskWeather::default() };
        self.disk.set_weather(weather, luck);
    }

    fn be_quiet(&self) -> Duration {
        self.disk.set_weather(DiskWeather::default(), Luck::new(0));
        Duration::ZERO
    }

    fn report(&mut self, played: &mut Played) {
        let mut mishaps = std::mem::take(&mut self.before);
        mishaps.extend(self.disk.take_mishaps());
        for mishap in mishaps {
            let trouble = match mishap.fault {
                Fault::Error(_) => Trouble::DiskFails,
                Fault::ShortWrite(..) => Trouble::TornWrite,
                Fault::Full => Trouble::DiskFull,
            };
            played.tally.hit(trouble, Operation::Disk(mishap.place.kind));
            played.mishaps.effects.push(mishap);
        }
    }

    fn take_effects(&mut self) -> Vec<String> {
        let effects = self.disk.effects();
        let reported = std::mem::replace(&mut self.reported, effects.len());
        let line = |it: &crate::disk::Effect| format!("  {:?} {}", it.kind, it.path.display());
        effects[reported..].iter().map(line).collect()
    }

    fn crash(&mut self, crash: &Crash) {
        self.reported = 0;
        self.before.extend(self.disk.take_mishaps());
        self.disk = restarted(&self.disk, crash.power);
        self.home.crash(crash);
    }
}
