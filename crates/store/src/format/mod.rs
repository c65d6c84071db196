//! The bytes of snapshot and journal: pure functions, no files.

pub(crate) mod first_line;
pub(crate) mod journal;
pub(crate) mod ledger;
#[cfg(feature = "object-store")]
pub(crate) mod object;
pub(crate) mod snapshot;
