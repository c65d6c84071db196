//! Decisions: what is to happen to an instance.

use greenroom_model::identity::{Incarnation, Uid};
use greenroom_model::plan::{ReplaceOrder, ReplaceReason};
use greenroom_model::value::{Path, Value};

use crate::diff::Difference;

/// What is to happen to an instance, and what it will be then.
#[derive(Clone, Debug)]
pub(super) enum Decision {
    /// It is as it should be.
    Keep,
    /// It is as it should be, but nobody has seen it ready.
    Complete,
    /// It is made; the address has no object.
    Create(New),
    /// It changes in place.
    Update {
        planned: Value,
        /// What is to change.
        changed: Vec<Path>,
    },
    /// A new object takes its place.
    Replace { new: New, reason: ReplaceReason, order: ReplaceOrder },
    /// A data source was answered.
    Answered,
    /// A data source is asked at apply.
    Read,
    /// Its mistakes are reported; it takes no part.
    Wrong,
}

/// An object to make.
#[derive(Clone, Debug)]
pub(super) struct New {
    pub(super) uid: Uid,
    pub(super) incarnation: Incarnation,
    pub(super) planned: Value,
}

impl Decision {
    /// Whether anything about the object changes.
    pub(super) fn is_change(&self) -> bool {
        matches!(self, Decision::Create(_) | Decision::Update { .. } | Decision::Replace { .. })
    }

    /// Whether it takes no operation: nearly always, and there may be very many.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Decision::Keep | Decision::Answered | Decision::Wrong)
    }

    /// What is known to change, `None` for everything.
    pub(super) fn changed(&self) -> Option<&[Path]> {
        match self {
            Decision::Update { changed, .. } => Some(changed),
            Decision::Create(_) | Decision::Replace { .. } => None,
            _ => Some(&[]),
        }
    }
}

/// Why a difference takes a new object, if it does: of what differs, or may differ, or what the
/// provider adds, only what `is_asked_for`.
pub(super) fn replacement(
    found: &Difference,
    further: &[Path],
    is_asked_for: impl Fn(&Path) -> bool,
) -> Option<ReplaceReason> {
    let asked_for = |paths: &[Path]| -> Vec<Path> {
        paths.iter().filter(|path| is_asked_for(path)).cloned().collect()
    };
    let mut certain = asked_for(&found.replace);
    let further = asked_for(further).into_iter().filter(|path| !found.replace.contains(path));
    certain.extend(further);
    if !certain.is_empty() {
        return Some(ReplaceReason::Attributes(certain));
    }
    let pending = asked_for(&found.may_replace);
    (!pending.is_empty()).then_some(ReplaceReason::Pending(pending))
}
