//! Who waits, who may go, and who has gone.

use std::time::Duration;

use greenroom_store::{Holder, StateName};
use jiff::Timestamp;

/// Somebody who wants to make an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The state of the environment.
    pub state: StateName,
    /// What tells this process from any other, also from one that wants the same environment.
    pub ticket: String,
    /// Who that is, for people.
    pub introduction: String,
}

/// What the ledger of a project says: entries in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One who has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub who: Me,
    /// How far it has got.
    pub standing: Standing,
    /// Since when it has got so far.
    pub since: Timestamp,
    /// When it last said that it is alive.
    pub renewed: Timestamp,
}

/// How far somebody has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits for a place.
    Waiting,
    /// It has a place and may make its environment.
    Reserved,
    /// Its state is listed, and counts by itself; the entry only tells who made it.
    Taken,
}

/// What was not renewed for so long is dropped.
const LIFE: Duration = Duration::from_secs(60);
/// What was renewed less long ago need not be renewed, so that who waits seldom writes.
pub(super) const RENEWAL: Duration = Duration::from_secs(10);

impl Me {
    /// Wants the environment of `state`, and introduces itself as `holder`.
    #[must_use]
    pub fn new(state: StateName, holder: &Holder) -> Me {
        Me { state, ticket: holder.lease.clone(), introduction: holder.to_string() }
    }
}

impl Line {
    /// Drops what is over.
    ///
    /// A reservation that is renewed stays also when the state is listed: another process may have
    /// made it, and may remove it before whoever has the reservation comes to use it.
    pub(super) fn tidy(&mut self, is_listed: impl Fn(&StateName) -> bool, now: Timestamp) {
        self.entries.retain_mut(|entry| {
            if entry.standing != Standing::Taken && entry.age(now) < LIFE {
                return true;
            }
            if entry.standing == Standing::Reserved {
                entry.standing = Standing::Taken;
            }
            entry.standing == Standing::Taken && is_listed(&entry.who.state)
        });
    }

    /// Puts `me` at the end of the line, unless it is in it.
    pub(super) fn join(&mut self, me: &Me, now: Timestamp) {
        if self.entry(me).is_none() {
            let standing = Standing::Waiting;
            self.entries.push(Entry { who: me.clone(), standing, since: now, renewed: now });
        }
    }

    /// Says that `me` is alive, unless it has said so just now.
    pub(super) fn renew(&mut self, me: &Me, now: Timestamp) {
        if let Some(entry) = self.entry(me)
            && entry.age(now) >= RENEWAL
        {
            entry.renewed = now;
        }
    }

    /// Gives `me` a place, unless it has one.
    pub(super) fn reserve(&mut self, me: &Me, now: Timestamp) {
        if let Some(entry) = self.entry(me)
            && entry.standing != Standing::Reserved
        {
            *entry =
                Entry { standing: Standing::Reserved, since: now, renewed: now, ..entry.clone() };
        }
    }

    /// Says that the state of `me` is listed.
    pub(super) fn take(&mut self, me: &Me) {
        if let Some(entry) = self.entry(me) {
            entry.standing = Standing::Taken;
        }
    }

    /// Takes `me` out of the line if it waits.
    pub(super) fn stop_waiting(&mut self, me: &Me) {
        let waits =
            |entry: &Entry| entry.who.ticket == me.ticket && entry.standing == Standing::Waiting;
        self.entries.retain(|entry| !waits(entry));
    }

    /// Takes `me` out of the line, however far it has got.
    pub(super) fn leave(&mut self, me: &Me) {
        self.entries.retain(|entry| entry.who.ticket != me.ticket);
    }

    fn entry(&mut self, me: &Me) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.who.ticket == me.ticket)
    }
}

impl Entry {
    /// How far from `now` it was renewed, also if that is ahead: what a wrong clock has written
    /// does not live longer than anything else.
    fn age(&self, now: Timestamp) -> Duration {
        now.duration_since(self.renewed).unsigned_abs()
    }
}
