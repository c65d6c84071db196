//! What is due: a function of the states, of what the world says, and of the time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_apply::{Sighted, Survey, View};
use greenroom_engine::rebuild;
use greenroom_model::identity::{EnvironmentKind, Lineage, Owner};
use greenroom_model::state::State;
use greenroom_store::{Holder, StateName};
use jiff::Timestamp;

use crate::lifetime::{expiry, time};

/// How much of a lineage is in the name of a state that is rebuilt.
const NAMED: usize = 8;

/// What may go, and what may not yet.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// Environments whose state says that their time is over.
    pub expired: Vec<Expired>,
    /// What says that its time is over, and that no state knows.
    pub lost: Vec<Lost>,
    /// What no state knows, and may still live.
    pub early: Vec<Lost>,
}

/// An environment whose time is over.
#[derive(Clone, Debug)]
pub struct Expired {
    /// Its state.
    pub state: StateName,
    /// Its state's identity.
    pub lineage: Lineage,
    /// Since when.
    pub since: Timestamp,
    /// How many objects it has.
    pub objects: usize,
    /// Who made it, if that is known.
    pub made_by: Option<Arc<str>>,
    /// Who is at work on it, and so keeps it alive.
    pub holder: Option<Holder>,
}

/// The objects of a state that is lost.
#[derive(Clone, Debug)]
pub struct Lost {
    /// The name of the state that it gets again.
    pub state: StateName,
    /// The state's identity.
    pub lineage: Lineage,
    /// The last time that one of them names; none if one names no time, and so may live for ever.
    pub expires: Option<Timestamp>,
    /// The objects, by type and id.
    pub objects: Vec<Sighted>,
}

impl Due {
    /// What of `project`, and of `stage` if one is given, is due at `now`.
    ///
    /// What is promoted is never due. What no state knows is due as a whole or not at all: whoever
    /// renews an environment tells its objects one after the other.
    #[must_use]
    pub fn of(survey: &Survey, project: &str, stage: Option<&str>, now: Timestamp) -> Due {
        let is_meant = |it: &str| stage.is_none_or(|stage| stage == it);
        let told = told(survey);
        let expired = survey.states.iter().filter_map(|(name, view)| {
            let told = told.get(&view.state.as_ref()?.lineage).copied();
            expired(name, view, told, now)
        });
        let expired = expired
            .filter(|it| it.state.project.as_str() == project && is_meant(it.state.stage.as_str()));
        let lost = lost(survey, project).into_iter().filter(|it| is_meant(it.state.stage.as_str()));
        let (lost, early) = lost.partition(|it| it.expires.is_some_and(|expires| expires <= now));
        Due { expired: expired.collect(), lost, early }
    }

    /// Whether nothing may go. What somebody is at work on may not.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.expired.iter().all(|it| it.holder.is_some())
    }
}

impl Lost {
    /// Whether these are the same objects, with nothing else to say than before.
    #[must_use]
    pub fn is_unchanged(&self, before: &Lost) -> bool {
        let said = |lost: &Lost| -> Vec<_> {
            let owned = lost.objects.iter().map(|it| &it.owned);
            owned.map(|it| (it.kind.clone(), it.id.clone(), it.owner.clone())).collect()
        };
        self.lineage == before.lineage && said(self) == said(before)
    }

    /// The state that it was, as far as the world says.
    pub(super) fn content(&self) -> rebuild::Lost {
        let found = |Sighted { owned, provider, settings }: &Sighted| rebuild::Found {
            kind: owned.kind.clone(),
            id: owned.id.clone(),
            uid: owned.uid.clone(),
            scope: owned.owner.scope.clone(),
            attributes: owned.attributes.clone(),
            provider: provider.clone(),
            settings: settings.clone(),
        };
        rebuild::Lost {
            lineage: self.lineage.clone(),
            project: self.state.project.as_str().into(),
            stage: self.state.stage.as_str().into(),
            kind: EnvironmentKind::Ephemeral,
            expires: self.expires.map(|it| it.to_string().into()),
            objects: self.objects.iter().map(found).collect(),
        }
    }
}

/// Since when a state's environment may be removed; `None` if it may not.
pub(super) fn over_since(state: &State, now: Timestamp) -> Option<Timestamp> {
    let expires = expiry(&state.lifetime).filter(|_| state.kind == EnvironmentKind::Ephemeral);
    expires.filter(|expires| *expires <= now)
}

fn expired(
    name: &StateName,
    view: &View,
    told: Option<Timestamp>,
    now: Timestamp,
) -> Option<Expired> {
    let state = view.state.as_ref()?;
    // Objects are renewed before their state is: they may know better.
    let since = over_since(state, now)?.max(told.unwrap_or(Timestamp::MIN));
    (since <= now).then(|| Expired {
        state: name.clone(),
        lineage: state.lineage.clone(),
        since,
        objects: state.objects(),
        made_by: state.lifetime.made_by.clone(),
        holder: view.holder.clone(),
    })
}

/// The last time that the objects of each lineage name.
fn told(survey: &Survey) -> BTreeMap<&Lineage, Timestamp> {
    let mut told = BTreeMap::new();
    for owner in survey.sighted.iter().map(|it| &it.owned.owner) {
        if let Some(expires) = expires(owner) {
            let last = told.entry(&owner.lineage).or_insert(expires);
            *last = expires.max(*last);
        }
    }
    told
}

/// What is of ephemeral environments and of no state that is known, by lineage.
fn lost(survey: &Survey, project: &str) -> Vec<Lost> {
    let known: BTreeSet<&Lineage> = survey.known_states().map(|it| &it.lineage).collect();
    let is_lost = |it: &&Sighted| {
        *it.owned.owner.project == *project && !known.contains(&it.owned.owner.lineage)
    };
    let mut by_lineage: BTreeMap<&Lineage, Vec<Sighted>> = BTreeMap::new();
    for sighted in survey.orphans().filter(is_lost) {
        by_lineage.entry(&sighted.owned.owner.lineage).or_default().push(sighted.clone());
    }
    let is_ephemeral = |objects: &[Sighted]| {
        objects.iter().all(|it| it.owned.owner.kind == EnvironmentKind::Ephemeral)
    };
    by_lineage
        .into_iter()
        .filter(|(_, objects)| is_ephemeral(objects))
        .filter_map(|(lineage, objects)| {
            Some(Lost {
                state: name(&objects.first()?.owned.owner)?,
                lineage: lineage.clone(),
                expires: last_expiry(&objects),
                objects,
            })
        })
        .collect()
}

/// The name of the state that `owner`'s objects get again; `None` if they say what no state of ours
/// can have said.
fn name(owner: &Owner) -> Option<StateName> {
    let lineage = owner.lineage.0.get(..NAMED)?;
    StateName::environment(&owner.project, &owner.stage, &format!("lost-{lineage}")).ok()
}

/// The last time that is named; none if one names none.
fn last_expiry(objects: &[Sighted]) -> Option<Timestamp> {
    let named: Option<Vec<Timestamp>> = objects.iter().map(|it| expires(&it.owned.owner)).collect();
    named?.into_iter().max()
}

fn expires(owner: &Owner) -> Option<Timestamp> {
    time(owner.expires.as_deref()?)
}

#[cfg(test)]
mod tests;
