//! Which images go, and why the others stay.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::identity::Digest;
use greenroom_model::state::State;

use jiff::{SignedDuration, Timestamp};

use super::{Baked, Catalogue, Key, of_inputs};

/// What a pruning does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruning {
    /// Sets that are forgotten, the oldest first.
    pub sets: Vec<Digest>,
    /// Images that are removed.
    pub images: BTreeSet<Key>,
    /// Sets that would have gone, with the states that still use an image of them.
    pub used: Uses,
}

/// How old an image of no set has to be before it goes: others of its set may still be baked.
const STRAY: SignedDuration = SignedDuration::from_hours(24);

/// Keeps the newest `keep` sets, those that a state uses, and every image of one that is kept.
/// Images of no set at all, such as those of a bake that was interrupted, go once they are a day
/// old.
#[must_use]
pub fn pruning(catalogue: &Catalogue, keep: usize, now: Timestamp, uses: &Uses) -> Pruning {
    let old = catalogue.sets.len().saturating_sub(keep);
    let mut pruning = Pruning::default();
    let mut kept: BTreeSet<&Key> = BTreeSet::new();
    let mut grouped: BTreeSet<&Key> = BTreeSet::new();
    for (at, set) in catalogue.sets.iter().enumerate() {
        let keys = || set.members.values().filter_map(|it| it.key.as_ref());
        grouped.extend(keys());
        // A set may share images with the one that an environment names.
        let in_use = set.members.values().find_map(|member| uses.get(&member.digest));
        match in_use {
            None if at < old => {
                pruning.sets.push(set.digest.clone());
                continue;
            }
            Some(states) if at < old => {
                pruning.used.insert(set.digest.clone(), states.clone());
            }
            _ => {}
        }
        kept.extend(keys());
    }
    let is_new = |key: &Key, baked: &Baked| {
        !grouped.contains(key) && now.duration_since(baked.baked) < STRAY
    };
    let stays = |(key, baked): &(&Key, &Baked)| {
        kept.contains(key) || uses.contains_key(&baked.digest) || is_new(key, baked)
    };
    let gone = catalogue.images.iter().filter(|it| !stays(it));
    pruning.images = gone.map(|(key, _)| key.clone()).collect();
    pruning
}

/// The images that states were made from, by digest, each with such states.
pub type Uses = BTreeMap<Digest, BTreeSet<String>>;

/// What the states use.
#[must_use]
pub fn uses<'a>(states: impl IntoIterator<Item = (&'a str, &'a State)>) -> Uses {
    let mut uses = Uses::new();
    for (name, state) in states {
        for scope in state.scopes.values() {
            for digest in of_inputs(&scope.inputs).into_values() {
                uses.entry(digest).or_default().insert(name.to_owned());
            }
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::{Origin, Recorded};

    const LATER: Timestamp = Timestamp::constant(3 * 24 * 3600, 0);

    fn key(name: &str) -> Key {
        Key(format!("{name:0>64}"))
    }

    fn baked(name: &str) -> Baked {
        let origin = Origin { identity: name.to_owned(), ..Origin::default() };
        Baked {
            name: "web".to_owned(),
            recipe: key(name),
            digest: Baked::digest_of(&key(name), &origin),
            builder: "local".to_owned(),
            id: name.to_owned(),
            origin,
            locations: Vec::new(),
            materials: Vec::new(),
            baked: Timestamp::UNIX_EPOCH,
            by: "ann".to_owned(),
        }
    }

    /// A catalogue of sets of one image each, and one image without a set.
    fn catalogue() -> Catalogue {
        let mut catalogue = Catalogue::default();
        for name in ["1", "2", "3", "stray"] {
            let image = baked(name);
            let members = BTreeMap::from([("web".to_owned(), image.member(&key(name)))]);
            catalogue.images.insert(key(name), image);
            if name != "stray" {
                catalogue.record(Recorded::of(members, Timestamp::UNIX_EPOCH, "ann").unwrap());
            }
        }
        catalogue
    }

    fn used(name: &str) -> Uses {
        Uses::from([(baked(name).digest, BTreeSet::from([format!("shop/it/{name}")]))])
    }

    #[test]
    fn old_sets_go_with_their_images_and_those_in_use_stay() {
        let catalogue = catalogue();
        let digest = |at: usize| catalogue.sets[at].digest.clone();
        let pruning = pruning(&catalogue, 1, LATER, &used("1"));
        assert_eq!(pruning.sets, [digest(1)]);
        assert_eq!(pruning.images, BTreeSet::from([key("2"), key("stray")]));
        assert_eq!(
            pruning.used,
            Uses::from([(digest(0), BTreeSet::from(["shop/it/1".to_owned()]))])
        );
    }

    #[test]
    fn an_image_of_no_set_stays_while_an_environment_uses_it() {
        let pruning = pruning(&catalogue(), 3, LATER, &used("stray"));
        assert_eq!(pruning, Pruning::default());
    }

    #[test]
    fn an_image_of_no_set_yet_stays_for_a_day() {
        let of_none = |now| pruning(&catalogue(), 3, now, &Uses::new()).images;
        assert_eq!(of_none(Timestamp::UNIX_EPOCH), BTreeSet::new());
        assert_eq!(of_none(LATER), BTreeSet::from([key("stray")]));
    }
}
