//! What differs between two image sets.

use std::collections::BTreeSet;

use super::{Baked, Catalogue, Material, Member, Recorded};

/// An image that differs between two sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The image's name.
    pub name: String,
    /// In the first set.
    pub before: Option<Member>,
    /// In the second set.
    pub after: Option<Member>,
    /// What only the first was made from, as far as that is known.
    pub gone: Vec<Material>,
    /// What only the second was made from.
    pub new: Vec<Material>,
}

/// The images that differ, by name.
#[must_use]
pub fn compare(catalogue: &Catalogue, before: &Recorded, after: &Recorded) -> Vec<Difference> {
    let names: BTreeSet<&String> = before.members.keys().chain(after.members.keys()).collect();
    let pairs =
        names.into_iter().map(|name| (name, before.members.get(name), after.members.get(name)));
    let differ = pairs
        .filter(|(_, before, after)| before.map(|it| &it.digest) != after.map(|it| &it.digest));
    differ
        .map(|(name, before, after)| {
            let (was, is) = (materials(catalogue, before), materials(catalogue, after));
            Difference {
                name: name.clone(),
                before: before.cloned(),
                after: after.cloned(),
                gone: was.difference(&is).cloned().collect(),
                new: is.difference(&was).cloned().collect(),
            }
        })
        .collect()
}

fn materials(catalogue: &Catalogue, member: Option<&Member>) -> BTreeSet<Material> {
    let baked: Option<&Baked> = member.and_then(|it| catalogue.baked(it));
    baked.map(|it| it.materials.iter().cloned().collect()).unwrap_or_default()
}
