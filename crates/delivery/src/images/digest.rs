//! Digests: of images, and of the sets that they form. Both are SHA-256, as attestations want it.

use std::collections::BTreeMap;

use greenroom_model::identity::Digest;
use sha2::{Digest as _, Sha256};

use super::{Key, Origin};
use crate::hex::hex;

/// The SHA-256 over parts, none of which can run into the next.
pub(crate) fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Digest {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Digest(hex(&hash.finalize()).into())
}

/// The digest of an image that was not baked: all that is known of it is its id.
#[must_use]
pub fn of_id(id: &str) -> Digest {
    of_parts(["id", id])
}

/// The digest of a baked image: what it was made from, and what it is where it was made.
pub(super) fn of_baked(key: &Key, origin: &Origin) -> Digest {
    let Origin { account, region, identity } = origin;
    let place = [account.as_deref().unwrap_or_default(), region.as_deref().unwrap_or_default()];
    of_parts(["baked", key.as_str(), place[0], place[1], identity])
}

/// The digest of images as one unit; `None` of no image.
#[must_use]
pub fn of_set<'a>(members: impl IntoIterator<Item = (&'a str, &'a Digest)>) -> Option<Digest> {
    let members: BTreeMap<&str, &Digest> = members.into_iter().collect();
    let parts = members.iter().flat_map(|(name, digest)| [*name, &*digest.0]);
    (!members.is_empty()).then(|| of_parts(std::iter::once("set").chain(parts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_another_one_if_any_name_or_member_differs() {
        let (a, b) = (of_id("a"), of_id("b"));
        let set = |members: &[(&'static str, &Digest)]| of_set(members.iter().copied()).unwrap();
        let one = set(&[("db", &b), ("web", &a)]);
        assert_eq!(one, set(&[("web", &a), ("db", &b)]), "the order says nothing");
        for other in [set(&[("db", &a), ("web", &b)]), set(&[("web", &a)]), set(&[("dbweb", &a)])] {
            assert_ne!(one, other);
        }
        assert_eq!(of_set([]), None);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(of_parts(["ab", "c"]), of_parts(["a", "bc"]));
        assert_ne!(of_parts(["a", ""]), of_parts(["a"]));
    }
}
