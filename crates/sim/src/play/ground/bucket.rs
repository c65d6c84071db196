//! States on object storage that fails. What took effect there stays, whatever stops.

use std::sync::Arc;
use std::time::Duration;

use greenroom_store::{ObjectStates, RescueFolder, Store};
use object_store::path::Path;

use super::{Ground, Home};
use crate::life::Life;
use crate::mishap::Luck;
use crate::objects::{Client, LONGEST_FLIGHT, Storage, TokioClock, Weather};
use crate::play::lineages::Lineages;
use crate::play::{Flaw, Played};
use crate::script::{Crash, Script, Step};
use crate::tally::Operation;

pub(super) struct Bucket {
    /// The way there on which nothing goes wrong.
    client: Client,
    weather: Weather,
    clock: Arc<TokioClock>,
    home: Home,
}

/// How many of a hundred requests go wrong on a bad day.
const BAD: u8 = 15;

impl Bucket {
    pub(super) fn new(script: &Script, flaw: Option<Flaw>) -> Bucket {
        let luck = Luck::new(script.seed);
        let luck = match &script.mishaps {
            Some(mishaps) => luck.told(mishaps.requests.clone()),
            None => luck,
        };
        let mut storage = Storage::new();
        if flaw == Some(Flaw::NoFencing) {
            storage.heed_no_conditions();
        }
        Bucket {
            client: storage.client(),
            weather: Weather::new(0, luck),
            clock: Arc::default(),
            home: Home::default(),
        }
    }

    fn states(&self, client: Client, lineages: &Lineages) -> Arc<dyn Store> {
        let states = ObjectStates::new(Arc::new(client), Path::from("team"), "s3://states");
        let lineages = lineages.clone();
        let states = states.with_lineages(move || lineages.next());
        Arc::new(states.with_clock(self.clock.clone()))
    }
}

impl Ground for Bucket {
    fn store(&self, life: &Life, lineages: &Lineages) -> Arc<dyn Store> {
        let client = self.client.for_process(life.clone(), self.weather.clone());
        self.states(client, lineages)
    }

    fn truth(&self, lineages: &Lineages) -> Arc<dyn Store> {
        self.states(self.client.clone(), lineages)
    }

    fn rescue(&self, life: &Life) -> RescueFolder {
        self.home.rescue(life)
    }

    fn begin(&self, step: &Step) {
        self.weather.begin(step.number, if step.bad_disk { BAD } else { 0 });
    }

    fn be_quiet(&self) -> Duration {
        self.weather.calm();
        LONGEST_FLIGHT
    }

    fn report(&mut self, played: &mut Played) {
        for (trouble, kind) in self.weather.take_hits() {
            played.tally.hit(trouble, Operation::Request(kind));
        }
        played.mishaps.requests.extend(self.weather.take_mishaps());
    }

    fn take_effects(&mut self) -> Vec<String> {
        let requests = self.weather.take_requests();
        requests.iter().map(|it| format!("  {:?} {}", it.kind, it.key)).collect()
    }

    fn crash(&mut self, crash: &Crash) {
        self.home.crash(crash);
    }
}
