//! Seasons: the histories of many seeds, and what they came to.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Counts, Flaw, History, play};
use crate::campaign::each_seed;
use crate::play::Violation;

/// Which histories to play.
#[derive(Clone, Copy, Debug)]
pub struct Season {
    /// The first seed.
    pub from: u64,
    /// How many seeds.
    pub seeds: u64,
    /// How many at once.
    pub jobs: usize,
    /// How plans are made wrong.
    pub flaw: Option<Flaw>,
    /// Whether to stop at the first seed that fails.
    pub only_first: bool,
}

/// What a season came to.
#[derive(Clone, Debug, Default)]
pub struct Tidings {
    /// How many seeds were played.
    pub seeds: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// How much there was of everything, in all.
    pub counts: Counts,
    /// The seeds that failed, in order.
    pub failing: Vec<(u64, Violation)>,
}

impl Season {
    /// Plays.
    #[must_use]
    pub fn run(&self) -> Tidings {
        let started = Instant::now();
        let Season { from, seeds, jobs, flaw, only_first } = *self;
        let tidings = Mutex::new(Tidings::default());
        each_seed(from, seeds, jobs, |seed| {
            let told = play(&History::of(seed), flaw);
            let mut tidings = tidings.lock().unwrap_or_else(PoisonError::into_inner);
            tidings.seeds += 1;
            tidings.counts.add(&told.counts);
            let failed = told.violation.is_some();
            tidings.failing.extend(told.violation.map(|it| (seed, it)));
            failed && only_first
        });
        let mut tidings = tidings.into_inner().unwrap_or_else(PoisonError::into_inner);
        tidings.failing.sort_by_key(|(seed, _)| *seed);
        tidings.elapsed = started.elapsed();
        tidings
    }
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.commands += other.commands;
        self.completed += other.completed;
        self.rolled_back += other.rolled_back;
        self.halted += other.halted;
        self.refused += other.refused;
        self.asked += other.asked;
        self.died += other.died;
        self.shifts += other.shifts;
        self.disturbances += other.disturbances;
    }
}

impl fmt::Display for Tidings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tidings { seeds, elapsed, counts, failing } = self;
        writeln!(f, "{counts:?}")?;
        let rate = *seeds as f64 / elapsed.as_secs_f64();
        write!(f, "{seeds} seeds in {elapsed:.1?}, {rate:.0} a second; {} failed", failing.len())
    }
}
