//! Whose turn it is.

use std::collections::BTreeSet;

use greenroom_store::StateName;
use jiff::Timestamp;

use super::limits::{Limit, Limits};
use super::line::{Entry, Line, Me, Standing};
use super::waiting::{Taken, Waiting};

/// Whether somebody may make its environment now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may: once the new line is written, a place is reserved for it.
    Go,
    /// It may: its environment has a state, and so a place.
    Listed,
    /// It must wait.
    Wait(Waiting),
}

/// Decides whether `me` may go, and what the line is then.
///
/// `listed` are the states in the store, of all projects, read after `line` was. The decision
/// stands once the new line has replaced the one that it was made of, or if both are equal.
///
/// Who came first goes first, among those whom the limits let go: somebody who waits for its
/// stage's limit is in nobody's way in another stage. Whoever came later never takes the place that
/// somebody before it could have.
#[must_use]
pub fn decide(
    line: &Line,
    listed: &[StateName],
    me: &Me,
    limits: &Limits,
    now: Timestamp,
) -> (Line, Decision) {
    let is_counted =
        |state: &&StateName| state.project == me.state.project && state.environment.is_some();
    let up: BTreeSet<&StateName> = listed.iter().filter(is_counted).collect();
    let mut next = line.clone();
    next.tidy(|state| up.contains(state), now);
    if up.contains(&me.state) {
        next.stop_waiting(me);
        return (next, Decision::Listed);
    }
    next.join(me, now);
    next.renew(me, now);
    match find_room(&next, up, me, limits) {
        Ok(()) => {
            next.reserve(me, now);
            (next, Decision::Go)
        }
        Err(waiting) => (next, Decision::Wait(waiting)),
    }
}

/// Gives places to all who wait, in order, as far as `me`.
fn find_room(
    line: &Line,
    up: BTreeSet<&StateName>,
    me: &Me,
    limits: &Limits,
) -> Result<(), Waiting> {
    let reserved = line.entries.iter().filter(|entry| entry.standing == Standing::Reserved);
    let holders: BTreeSet<&StateName> = up.into_iter().chain(reserved.map(state_of)).collect();
    let mut room = Room { limits, holders: holders.clone() };
    let waiting = || line.entries.iter().filter(|entry| entry.standing == Standing::Waiting);
    let before = || waiting().take_while(|entry| entry.who.ticket != me.ticket);
    for entry in before() {
        // Who gets none is in nobody's way.
        let _ = room.give(&entry.who.state);
    }
    room.give(&me.state).map_err(|limit| {
        let place = 1 + before().filter(|entry| limit.counts(&entry.who.state)).count();
        let held = holders.iter().filter(|state| limit.counts(state));
        let taken = held.map(|state| taken(line, state)).collect();
        Waiting { place, limit, taken }
    })
}

fn state_of(entry: &Entry) -> &StateName {
    &entry.who.state
}

fn taken(line: &Line, state: &StateName) -> Taken {
    let goes = |entry: &&Entry| entry.who.state == *state && entry.standing != Standing::Waiting;
    let entry = line.entries.iter().find(goes);
    Taken {
        state: state.clone(),
        since: entry.map(|entry| entry.since),
        by: entry.map(|entry| entry.who.introduction.clone()),
    }
}

/// The places, while they are given away.
struct Room<'a> {
    limits: &'a Limits,
    holders: BTreeSet<&'a StateName>,
}

impl<'a> Room<'a> {
    /// Gives `state` a place, unless it has one; or says which limit is reached.
    fn give(&mut self, state: &'a StateName) -> Result<(), Limit> {
        if !self.holders.contains(state) {
            self.reached(state).map_or(Ok(()), Err)?;
            self.holders.insert(state);
        }
        Ok(())
    }

    fn reached(&self, state: &StateName) -> Option<Limit> {
        let of_stage = self.limits.stages.get(&state.stage);
        let of_stage = of_stage.map(|most| Limit::Stage(state.stage.clone(), *most));
        let of_project = self.limits.project.map(Limit::Project);
        of_stage.into_iter().chain(of_project).find(|limit| {
            self.holders.iter().filter(|state| limit.counts(state)).count() >= limit.most()
        })
    }
}
