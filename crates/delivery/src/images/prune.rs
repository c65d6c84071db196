//! Which images go, and why the others stay.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::identity::Digest;
use greenroom_model::state::State;

use super::{Catalogue, Key};

/// What a pruning does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruning {
    /// Sets that are forgotten, the oldest first.
    pub sets: Vec<Digest>,
    /// Images that are removed.
    pub images: BTreeSet<Key>,
    /// Sets that would have gone, with the state that still uses them.
    pub used: BTreeMap<Digest, String>,
}

/// Keeps the newest `keep` sets, those that a state uses, and every image of one that is kept.
/// Images of no set at all, such as those of a bake that was interrupted, go.
#[must_use]
pub fn pruning<'a>(
    catalogue: &Catalogue,
    keep: usize,
    states: impl IntoIterator<Item = &'a (String, State)>,
) -> Pruning {
    let uses = uses(states);
    let old = catalogue.sets.len().saturating_sub(keep);
    let mut pruning = Pruning::default();
    let mut kept: BTreeSet<&Key> = BTreeSet::new();
    for (at, set) in catalogue.sets.iter().enumerate() {
        // A set may share images with the one that an environment names.
        let in_use = set.members.values().find_map(|member| uses.get(&member.digest));
        match in_use {
            None if at < old => {
                pruning.sets.push(set.digest.clone());
                continue;
            }
            Some(state) if at < old => {
                pruning.used.insert(set.digest.clone(), state.clone());
            }
            _ => {}
        }
        kept.extend(set.members.values().filter_map(|it| it.key.as_ref()));
    }
    let in_use = |key: &Key| uses.contains_key(&catalogue.images[key].digest);
    let gone = catalogue.images.keys().filter(|key| !kept.contains(key) && !in_use(key));
    pruning.images = gone.cloned().collect();
    pruning
}

/// Every image that a state was made from, by digest, with one such state.
fn uses<'a>(states: impl IntoIterator<Item = &'a (String, State)>) -> BTreeMap<Digest, String> {
    let mut uses = BTreeMap::new();
    for (name, state) in states {
        let images = state.scopes.values().flat_map(|it| super::of_inputs(&it.inputs));
        for (_, digest) in images {
            uses.entry(digest).or_insert_with(|| name.clone());
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use greenroom_model::address::Scope;
    use greenroom_model::state::{Image, ScopeState};
    use jiff::Timestamp;

    use super::*;
    use crate::images::{Baked, Origin, Recorded};

    fn key(name: &str) -> Key {
        Key(format!("{name:0>64}"))
    }

    fn baked(name: &str) -> Baked {
        let origin = Origin { identity: name.to_owned(), ..Origin::default() };
        Baked {
            name: "web".to_owned(),
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

    fn state_of(name: &str) -> (String, State) {
        let image = Image { digest: Some(baked(name).digest), ..Image::everywhere(name) };
        let mut scope = ScopeState::default();
        scope.inputs.images.insert("web".into(), image);
        let mut state = State::new(greenroom_model::identity::Lineage("l".into()));
        state.scopes.insert(Scope::environment("it").unwrap(), scope);
        (format!("shop/it/{name}"), state)
    }

    #[test]
    fn old_sets_go_with_their_images_and_those_in_use_stay() {
        let catalogue = catalogue();
        let digest = |at: usize| catalogue.sets[at].digest.clone();
        let pruning = pruning(&catalogue, 1, &[state_of("1")]);
        assert_eq!(pruning.sets, [digest(1)]);
        assert_eq!(pruning.images, BTreeSet::from([key("2"), key("stray")]));
        assert_eq!(pruning.used, BTreeMap::from([(digest(0), "shop/it/1".to_owned())]));
    }

    #[test]
    fn an_image_of_no_set_stays_while_an_environment_uses_it() {
        let pruning = pruning(&catalogue(), 3, &[state_of("stray")]);
        assert_eq!(pruning, Pruning::default());
    }
}
