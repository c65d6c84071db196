//! How a stage promotes: `[stage.NAME.promotion]`.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::plan::AtLimit;

use crate::source::Located;

/// How a stage promotes.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// How the candidate shows itself beside the live one before it gets traffic.
    pub soak: Option<Soak>,
    /// The weights on the way, rising, ending at 100.
    pub steps: Vec<Step>,
    /// What comes after each weight, unless its step says something else.
    pub pause: Option<Pause>,
    /// The gates that must pass, by name.
    pub gates: Vec<Located<Arc<str>>>,
    /// How long the gates go on at 100 % before the drain.
    pub watch: Option<Located<Duration>>,
    /// When the old side counts as drained.
    pub drain: Drain,
    /// How long the old environment stays; left out, until it is retired.
    pub retain: Option<Located<Duration>>,
    /// The stages that an image set must have passed; left out, all with a template that this one
    /// needs.
    pub require: Option<Vec<Located<Arc<str>>>>,
    /// How old an attestation may be.
    pub max_age: Option<Located<Duration>>,
}

/// How a candidate shows itself before it gets traffic.
#[derive(Clone, Debug)]
pub struct Soak {
    /// For how long.
    pub time: Located<Duration>,
    /// How much of the live traffic it gets copies of, in percent.
    pub mirror: u8,
    /// How much of what could be copied must have been, in percent, for the soak to prove anything.
    pub coverage: u8,
}

/// One weight on the way.
#[derive(Clone, Debug)]
pub struct Step {
    /// The candidate's share of the traffic in percent: 1 to 100.
    pub weight: u8,
    /// What comes after it; `None` is what the promotion says.
    pub pause: Option<Pause>,
}

/// What comes between a weight and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// This long.
    For(Duration),
    /// As long as it takes until somebody approves.
    Approval,
}

/// When the old side counts as drained.
#[derive(Clone, Debug, Default)]
pub struct Drain {
    /// How long nothing new may have come to it.
    pub quiet: Option<Located<Duration>>,
    /// How long to wait for that.
    pub limit: Option<Located<Duration>>,
    /// What follows then.
    pub at_limit: AtLimit,
}
