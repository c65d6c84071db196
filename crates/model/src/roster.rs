//! The roster: which environments of a promoted stage there are, and what each is for.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::Scope;
use crate::gate::Verdict;
use crate::identity::Digest;
use crate::plan::PhaseName;

/// Per promoted stage: its environments. Only marks change it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roster {
    /// The environments by name.
    pub entries: BTreeMap<Scope, Entry>,
    /// The promotion that is open.
    pub promotion: Option<Promotion>,
    /// How many environments the stage has had: names are never used again.
    pub count: u32,
}

/// One environment of a promoted stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is now; roles move, environments are never renamed or reused.
    pub role: Role,
    /// The weight it is meant to have.
    pub weight: Weight,
    /// The weight the front was last seen to give it.
    pub verified: Weight,
    /// Whether the front is to know of it: with a weight, or with weight 0 so that its health shows.
    pub admitted: bool,
    /// When it may be retired: seconds since the epoch.
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

impl Role {
    /// The word for it, in specs and everywhere else.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Candidate => "candidate",
            Role::Live => "live",
            Role::Retained => "retained",
            Role::Failed => "failed",
        }
    }
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

    /// What is left for others.
    #[must_use]
    pub fn rest(self) -> Weight {
        Weight(100 - self.0)
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

/// A promotion on its way, or a rollback to an environment that is retained.
#[derive(Clone, Debug, PartialEq)]
pub struct Promotion {
    /// The environment that is to take the traffic.
    pub candidate: Scope,
    /// The plan that is executed.
    pub plan: Digest,
    /// The phase that it is in.
    pub phase: PhaseName,
    /// When that phase started, or was last seen to hold: seconds since the epoch. Waits count
    /// from here.
    pub phase_started: i64,
}

/// A journalled decision, durable before the front operations of its phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The phase that starts, or that has come to hold.
    pub phase: PhaseName,
    /// When: seconds since the epoch; 0 if that was not noted.
    pub at: i64,
    /// What it rests on, if it is not what was planned to follow.
    pub verdict: Option<Verdict>,
    /// How the promotion ended, if this ends it.
    pub ending: Option<Ending>,
    /// The roster from here on.
    pub roster: Roster,
}

/// How a promotion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The candidate has the traffic.
    Promoted,
    /// The traffic is where it was before.
    RolledBack,
}

/// A change of the roster as a plan has it; [`Decision`] is what becomes of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mark {
    /// What becomes of environments; `None` forgets one. Those that are not named stay as they are.
    pub entries: BTreeMap<Scope, Option<Placing>>,
    /// Whether the front was seen to give every environment the weight it is meant to have.
    pub verified: bool,
    /// What becomes of the promotion.
    pub course: Course,
}

/// What a mark makes of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placing {
    /// Its role.
    pub role: Role,
    /// The weight it is meant to have.
    pub weight: Weight,
    /// Whether the front is to know of it.
    pub admitted: bool,
    /// How long it is to be kept from now on; `None` is without an end.
    pub retain: Option<Duration>,
}

/// What a mark makes of the promotion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Course {
    /// There is none, before and after.
    #[default]
    Unconcerned,
    /// It opens.
    Opens {
        /// The environment that is to take the traffic.
        candidate: Scope,
    },
    /// It goes on.
    GoesOn,
    /// It is over.
    Closes(Ending),
}

impl Roster {
    /// The environment that has the traffic, or had it when a promotion began.
    #[must_use]
    pub fn live(&self) -> Option<&Scope> {
        self.entries.iter().find(|(_, it)| it.role == Role::Live).map(|(scope, _)| scope)
    }

    /// Whether the front was seen to be as it is meant to be.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.entries.values().all(|it| it.weight == it.verified)
    }
}
