//! The roster: which environments of a promoted stage there are, and what each is for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Scope;
use crate::gate::Verdict;
use crate::identity::Digest;
use crate::plan::PhaseName;

/// Per promoted stage: its environments. Only `mark` operations change it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Roster {
    /// The environments by name.
    pub entries: BTreeMap<Scope, Entry>,
    /// The promotion that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
}

/// One environment of a promoted stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is now; roles move, environments are never renamed or reused.
    pub role: Role,
    /// The weight it is meant to have.
    pub weight: Weight,
    /// The weight the front was last seen to give it.
    pub verified: Weight,
    /// When it may be retired: seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retained_until: Option<i64>,
}

/// What an environment of a promoted stage is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// On its way to take the traffic.
    Candidate,
    /// Has the traffic.
    Live,
    /// Had the traffic; kept untouched for rollback.
    Retained,
    /// Did not pass; at weight 0 until retired.
    Failed,
}

/// A share of traffic in percent: 0 to 100.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub struct Weight(u8);

impl Weight {
    /// No traffic.
    pub const ZERO: Weight = Weight(0);
    /// All traffic.
    pub const FULL: Weight = Weight(100);

    /// `percent` as a weight; `None` above 100.
    #[must_use]
    pub fn new(percent: u8) -> Option<Weight> {
        (percent <= 100).then_some(Weight(percent))
    }

    /// The share in percent.
    #[must_use]
    pub fn percent(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Weight {
    type Error = String;

    fn try_from(percent: u8) -> Result<Weight, String> {
        Weight::new(percent).ok_or_else(|| format!("a weight of {percent} is above 100"))
    }
}

impl From<Weight> for u8 {
    fn from(weight: Weight) -> u8 {
        weight.0
    }
}

/// A promotion on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// The environment that is to take the traffic.
    pub candidate: Scope,
    /// The plan that is executed.
    pub plan: Digest,
    /// The phase that it is in.
    pub phase: PhaseName,
    /// When that phase started: seconds since the epoch.
    pub phase_started: i64,
}

/// A journalled decision, durable before the front operations of its phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The phase that starts.
    pub phase: PhaseName,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The roster from here on.
    pub roster: Roster,
}
