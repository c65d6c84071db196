//! What others do in the same cloud.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::identity::Lineage;
use greenroom_model::value::{Object, Value};

use super::Cloud;
use super::world::{Condition, SimObject, World, number};
use crate::tally::Trouble;

/// What others did, as far as it matters later.
#[derive(Default)]
pub(super) struct Others {
    /// What was done to an object, by the number in its id, until its owner sets it right.
    done: BTreeMap<u64, Trouble>,
    /// Objects of others, as they have them, with whose they were before.
    theirs: BTreeMap<Arc<str>, (SimObject, Option<Lineage>)>,
}

impl Others {
    /// What was done to an object.
    pub(super) fn done_to(&self, id: &str) -> Option<Trouble> {
        self.done.get(&number(id)?).copied()
    }

    /// Its owner has set it right.
    pub(super) fn undone(&mut self, id: &str) {
        if let Some(number) = number(id) {
            self.done.remove(&number);
        }
    }

    fn note(&mut self, id: &str, trouble: Trouble) {
        if let Some(number) = number(id) {
            self.done.insert(number, trouble);
        }
    }
}

impl SimObject {
    /// Whether it is as it was, but for what it becomes by itself.
    fn is_like(&self, before: &SimObject) -> bool {
        let has = |(name, value)| self.attributes.get(name) == Some(value);
        let is_going = matches!(self.condition, Condition::Going { .. });
        self.lineage == before.lineage && !is_going && before.attributes.iter().all(has)
    }
}

impl Cloud {
    /// Makes an object by hand, of the type that `address` names: it is nobody's, and ready.
    /// Returns its id.
    pub fn plant(&self, address: &Address, attributes: Object) -> Arc<str> {
        self.inner().world.plant(address.clone(), attributes)
    }

    /// As [`plant`](Cloud::plant), but the object is that of the state with this lineage.
    pub fn plant_of(&self, address: &Address, attributes: Object, lineage: &str) -> Arc<str> {
        let id = self.plant(address, attributes);
        self.give_away(&id, lineage);
        id
    }

    /// Marks an object as that of the state with this lineage, without that state's knowing;
    /// whether there is one, and it is not on its way out.
    pub fn give_away(&self, id: &str, lineage: &str) -> bool {
        let mut inner = self.inner();
        inner.world.advance();
        let stays = |it: &&SimObject| !matches!(it.condition, Condition::Going { .. });
        let Some(it) = inner.world.by_id(id).filter(stays) else { return false };
        let before = it.lineage.clone();
        let taken = |it: &mut SimObject| it.lineage = Some(Lineage(lineage.into()));
        let Some(theirs) = inner.world.edit(id, taken) else { return false };
        inner.others.note(id, Trouble::TakenByOthers);
        inner.others.theirs.insert(id.into(), (theirs, before));
        true
    }

    /// Lets others leave: what they took is given back, what they made is gone.
    pub fn send_others_away(&self) {
        let mut inner = self.inner();
        for (id, (_, before)) in std::mem::take(&mut inner.others.theirs) {
            inner.others.undone(&id);
            match before {
                Some(_) => _ = inner.world.edit(&id, |it| it.lineage = before),
                None => inner.world.remove(&id),
            }
        }
    }

    /// Objects of others that somebody else has changed or deleted.
    #[must_use]
    pub fn trespasses(&self) -> Vec<String> {
        let inner = self.inner();
        let is_intact = |it: &SimObject| inner.world.by_id(&it.id).is_some_and(|is| is.is_like(it));
        let theirs = inner.others.theirs.values().filter(|(it, _)| !is_intact(it));
        theirs.map(|(it, _)| format!("{} {}", it.address, it.id)).collect()
    }

    /// Removes the objects at `address` behind everybody's back; whether there were any.
    pub fn kill(&self, address: &str) -> bool {
        self.meddle(address, Trouble::DeletedByOthers, |world, id| world.remove(id))
    }

    /// Makes the objects at `address` useless; whether there were any.
    pub fn break_down(&self, address: &str) -> bool {
        let broken = |it: &mut SimObject| it.condition = Condition::Broken;
        self.meddle(address, Trouble::BrokenByOthers, |world, id| _ = world.edit(id, broken))
    }

    /// Changes an attribute of the objects at `address` behind everybody's back; whether there
    /// were any.
    pub fn change(&self, address: &str, attribute: &str, value: impl Into<Value>) -> bool {
        let value = value.into();
        self.meddle(address, Trouble::ChangedByOthers, |world, id| {
            world.edit(id, |it| _ = it.attributes.insert(attribute.into(), value.clone()));
        })
    }

    /// The ids of what is at `address` now, as its owners have it.
    #[must_use]
    pub fn ids_at(&self, address: &str) -> Vec<Arc<str>> {
        let mut inner = self.inner();
        inner.world.advance();
        let theirs = &inner.others.theirs;
        let is_there =
            |it: &&SimObject| it.address.to_string() == address && !theirs.contains_key(&it.id);
        inner.world.objects().filter(is_there).map(|it| it.id.clone()).collect()
    }

    fn meddle(&self, address: &str, trouble: Trouble, act: impl Fn(&mut World, &str)) -> bool {
        let ids = self.ids_at(address);
        let mut inner = self.inner();
        for id in &ids {
            act(&mut inner.world, id);
            inner.others.note(id, trouble);
        }
        !ids.is_empty()
    }
}
