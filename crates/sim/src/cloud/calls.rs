//! What was called.

use std::fmt;
use std::sync::Arc;

use greenroom_model::address::Address;
use serde::{Deserialize, Serialize};

/// One call, or one object of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What was asked.
    pub kind: CallKind,
    /// About what.
    pub address: Address,
    /// The object's id, if it has one.
    pub id: Option<Arc<str>>,
}

/// The kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// Look at an object.
    Read,
    /// Ask a data source.
    ReadData,
    /// Look an object up by its uid.
    Find,
    /// Make an object.
    Create,
    /// Take an object over.
    Import,
    /// Wait until it is ready.
    Ready,
    /// Change it.
    Update,
    /// Delete it.
    Delete,
    /// Wait until it is gone.
    Gone,
    /// Wait until what it says holds.
    Verify,
    /// Ask what went through it.
    Traffic,
    /// Ask whether it serves.
    Health,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind, self.address)
    }
}
