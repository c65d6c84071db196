//! State: what Greenroom knows it has made, as plain data.
//!
//! A [`State`] is a snapshot with the journal replayed over it. Nothing here reads or writes
//! files; `greenroom-engine` folds records in, `greenroom-store` keeps the bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, BlockName, InstanceKey, Scope};
use crate::gate::Verdict;
use crate::history::Chapter;
use crate::identity::{Digest, EnvironmentKind, Incarnation, Lineage, Sequence, Uid};
use crate::journal::Intent;
use crate::plan::OperationId;
use crate::roster::Roster;
use crate::schema::Strength;
use crate::value::{Object, Value};

/// What a newer version of Greenroom wrote and this one does not know: kept, so that reading and
/// writing a state loses nothing. `None` almost always.
pub type Extra = Option<Box<Object>>;

/// Everything that is known of one state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its identity.
    pub lineage: Lineage,
    /// The project that it belongs to.
    pub project: Arc<str>,
    /// The stage that it belongs to.
    pub stage: Arc<str>,
    /// Whether it is an ephemeral environment's or a promoted stage's.
    pub kind: EnvironmentKind,
    /// Who made it, and how long it may live.
    pub lifetime: Lifetime,
    /// Front and environments.
    pub scopes: BTreeMap<Scope, ScopeState>,
    /// The environments of a promoted stage, with role and weight.
    pub roster: Option<Roster>,
    /// Intents without an outcome, by their place in the journal.
    pub open: BTreeMap<Sequence, Intent>,
    /// Handles that were abandoned and may still turn up.
    pub watch: Vec<Watch>,
    /// The plan that was being applied when the journal ended.
    pub run: Option<Run>,
    /// The last plan that was applied to its end.
    pub finished: Option<Digest>,
    /// The promotions and rollbacks of a promoted stage, the oldest first; the last may be open.
    pub history: Vec<Chapter>,
    /// The last record that is contained.
    pub sequence: Sequence,
    /// Fields of a newer version.
    pub extra: Extra,
}

/// Who made a state's environment, when, and until when it may live.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifetime {
    /// When it was made: RFC 3339, UTC.
    pub made: Option<Arc<str>>,
    /// By whom, for people.
    pub made_by: Option<Arc<str>>,
    /// When an ephemeral environment may be removed: RFC 3339, UTC. `None` is never.
    pub expires: Option<Arc<str>>,
}

/// One front or environment of a state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScopeState {
    /// What the scope was last planned from.
    pub inputs: Inputs,
    /// The outputs after the last apply.
    pub outputs: BTreeMap<Arc<str>, Value>,
    /// Its objects by block and key.
    pub resources: BTreeMap<BlockName, BTreeMap<InstanceKey, Instance>>,
    /// Fields of a newer version.
    pub extra: Extra,
}

/// What a scope is made from; sealed for the environments of a promoted stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// The template's text, where it is sealed.
    pub template: Option<Arc<str>>,
    /// The template's digest.
    pub digest: Option<Digest>,
    /// The variables' values; secrets keep their mark.
    pub variables: BTreeMap<Arc<str>, Value>,
    /// The images by name.
    pub images: BTreeMap<Arc<str>, Image>,
    /// The image set that they belong to.
    pub image_set: Option<Digest>,
    /// Settings per provider configuration, resolved, never credentials: so that destroying needs
    /// no spec.
    pub providers: BTreeMap<Arc<str>, Object>,
}

/// An image that a scope is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: Arc<str>,
    /// What tells it from every other: the digest of a member of an image set.
    pub digest: Option<Digest>,
    /// Its ids by provider configuration, where these differ; `None` where it is not.
    pub at: BTreeMap<Arc<str>, Option<Arc<str>>>,
}

impl Image {
    /// An image that has one id everywhere.
    pub fn everywhere(id: impl Into<Arc<str>>) -> Image {
        Image { id: id.into(), digest: None, at: BTreeMap::new() }
    }

    /// Its id for the objects of a provider configuration; `None` if it is not there.
    #[must_use]
    pub fn id_for(&self, configuration: &str) -> Option<&Arc<str>> {
        self.at.get(configuration).map_or(Some(&self.id), Option::as_ref)
    }
}

/// An address with its objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    /// The last incarnation that was spent on the address.
    pub incarnation: Incarnation,
    /// The object that the address stands for.
    pub current: Option<Remote>,
    /// Objects that a replacement left behind and that are still to be deleted.
    pub deposed: Vec<Remote>,
    /// Fields of a newer version.
    pub extra: Extra,
}

/// One object in the real world.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    /// Its identity for life.
    pub uid: Uid,
    /// The provider's name for it.
    pub id: Arc<str>,
    /// The provider configuration that made it, such as `aws` or `aws.west`.
    pub provider: Arc<str>,
    /// How far it has come.
    pub status: Status,
    /// Its attributes as last seen.
    pub attributes: Value,
    /// The instances that its configuration read.
    pub reads: Arc<Reads>,
    /// The record that last changed it: its version for plans that were saved.
    pub version: Sequence,
    /// Whether its replacement is to be made before it goes.
    pub create_before_destroy: bool,
    /// Whether deleting it is refused.
    pub prevent_destroy: bool,
}

/// What a configuration read, with what each must have reached: in the order of the addresses,
/// each once. One allocation, as every object of a state has one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reads(Box<[(Address, Strength)]>);

impl Reads {
    /// Every address with what it must have reached, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Address, &Strength)> {
        self.0.iter().map(|(address, strength)| (address, strength))
    }

    /// Every address, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Address> {
        self.0.iter().map(|(address, _)| address)
    }

    /// What `address` must have reached, if it was read.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<Strength> {
        let position = self.0.binary_search_by(|(read, _)| read.cmp(address)).ok()?;
        Some(self.0[position].1)
    }

    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Address, Strength)> for Reads {
    /// Of an address that comes twice, the last counts.
    fn from_iter<I: IntoIterator<Item = (Address, Strength)>>(reads: I) -> Reads {
        Reads(reads.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect())
    }
}

/// How far an object has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Made and ready.
    Ready,
    /// Made, but nobody has yet seen it ready.
    Incomplete,
    /// The provider calls it failed; it is replaced by the next apply.
    Failed,
    /// Its deletion was accepted and is not yet seen done.
    Deleting,
}

/// A create that was abandoned, whose object may still appear.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// The intent that was abandoned.
    pub intent: Intent,
    /// Until when to look: seconds since the epoch.
    pub until: i64,
}

/// How far the plan that is being applied has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The plan.
    pub plan: Digest,
    /// Who started it and when, for people.
    pub holder: Arc<str>,
    /// Operations whose outcome is known.
    pub done: BTreeSet<OperationId>,
    /// What data sources answered, and what gates saw, by their operation.
    pub answers: BTreeMap<OperationId, Value>,
    /// What gates said last, and requests to give up, by their operation.
    pub verdicts: BTreeMap<OperationId, Verdict>,
    /// The plan itself, where a later command must be able to go on without its file.
    pub text: Option<Arc<str>>,
}

impl State {
    /// A state that nothing was written to yet.
    #[must_use]
    pub fn new(
        project: impl Into<Arc<str>>,
        stage: impl Into<Arc<str>>,
        kind: EnvironmentKind,
        lineage: Lineage,
    ) -> State {
        State {
            lineage,
            project: project.into(),
            stage: stage.into(),
            kind,
            lifetime: Lifetime::default(),
            scopes: BTreeMap::new(),
            roster: None,
            open: BTreeMap::new(),
            watch: Vec::new(),
            run: None,
            finished: None,
            history: Vec::new(),
            sequence: Sequence(0),
            extra: None,
        }
    }

    /// The instance at `address`.
    #[must_use]
    pub fn instance(&self, address: &Address) -> Option<&Instance> {
        self.scopes.get(&address.scope)?.resources.get(&address.block)?.get(&address.key)
    }

    /// The instance at `address`, made empty if there is none.
    pub fn instance_mut(&mut self, address: &Address) -> &mut Instance {
        self.scopes
            .entry(address.scope.clone())
            .or_default()
            .resources
            .entry(address.block.clone())
            .or_default()
            .entry(address.key.clone())
            .or_default()
    }

    /// Every instance with its address, in order.
    pub fn instances(&self) -> impl Iterator<Item = (Address, &Instance)> {
        self.scopes.keys().flat_map(|scope| self.instances_of(scope))
    }

    /// Every instance of a scope with its address, in order.
    pub fn instances_of(&self, scope: &Scope) -> impl Iterator<Item = (Address, &Instance)> {
        let known = self.scopes.get_key_value(scope).into_iter();
        known.flat_map(|(scope, state)| {
            state.resources.iter().flat_map(move |(block, instances)| {
                instances.iter().map(move |(key, instance)| {
                    let address =
                        Address { scope: scope.clone(), block: block.clone(), key: key.clone() };
                    (address, instance)
                })
            })
        })
    }

    /// How many objects it knows, deposed ones included.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.scopes
            .values()
            .flat_map(|scope| scope.resources.values().flat_map(BTreeMap::values))
            .map(|it| usize::from(it.current.is_some()) + it.deposed.len())
            .sum()
    }

    /// Whether nothing that it knows of can still be in the world.
    #[must_use]
    pub fn is_settled_and_empty(&self) -> bool {
        self.objects() == 0 && self.open.is_empty() && self.watch.is_empty()
    }
}
