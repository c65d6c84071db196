//! The objects as they are, and as they were a short while ago: what a replica that lags behind
//! still shows.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::LAG;
use super::world::{Condition, SimObject, number};

/// Objects by the number in their id.
#[derive(Default)]
pub(super) struct History {
    now: BTreeMap<u64, SimObject>,
    /// What was until some moment, in the order of the moments.
    past: BTreeMap<u64, Vec<(Instant, Option<SimObject>)>>,
}

impl History {
    /// Everything that exists.
    pub(super) fn now(&self) -> impl Iterator<Item = &SimObject> {
        self.now.values()
    }

    pub(super) fn get(&self, number: u64) -> Option<&SimObject> {
        self.now.get(&number)
    }

    pub(super) fn put(&mut self, number: u64, object: SimObject) {
        let before = self.now.insert(number, object);
        self.keep(number, before);
    }

    pub(super) fn remove(&mut self, number: u64) {
        if let Some(before) = self.now.remove(&number) {
            self.keep(number, Some(before));
        }
    }

    fn keep(&mut self, number: u64, before: Option<SimObject>) {
        self.past.entry(number).or_default().push((Instant::now(), before));
    }

    /// The objects whose number or uid may be of interest, as they were at a moment that is not
    /// longer ago than [`LAG`].
    pub(super) fn at(&self, moment: Instant) -> impl Iterator<Item = &SimObject> {
        let numbers: std::collections::BTreeSet<u64> =
            self.now.keys().chain(self.past.keys()).copied().collect();
        numbers.into_iter().filter_map(move |it| self.object_at(it, moment))
    }

    /// An object as it was at a moment.
    pub(super) fn by_id_at(&self, id: &str, moment: Instant) -> Option<&SimObject> {
        self.object_at(number(id)?, moment)
    }

    fn object_at(&self, number: u64, moment: Instant) -> Option<&SimObject> {
        let changes = self.past.get(&number).map(Vec::as_slice).unwrap_or_default();
        match changes.iter().find(|(until, _)| *until > moment) {
            Some((_, before)) => before.as_ref(),
            None => self.now.get(&number),
        }
    }

    /// Lets objects become what they are to be by `now`, and forgets what nobody can see any more.
    pub(super) fn settle(&mut self, now: Instant) {
        let due: Vec<u64> =
            self.now.iter().filter(|it| is_due(it.1, now)).map(|it| *it.0).collect();
        for number in due {
            match self.now.get(&number).cloned().and_then(settled) {
                Some(object) => self.put(number, object),
                None => self.remove(number),
            }
        }
        self.past.retain(|_, changes| {
            changes.retain(|(until, _)| *until + LAG >= now);
            !changes.is_empty()
        });
    }
}

fn is_due(object: &SimObject, now: Instant) -> bool {
    match object.condition {
        Condition::Starting { until }
        | Condition::Failing { until }
        | Condition::Going { until } => until <= now,
        Condition::Ready | Condition::Broken => false,
    }
}

/// What becomes of an object whose time has come; `None` if it goes.
fn settled(mut object: SimObject) -> Option<SimObject> {
    match object.condition {
        Condition::Going { .. } => return None,
        Condition::Failing { .. } => object.condition = Condition::Broken,
        Condition::Starting { .. } => {
            object.condition = Condition::Ready;
            let address = format!("10.0.0.{}", number(&object.id).unwrap_or_default());
            object.attributes.insert("address".into(), address.into());
        }
        Condition::Ready | Condition::Broken => {}
    }
    Some(object)
}
