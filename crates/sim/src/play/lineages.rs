//! The lineages of a play: every one that a state was ever given.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_store::Lineage;

/// Gives lineages. Clones give each one once.
#[derive(Clone, Default)]
pub(crate) struct Lineages(Arc<AtomicU64>);

/// What they start with; those of others do not.
const OURS: &str = "0123456789abcdef";

impl Lineages {
    pub(super) fn next(&self) -> Lineage {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Lineage(format!("{OURS}{number:016x}"))
    }
}

/// Whether a lineage is one of a play's states.
pub(super) fn is_ours(lineage: &str) -> bool {
    lineage.starts_with(OURS)
}

/// Somebody else's.
pub(super) const OTHERS: &str = "ffffffffffffffffffffffffffffffff";
