//! Gates: checks with a verdict.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a gate asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate<Text> {
    /// The probe.
    pub probe: Probe<Text>,
    /// How often and how long to ask.
    pub pace: Pace,
}

impl<Text> Gate<Text> {
    /// The same gate with each text put through `change`, in the order written.
    pub fn map<'a, Other>(&'a self, mut change: impl FnMut(&'a Text) -> Other) -> Gate<Other> {
        let probe = match &self.probe {
            Probe::Http { url, status, body } => Probe::Http {
                url: change(url),
                status: *status,
                body: body.as_ref().map(&mut change),
            },
            Probe::Tcp { endpoint } => Probe::Tcp { endpoint: change(endpoint) },
            Probe::Command { argv } => Probe::Command { argv: argv.iter().map(change).collect() },
        };
        Gate { probe, pace: self.pace }
    }
}

/// One question to the running environment; `Text` is an expression before apply, a string then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe<Text> {
    /// An HTTP GET.
    Http {
        /// The address to ask.
        url: Text,
        /// The status that passes.
        status: u16,
        /// Text that the body must contain.
        body: Option<Text>,
    },
    /// A TCP connection.
    Tcp {
        /// `host:port`.
        endpoint: Text,
    },
    /// A program: exit status 0 passes, 75 (EX_TEMPFAIL) is inconclusive, others fail.
    Command {
        /// The program and its arguments.
        argv: Vec<Text>,
    },
}

/// How often and how long a gate asks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
