//! How many calls may be under way. A slot is a call: effects of a type whose provider gathers
//! them share one, as many as a call carries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use greenroom_model::journal::{Effect, Intent};
use greenroom_model::schema::TypeSchema;
use greenroom_spec::schemas::Schemas;

/// What one call can be about: effects of a kind on objects of a type.
type Gathering = (Arc<str>, Effect);

/// The slots of a run.
pub(super) struct Slots {
    count: usize,
    /// Operations under way, and with which others they share calls.
    taken: HashMap<u32, Option<Gathering>>,
    alone: usize,
    gatherings: BTreeMap<Gathering, Load>,
}

/// Effects that share calls.
struct Load {
    effects: usize,
    per_call: usize,
}

impl Load {
    fn calls(&self) -> usize {
        self.effects.div_ceil(self.per_call)
    }
}

/// How an effect shares calls: with which others, and how many at most.
pub(super) type Shared = Option<(Gathering, usize)>;

/// How the effect of an intent shares calls.
pub(super) fn shared(schemas: &Schemas, intent: &Intent) -> Shared {
    let address = &intent.subjects.first()?.address;
    let known = schemas.find(address.block.mode, &address.block.kind)?;
    let TypeSchema { changes_together, per_call, .. } = known.schema;
    let (any, per_call) = (!changes_together.is_empty(), *per_call);
    let gathers = any || matches!(intent.effect, Effect::Create | Effect::Delete);
    // Where all kinds of changes share calls, any of them stands for all.
    let effect = if any { Effect::Update } else { intent.effect };
    (gathers && per_call > 1).then(|| ((address.block.kind.clone(), effect), per_call))
}

impl Slots {
    pub(super) fn new(count: usize) -> Slots {
        Slots { count: count.max(1), taken: HashMap::new(), alone: 0, gatherings: BTreeMap::new() }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// How many are taken.
    pub(super) fn in_use(&self) -> usize {
        self.alone + self.gatherings.values().map(Load::calls).sum::<usize>()
    }

    /// Takes a slot for an effect, or a part of one; false if there is none.
    pub(super) fn take(&mut self, operation: u32, shared: Shared) -> bool {
        let is_free = self.in_use() < self.count;
        let gathering = match shared {
            None if !is_free => return false,
            None => {
                self.alone += 1;
                None
            }
            Some((gathering, per_call)) => {
                let load = self.gatherings.entry(gathering.clone());
                let load = load.or_insert(Load { effects: 0, per_call });
                let has_room = !load.effects.is_multiple_of(load.per_call);
                if !is_free && !has_room {
                    return false;
                }
                load.effects += 1;
                Some(gathering)
            }
        };
        self.taken.insert(operation, gathering);
        true
    }

    /// Gives back what an effect took; nothing if it took none.
    pub(super) fn give_back(&mut self, operation: u32) {
        match self.taken.remove(&operation) {
            None => {}
            Some(None) => self.alone -= 1,
            Some(Some(gathering)) => {
                let load = self.gatherings.get_mut(&gathering);
                load.expect("what took a part has a load").effects -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> Shared {
        Some((("aws_instance".into(), Effect::Create), 12))
    }

    fn taken(slots: &mut Slots, first: u32, shared: &Shared) -> u32 {
        (first..).take_while(|operation| slots.take(*operation, shared.clone())).count() as u32
    }

    #[test]
    fn an_effect_alone_is_a_call() {
        let mut slots = Slots::new(3);
        assert_eq!(taken(&mut slots, 0, &None), 3);
        slots.give_back(1);
        assert_eq!((slots.in_use(), taken(&mut slots, 3, &None)), (2, 1));
    }

    #[test]
    fn effects_that_go_together_share_calls() {
        let mut slots = Slots::new(3);
        assert!(slots.take(0, None));
        assert_eq!(taken(&mut slots, 1, &instance()), 24, "two calls of twelve");
        assert!(!slots.take(99, None));
        slots.give_back(24);
        assert!(!slots.take(99, None), "its call carries others still");
        assert!(slots.take(24, instance()));
        (13..=24).for_each(|operation| slots.give_back(operation));
        assert_eq!((slots.in_use(), taken(&mut slots, 50, &None)), (2, 1));
    }

    #[test]
    fn those_of_different_types_share_nothing() {
        let mut slots = Slots::new(1);
        let target = Some((("aws_lb_target_group_attachment".into(), Effect::Create), 100));
        assert!(slots.take(0, instance()) && !slots.take(1, target));
    }
}
