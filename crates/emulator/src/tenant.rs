//! What the proxy knows of one account.

use std::sync::{Mutex, PoisonError};

use crate::buckets::Buckets;
use crate::consistency::Consistency;
use crate::dependencies::Dependencies;
use crate::faults::Faults;
use crate::machines::Machines;
use crate::names::Names;
use crate::pace::Pace;
use crate::paging::Pages;
use crate::shape::Shape;
use crate::states::States;
use crate::targets::Targets;
use crate::tokens::Tokens;

/// What the proxy knows of one account.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    pace: Mutex<Pace>,
    pub(crate) faults: Faults,
    pub(crate) buckets: Buckets,
    pub(crate) tokens: Tokens,
    pub(crate) names: Names,
    pub(crate) consistency: Consistency,
    pub(crate) dependencies: Dependencies,
    pub(crate) states: States,
    pub(crate) targets: Targets,
    pub(crate) pages: Pages,
    pub(crate) shape: Shape,
    pub(crate) machines: Machines,
}

impl Tenant {
    pub(crate) fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }
}
