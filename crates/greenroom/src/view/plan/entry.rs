//! What happens at an address: one operation, or the two halves of a replacement.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_engine::diff::instance_reference;
use greenroom_model::address::Address;
use greenroom_model::identity::Uid;
use greenroom_model::plan::{
    Action, Change, Removal, RemovalReason, ReplaceOrder, ReplaceReason, Replacement,
};
use greenroom_model::value::{Path, Value};

use super::attributes::{AttributeChange, Forces, differences};

/// What happens at one address.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) address: Address,
    pub(crate) action: EntryAction,
    /// The provider's name of the object that goes away, if one does.
    pub(crate) id: Option<String>,
    /// Why, where the attributes do not say it.
    pub(crate) why: Vec<String>,
    /// All attributes before and after; compared only where they are shown.
    before: Option<Value>,
    after: Option<Value>,
    /// Why its object is made anew.
    reason: Option<ReplaceReason>,
}

/// The kinds of what happens, those first that take something away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryAction {
    Replace(ReplaceOrder),
    Delete,
    DeleteDeposed,
    Update,
    Complete,
    Create,
    Read,
}

impl EntryAction {
    /// What may be left out of a long list last has the lowest rank.
    pub(crate) fn rank(self) -> usize {
        match self {
            EntryAction::Replace(_) => 0,
            EntryAction::Delete => 1,
            EntryAction::DeleteDeposed => 2,
            EntryAction::Update => 3,
            EntryAction::Complete => 4,
            EntryAction::Create => 5,
            EntryAction::Read => 6,
        }
    }

    /// The word for it in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            EntryAction::Replace(_) => "replace",
            EntryAction::Delete => "delete",
            EntryAction::DeleteDeposed => "delete_deposed",
            EntryAction::Update => "update",
            EntryAction::Complete => "complete",
            EntryAction::Create => "create",
            EntryAction::Read => "read",
        }
    }
}

/// The entries of a phase, by address; a deposed object stands behind the one that took its place.
pub(super) fn entries<'a>(actions: impl Iterator<Item = &'a Action> + Clone) -> Vec<Entry> {
    let removed: BTreeMap<&Uid, &Removal> = actions
        .clone()
        .filter_map(|action| match action {
            Action::Delete(removal) => Some((&removal.uid, &**removal)),
            _ => None,
        })
        .collect();
    let replaced: BTreeSet<&Uid> = actions
        .clone()
        .filter_map(|action| match action {
            Action::Create(change) => change.replaces.as_ref().map(|it| &it.old),
            _ => None,
        })
        .collect();
    let mut entries: Vec<Entry> = actions
        .filter_map(|action| match action {
            Action::Create(change) => Some(created(change, &removed)),
            Action::Update(change) => Some(updated(change)),
            Action::Delete(removal) if replaced.contains(&removal.uid) => None,
            Action::Delete(removal) => Some(deleted(removal)),
            Action::Complete { address, .. } => Some(completed(address)),
            Action::Read { address, config, .. } => Some(read(address, config)),
            Action::Gate { .. } | Action::Wait(_) | Action::Verify { .. } | Action::Mark(_) => None,
        })
        .collect();
    entries.sort_by(|a, b| (&a.address, a.action.rank()).cmp(&(&b.address, b.action.rank())));
    entries
}

impl Entry {
    fn at(address: &Address, action: EntryAction) -> Entry {
        Entry {
            address: address.clone(),
            action,
            id: None,
            why: Vec::new(),
            before: None,
            after: None,
            reason: None,
        }
    }

    /// The reference by which expressions name it.
    pub(crate) fn own(&self) -> String {
        instance_reference(&self.address).to_string()
    }

    /// The attributes that differ.
    pub(crate) fn attributes(&self) -> Vec<AttributeChange> {
        let mut attributes = differences(self.before.as_ref(), self.after.as_ref());
        if let Some(reason) = &self.reason {
            mark(&mut attributes, reason);
        }
        attributes
    }
}

fn created(change: &Change, removed: &BTreeMap<&Uid, &Removal>) -> Entry {
    let after = Some(change.planned.clone());
    let Some(replacement) = &change.replaces else {
        return Entry { after, ..Entry::at(&change.address, EntryAction::Create) };
    };
    let old = removed.get(&replacement.old);
    Entry {
        id: old.map(|it| it.id.to_string()),
        why: reasons(replacement),
        before: change.prior.clone().or(old.map(|it| it.prior.clone())),
        after,
        reason: Some(replacement.reason.clone()),
        ..Entry::at(&change.address, EntryAction::Replace(replacement.order))
    }
}

fn updated(change: &Change) -> Entry {
    Entry {
        before: change.prior.clone(),
        after: Some(change.planned.clone()),
        ..Entry::at(&change.address, EntryAction::Update)
    }
}

fn read(address: &Address, config: &Value) -> Entry {
    Entry { after: Some(config.clone()), ..Entry::at(address, EntryAction::Read) }
}

fn completed(address: &Address) -> Entry {
    let why = "made by an earlier run; only its readiness is waited for";
    Entry { why: vec![why.to_owned()], ..Entry::at(address, EntryAction::Complete) }
}

fn deleted(removal: &Removal) -> Entry {
    let (action, why) = match &removal.reason {
        RemovalReason::NotConfigured => (EntryAction::Delete, Some("no longer in the specs")),
        RemovalReason::Destroyed => (EntryAction::Delete, None),
        RemovalReason::Replaced { .. } => (EntryAction::Delete, Some("another takes its place")),
        RemovalReason::Deposed => {
            (EntryAction::DeleteDeposed, Some("left behind by an earlier replacement"))
        }
    };
    let action = if removal.deposed { EntryAction::DeleteDeposed } else { action };
    Entry {
        id: Some(removal.id.to_string()),
        why: why.map(str::to_owned).into_iter().collect(),
        ..Entry::at(&removal.address, action)
    }
}

fn reasons(replacement: &Replacement) -> Vec<String> {
    let reason = match &replacement.reason {
        ReplaceReason::Attributes(_) => None,
        ReplaceReason::Pending(_) => {
            Some("replaced only if what is not known yet turns out to differ".to_owned())
        }
        ReplaceReason::Failed(reason) => Some(format!("replaced because it failed: {reason}")),
        ReplaceReason::Triggered(by) => Some(format!("replaced because {by} changes")),
    };
    let order = (replacement.order == ReplaceOrder::CreateFirstForReference)
        .then(|| "made first, because a reference to the old one blocks its deletion".to_owned());
    reason.into_iter().chain(order).collect()
}

/// Marks the attributes that are the reason.
fn mark(attributes: &mut [AttributeChange], reason: &ReplaceReason) {
    let (paths, forces) = match reason {
        ReplaceReason::Attributes(paths) => (paths, Forces::Replacement),
        ReplaceReason::Pending(paths) => (paths, Forces::ReplacementIfDifferent),
        ReplaceReason::Failed(_) | ReplaceReason::Triggered(_) => return,
    };
    for attribute in attributes {
        if paths.iter().any(|path| covers(path, &attribute.path)) {
            attribute.forces = forces;
        }
    }
}

/// Whether one path leads to the other or further.
fn covers(one: &Path, other: &Path) -> bool {
    let common = one.0.len().min(other.0.len());
    one.0[..common] == other.0[..common]
}
