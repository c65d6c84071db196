//! Campaigns: the plays of many seeds, and what they came to.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::play::{Figures, Flaw, Violation, play};
use crate::script::Script;
use crate::tally::Tally;

/// What to play.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The first seed.
    pub from: u64,
    /// How many seeds.
    pub seeds: u64,
    /// How many at once.
    pub jobs: usize,
    /// A safeguard that is gone.
    pub flaw: Option<Flaw>,
    /// Whether to stop at the first seed that fails.
    pub only_first: bool,
}

/// What a campaign came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many seeds were played.
    pub seeds: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// How much there was of everything, in all.
    pub figures: Figures,
    /// What went wrong with what.
    pub tally: Tally,
    /// The seeds that failed, in order.
    pub failing: Vec<(u64, Violation)>,
}

impl Campaign {
    /// Plays.
    #[must_use]
    pub fn run(&self) -> Report {
        let started = Instant::now();
        let report = Mutex::new(Report::default());
        let Campaign { from, seeds, jobs, only_first, .. } = *self;
        each_seed(from, seeds, jobs, |seed| self.play(seed, &report) && only_first);
        let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
        report.failing.sort_by_key(|(seed, _)| *seed);
        report.elapsed = started.elapsed();
        report
    }

    /// Plays a seed; whether it failed.
    fn play(&self, seed: u64, report: &Mutex<Report>) -> bool {
        let played = play(&Script::of(seed), self.flaw);
        let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
        report.seeds += 1;
        report.tally.add(&played.tally);
        report.figures.add(&played.figures);
        let failed = played.violation.is_some();
        report.failing.extend(played.violation.map(|it| (seed, it)));
        failed
    }
}

/// Plays seeds, some at once, until one says that it is enough.
pub(crate) fn each_seed(from: u64, seeds: u64, jobs: usize, play: impl Fn(u64) -> bool + Sync) {
    let (next, over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= seeds {
                        return;
                    }
                    over.fetch_or(play(from + nth), Ordering::Relaxed);
                }
            });
        }
    });
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { seeds, elapsed, figures, tally, failing } = self;
        let each = |count: u64| count as f64 / (*seeds).max(1) as f64;
        writeln!(f, "{tally}")?;
        writeln!(
            f,
            "a seed has {:.1} operations, {:.1} commands, {:.1} crashes",
            each(figures.operations),
            each(figures.commands),
            each(figures.crashes),
        )?;
        let Figures { frozen, passed_over, .. } = figures;
        writeln!(f, "{frozen} machines stood still, {passed_over} processes were passed over")?;
        let rate = *seeds as f64 / elapsed.as_secs_f64();
        write!(f, "{seeds} seeds in {elapsed:.1?}, {rate:.0} a second; {} failed", failing.len())
    }
}
