//! Mishaps: what goes wrong, and where.
//!
//! Whether something goes wrong at a place depends on the seed and on that place alone. So a run
//! can be repeated with some of its mishaps left out, and the others stay what they are.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// Where something can go wrong: the `nth` time, from 1, that in a step something of a kind is
/// done to something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place<K> {
    /// The step.
    pub step: u32,
    /// What is done.
    pub kind: K,
    /// To what: an address, or a path.
    pub about: String,
    /// Which time.
    pub nth: u32,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mishap<K, F> {
    /// Where.
    #[serde(flatten)]
    pub place: Place<K>,
    /// What.
    pub fault: F,
}

/// Decides what goes wrong.
#[derive(Clone, Debug)]
pub struct Luck<K, F> {
    /// Decides what is left to chance.
    pub seed: u64,
    step: u32,
    visits: BTreeMap<(K, String), u32>,
    /// All that goes wrong, where nothing is left to chance.
    told: Option<BTreeMap<Place<K>, F>>,
    met: Vec<Mishap<K, F>>,
}

impl<K: Copy + Ord + Debug, F: Copy> Luck<K, F> {
    /// The luck of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Luck<K, F> {
        Luck { seed, step: 0, visits: BTreeMap::new(), told: None, met: Vec::new() }
    }

    /// Lets these things go wrong, and nothing else.
    #[must_use]
    pub fn told(self, mishaps: impl IntoIterator<Item = Mishap<K, F>>) -> Luck<K, F> {
        let told = mishaps.into_iter().map(|it| (it.place, it.fault)).collect();
        Luck { told: Some(told), ..self }
    }

    /// Begins a step.
    pub fn begin(&mut self, step: u32) {
        self.step = step;
        self.visits.clear();
    }

    /// Comes to a place.
    pub fn visit(&mut self, kind: K, about: String) -> Place<K> {
        let visits = self.visits.entry((kind, about.clone())).or_insert(0);
        *visits += 1;
        Place { step: self.step, kind, about, nth: *visits }
    }

    /// What goes wrong at a place.
    pub fn decide(
        &mut self,
        place: &Place<K>,
        by_chance: impl FnOnce(&mut Chance) -> Option<F>,
    ) -> Option<F> {
        let fault = match &self.told {
            Some(told) => told.get(place).copied(),
            None => by_chance(&mut self.chance(place, "fault")),
        };
        self.met.extend(fault.map(|fault| Mishap { place: place.clone(), fault }));
        fault
    }

    /// The chance of a place, for one `purpose`.
    #[must_use]
    pub fn chance(&self, place: &Place<K>, purpose: &str) -> Chance {
        let Place { step, kind, about, nth } = place;
        Chance::at(self.seed, &format!("{purpose} {step} {kind:?} {about} {nth}"))
    }

    /// What went wrong since this was last asked.
    pub fn take_met(&mut self) -> Vec<Mishap<K, F>> {
        std::mem::take(&mut self.met)
    }
}
