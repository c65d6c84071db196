//! History: what became of a promoted stage, promotion by promotion.

use std::sync::Arc;

use crate::address::Scope;
use crate::gate::Verdict;
use crate::identity::Digest;
use crate::plan::PhaseName;
use crate::roster::{Ending, Weight};

/// As many chapters as a state keeps; the oldest go first.
pub const LONGEST: usize = 100;

/// One promotion, or one rollback to an environment that was retained.
#[derive(Clone, Debug, PartialEq)]
pub struct Chapter {
    /// The environment that was to take the traffic.
    pub candidate: Scope,
    /// The environment that had it.
    pub replaces: Option<Scope>,
    /// The image set of the candidate.
    pub image_set: Option<Digest>,
    /// The plan.
    pub plan: Digest,
    /// Who began it, for people.
    pub by: Arc<str>,
    /// How it ended; `None` while it is open.
    pub ending: Option<Ending>,
    /// What happened, in order.
    pub pages: Vec<Page>,
}

/// Something that happened in a promotion.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// When: seconds since the epoch.
    pub at: i64,
    /// In which phase.
    pub phase: PhaseName,
    /// What.
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The candidate was to have this weight from here on.
    Meant(Weight),
    /// The front was seen to give it this weight.
    Verified(Weight),
    /// A gate, or a person who asked for something, said this.
    Said(Verdict),
}
