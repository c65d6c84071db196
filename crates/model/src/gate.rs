//! Gates: checks with a verdict.

mod details;
mod probe;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use details::Detail;
pub use probe::{Bounds, Cloudwatch, Measure, MinHealthy, Probe, Prometheus, TrafficProbe};

/// What a gate asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate<Text> {
    /// The probe.
    pub probe: Probe<Text>,
    /// How often and how long to ask.
    pub pace: Pace,
    /// What a promotion does if it stays inconclusive.
    pub on_inconclusive: OnInconclusive,
}

impl<Text> Gate<Text> {
    /// The same gate with each text put through `change`, in the order written.
    pub fn map<'a, Other>(&'a self, mut change: impl FnMut(&'a Text) -> Other) -> Gate<Other> {
        Gate {
            probe: self.probe.map(&mut change),
            pace: self.pace,
            on_inconclusive: self.on_inconclusive,
        }
    }
}

/// What a promotion does if a gate is still inconclusive at its deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnInconclusive {
    /// It keeps everything as it is, and asks.
    #[default]
    Halt,
    /// It takes it for a failure.
    Fail,
}

/// A command that is run when an environment gets all traffic, or has lost it: it starts and stops
/// what must run on one side only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// The environment has all traffic.
    Promoted,
    /// Another one has it.
    Demoted,
}

impl Hook {
    /// All of them.
    pub const ALL: [Hook; 2] = [Hook::Promoted, Hook::Demoted];

    /// Its name in specs and plans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Hook::Promoted => "promoted",
            Hook::Demoted => "demoted",
        }
    }
}

/// How often and how long a gate asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Before the first look.
    pub initial_delay: Duration,
    /// From one look to the next.
    pub interval: Duration,
    /// How long one look may take.
    pub timeout: Duration,
    /// Consecutive successes that pass.
    pub successes: u32,
    /// Failures that are allowed before the gate fails.
    pub failure_limit: u32,
    /// When to give up altogether.
    pub deadline: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            initial_delay: Duration::ZERO,
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            successes: 1,
            failure_limit: 10,
            deadline: Duration::from_secs(120),
        }
    }
}

/// What a gate says, with what it saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The gate's name.
    pub gate: String,
    /// Pass, fail, inconclusive, error.
    pub result: GateResult,
    /// What was seen, in a sentence.
    pub evidence: String,
}

/// The four answers of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateResult {
    /// What was asked for is so.
    Pass,
    /// It is not so.
    Fail,
    /// Nothing can be said, for want of data.
    Inconclusive,
    /// The check itself broke.
    Error,
}
