//! What identifies things for life: lineages, uids, incarnations, sequences, digests.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, BlockName, InstanceKey, Scope};

/// A state's identity, given once when it is made; 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lineage(pub Arc<str>);

/// An object's identity for life: a hash of lineage, scope, address and incarnation at its first
/// plan. It survives a later change of address. 20 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub Arc<str>);

/// How many objects an address has had, this one included; from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Incarnation(pub u32);

/// The place of a record in a state's journal, rising for the life of the state; from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Sequence(pub u64);

/// A hash in hexadecimal digits: BLAKE3, but SHA-256 of images and their sets, which other tools
/// read as well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub Arc<str>);

impl Uid {
    /// The uid of the `incarnation`-th object at an address of the state `lineage`.
    ///
    /// The scope is part of it, so that equal templates in two environments of one state never
    /// share a client token.
    #[must_use]
    pub fn derive(lineage: &Lineage, address: &Address, incarnation: Incarnation) -> Uid {
        let mut hash = blake3::Hasher::new();
        let Address { scope, block: BlockName { mode: _, kind, name }, key } = address;
        for part in [&*lineage.0, scope.as_str(), kind, name] {
            hash.update(part.as_bytes());
            hash.update(&[0]);
        }
        match key {
            InstanceKey::Only => hash.update(b"only"),
            InstanceKey::Index(index) => hash.update(b"index").update(&index.to_le_bytes()),
            InstanceKey::Name(name) => hash.update(b"name").update(name.as_bytes()),
        };
        hash.update(&[0]).update(&incarnation.0.to_le_bytes());
        Uid(hash.finalize().to_hex()[..20].into())
    }
}

impl Incarnation {
    /// The one after this.
    #[must_use]
    pub fn next(self) -> Incarnation {
        Incarnation(self.0 + 1)
    }
}

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(blake3::hash(bytes).to_hex().as_str().into())
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whose an object is: what its tags, or the folder it lives in, say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The project's name.
    pub project: Arc<str>,
    /// The stage's name.
    pub stage: Arc<str>,
    /// Front or environment.
    pub scope: Scope,
    /// The state that knows it.
    pub lineage: Lineage,
    /// Whether the environment may be reaped.
    pub kind: EnvironmentKind,
    /// When an ephemeral environment may be removed: RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Arc<str>>,
}

/// Whether an environment is to go away by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentKind {
    /// Made for a stage's run, removed after it.
    Ephemeral,
    /// Of a stage that promotes; only `retire` and `destroy` remove it.
    Promoted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_depends_on_each_of_its_parts() {
        let lineage = Lineage("a".into());
        let address = |text: &str| -> Address { text.parse().expect("an address") };
        let base = Uid::derive(&lineage, &address("front/a.b[1]"), Incarnation(1));
        assert_eq!(base, Uid::derive(&lineage, &address("front/a.b[1]"), Incarnation(1)));
        for other in [
            Uid::derive(&Lineage("b".into()), &address("front/a.b[1]"), Incarnation(1)),
            Uid::derive(&lineage, &address("r1/a.b[1]"), Incarnation(1)),
            Uid::derive(&lineage, &address("front/a.c[1]"), Incarnation(1)),
            Uid::derive(&lineage, &address("front/a.b[\"1\"]"), Incarnation(1)),
            Uid::derive(&lineage, &address("front/a.b"), Incarnation(1)),
            Uid::derive(&lineage, &address("front/a.b[1]"), Incarnation(2)),
        ] {
            assert_ne!(base, other);
        }
    }
}
