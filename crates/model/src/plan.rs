//! Plans: what apply executes, as plain data.
//!
//! A plan is a list of phases, each a graph of operations. Apply never plans again: it evaluates
//! the residuals that stand in [`Change::config`] over outcomes, and follows [`Next`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Scope};
use crate::gate::Gate;
use crate::identity::{Digest, Incarnation, Lineage, Sequence, Uid};
use crate::journal::{Handle, Lifecycle};
use crate::roster::Mark;
use crate::schema::Strength;
use crate::state::{Inputs, Status};
use crate::value::{Path, Value};

/// What one command is going to do to one state.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The project.
    pub project: Arc<str>,
    /// The stage.
    pub stage: Arc<str>,
    /// The environment, for an ephemeral stage.
    pub environment: Option<Scope>,
    /// The state that it was made for; one that did not exist yet is made with this lineage.
    pub lineage: Lineage,
    /// What it is for.
    pub purpose: Purpose,
    /// What each scope is made from; sensitive variables appear as digests of their values.
    pub inputs: BTreeMap<Scope, Inputs>,
    /// The version of each object that was read; apply refuses if one of them changed.
    pub versions: BTreeMap<Address, Sequence>,
    /// What a refresh found changed without us.
    pub drift: Vec<Drift>,
    /// What the specs now say of objects that need no change.
    pub lifecycles: Vec<LifecycleRecord>,
    /// The phases, in the order of their planning.
    pub phases: Vec<Phase>,
    /// Each scope's outputs after the plan, with residuals.
    pub outputs: BTreeMap<Scope, BTreeMap<Arc<str>, PlannedOutput>>,
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The world is to be as the specs say.
    Apply,
    /// Everything is to go.
    Destroy,
    /// A candidate is to take the traffic over.
    Promote,
    /// An environment that is retained is to take the traffic back.
    Rollback,
    /// A promotion that is open is to be given up by a way that is planned anew.
    Abort,
    /// What is retained or failed is to go.
    Retire,
}

impl Purpose {
    /// Whether a plan of this purpose shifts traffic, and so is a promotion in the roster.
    #[must_use]
    pub fn shifts(self) -> bool {
        matches!(self, Purpose::Promote | Purpose::Rollback | Purpose::Abort)
    }
}

/// A change that nobody here made.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Where.
    pub address: Address,
    /// Which object.
    pub uid: Uid,
    /// The attributes as recorded.
    pub recorded: Value,
    /// What was seen.
    pub seen: DriftSeen,
}

/// What a refresh saw of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum DriftSeen {
    /// It is not there.
    Gone,
    /// It is there, and useless.
    Failed {
        /// The provider's reason.
        reason: Arc<str>,
        /// Its attributes.
        attributes: Value,
    },
    /// It is other than recorded.
    Changed {
        /// Its attributes.
        attributes: Value,
    },
}

/// What the state is to keep of the configuration of an object that is neither made nor changed.
///
/// Without it, an object would go by what was said of it when it was last changed: a protection
/// that was taken back would still hold.
#[derive(Clone, Debug, PartialEq)]
pub struct LifecycleRecord {
    /// Where.
    pub address: Address,
    /// Which object.
    pub uid: Uid,
    /// What to keep from here on.
    pub lifecycle: Lifecycle,
}

/// An output after the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedOutput {
    /// Its value, with residuals.
    pub value: Value,
    /// Its value before, if it had one.
    pub prior: Option<Value>,
}

/// The name of a phase, unique in its plan.
pub type PhaseName = Arc<str>;

/// A graph of operations, with what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Its name.
    pub name: PhaseName,
    /// Its operations; an operation's needs stand before or behind it.
    pub operations: Vec<Operation>,
    /// What follows if all of them succeed.
    pub on_pass: Next,
    /// What follows if a gate says no, or somebody asks to give up. An operation that fails halts.
    pub on_fail: Next,
}

/// What follows a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// That phase: the next one, or a fallback.
    Phase(PhaseName),
    /// The plan is done.
    Done,
    /// The plan is done, and everything is as it was before it.
    RolledBack,
    /// The plan stops and keeps everything as it is.
    Halt,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its identity in the plan.
    pub id: OperationId,
    /// What to do.
    pub action: Action,
    /// The operations of the same phase that it waits for.
    pub needs: Vec<Need>,
    /// The state that it was planned against.
    pub expects: Expectation,
}

/// An operation's identity in its plan: an address may occur in many phases.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId {
    /// The phase.
    pub phase: PhaseName,
    /// Create, update …
    pub kind: OperationKind,
    /// What it is about: an address, or a gate's or a mark's name.
    pub subject: Arc<str>,
}

/// The kinds of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Make an object.
    Create,
    /// Change an object in place.
    Update,
    /// Delete the object that the address stands for.
    Delete,
    /// Delete an object that a replacement left behind.
    DeleteDeposed,
    /// Wait until an object that was made before is ready.
    Complete,
    /// Ask a data source.
    Read,
    /// Ask a gate.
    Gate,
    /// Run a hook.
    Hook,
    /// Wait for a time or for approval.
    Wait,
    /// Read back and compare.
    Verify,
    /// Change the roster.
    Mark,
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Make an object.
    Create(Box<Change>),
    /// Change an object in place.
    Update(Box<Change>),
    /// Delete an object.
    Delete(Box<Removal>),
    /// Wait until an object that was made before is ready.
    Complete {
        /// Where it is.
        address: Address,
        /// Which object.
        uid: Uid,
    },
    /// Ask a data source.
    Read {
        /// The data source.
        address: Address,
        /// The provider configuration.
        provider: Arc<str>,
        /// Its arguments, with residuals.
        config: Value,
    },
    /// Ask a gate; texts are values with residuals.
    Gate {
        /// The scope that declares it.
        scope: Scope,
        /// Its name.
        name: Arc<str>,
        /// What to ask.
        gate: Box<Gate<Value>>,
        /// For how long.
        asked: Asked,
    },
    /// Let time pass, or wait for a person.
    Wait(Wait),
    /// Read the object back and compare its attributes.
    Verify {
        /// The object.
        address: Address,
        /// What the attributes must be, with residuals.
        expected: Value,
    },
    /// Change the roster.
    Mark(Box<Mark>),
}

impl Action {
    /// The block that it concerns; none for what asks, waits or changes the roster.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        match self {
            Action::Create(change) | Action::Update(change) => Some(&change.address),
            Action::Delete(removal) => Some(&removal.address),
            Action::Complete { address, .. }
            | Action::Read { address, .. }
            | Action::Verify { address, .. } => Some(address),
            Action::Gate { .. } | Action::Wait(_) | Action::Mark(_) => None,
        }
    }
}

/// For how long a gate is asked, or what is asked of a side instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Until it has a verdict.
    #[default]
    Once,
    /// Again and again for as long as the phase waits.
    Watching,
    /// It is no question but a hook: a command that must succeed.
    Hook,
}

/// What to wait for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// This long, counted from the journalled start of the phase.
    For(Duration),
    /// Until somebody approves.
    Approval,
    /// Until an environment serves nothing any more.
    Drain(Box<Drain>),
}

/// When an environment counts as drained: this only looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drain {
    /// The environment.
    pub scope: Scope,
    /// Its objects whose requests or connections are counted.
    pub counted: Vec<Address>,
    /// What lets clients come to it although it has no weight.
    pub horizons: Vec<Horizon>,
    /// When all horizons have passed, from the beginning of the drain on: not before that it counts
    /// as drained, since who is silent may come back.
    pub not_before: Duration,
    /// How long nothing new may have come to it.
    pub quiet: Duration,
    /// How long to look at most.
    pub limit: Duration,
    /// What then.
    pub at_limit: AtLimit,
}

/// How long clients may go on coming to where they were sent, whatever the weights have said since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// How long, from the change of the weights on.
    pub lasts: Duration,
    /// Why, as a clause for people, such as "answers with `front/a.www` are kept".
    pub why: String,
}

/// What follows when an environment is not drained in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtLimit {
    /// The promotion halts, and a later command goes on waiting.
    #[default]
    Halt,
    /// It goes on: what is still open is cut when the environment is retired.
    Proceed,
    /// The traffic goes back.
    RollBack,
}

/// A create or an update.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where.
    pub address: Address,
    /// Which object.
    pub uid: Uid,
    /// Which one it is at its address.
    pub incarnation: Incarnation,
    /// The provider configuration.
    pub provider: Arc<str>,
    /// The arguments, with residuals.
    pub config: Value,
    /// All attributes after the change, with residuals; what only the provider knows is
    /// [`Value::Pending`] on the attribute itself.
    pub planned: Value,
    /// The attributes before; `None` for a create at an address that had no object.
    pub prior: Option<Value>,
    /// Why the object is made anew, where it takes another's place.
    pub replaces: Option<Replacement>,
    /// What to keep of the configuration.
    pub lifecycle: Lifecycle,
    /// How it is recognised.
    pub handle: Handle,
    /// How long it may take; `None` is the provider's choice.
    pub timeout: Option<Duration>,
}

/// How and why an object takes another's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacement {
    /// Which goes first.
    pub order: ReplaceOrder,
    /// Why.
    pub reason: ReplaceReason,
    /// The object whose place is taken.
    pub old: Uid,
}

/// Which half of a replacement goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceOrder {
    /// The old object goes, then the new one is made.
    DestroyFirst,
    /// The new one is made, then the old one goes.
    CreateFirst,
    /// Create-first because a reference blocks the old one's deletion.
    CreateFirstForReference,
}

/// Why an object is made anew.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplaceReason {
    /// These attributes cannot change in place.
    Attributes(Vec<Path>),
    /// These may change in place of nothing: they are pending, and if they turn out equal, both
    /// halves are skipped.
    Pending(Vec<Path>),
    /// The provider calls the object failed.
    Failed(Arc<str>),
    /// `replace_triggered_by` names something that changes.
    Triggered(Arc<str>),
}

/// A delete.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// Where.
    pub address: Address,
    /// Which object.
    pub uid: Uid,
    /// The provider's name for it.
    pub id: Arc<str>,
    /// The provider configuration.
    pub provider: Arc<str>,
    /// The attributes before.
    pub prior: Value,
    /// How far it had come.
    pub status: Status,
    /// Whether a replacement left it behind.
    pub deposed: bool,
    /// Why it goes.
    pub reason: RemovalReason,
    /// How long it may take; `None` is the provider's choice.
    pub timeout: Option<Duration>,
}

/// Why an object is deleted.
#[derive(Clone, Debug, PartialEq)]
pub enum RemovalReason {
    /// The specs no longer have it.
    NotConfigured,
    /// Everything goes.
    Destroyed,
    /// Another takes its place; where the reason is pending, the arguments to compare with.
    Replaced {
        /// Why.
        reason: ReplaceReason,
        /// The new arguments, with residuals.
        config: Value,
    },
    /// A replacement left it behind earlier.
    Deposed,
}

/// Another operation of the phase that must have come so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Its position in the phase.
    pub operation: u32,
    /// How far.
    pub until: Strength,
}

/// The state that an operation was planned against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing of the state.
    Nothing,
    /// The object at this version: the plan's first touch.
    Version(Sequence),
    /// The outcome of an earlier operation of the plan.
    After(OperationId),
}

impl Plan {
    /// Whether applying it would change neither the world nor an output; it may still have
    /// something to record, see [`has_records`](Plan::has_records).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phases.iter().all(|phase| phase.operations.is_empty())
            && self.outputs.values().flat_map(BTreeMap::values).all(PlannedOutput::is_unchanged)
    }

    /// Whether applying it writes into the state what was seen or said of objects that it does
    /// not change. Such a plan is worth applying even if it [is empty](Plan::is_empty).
    #[must_use]
    pub fn has_records(&self) -> bool {
        !self.drift.is_empty() || !self.lifecycles.is_empty()
    }

    /// Every operation of every phase.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.phases.iter().flat_map(|phase| &phase.operations)
    }

    /// A phase, and those that follow where everything passes.
    pub fn way<'p>(&'p self, from: &'p Phase) -> impl Iterator<Item = &'p Phase> {
        let next = |phase: &&Phase| match &phase.on_pass {
            Next::Phase(name) => self.phases.iter().find(|it| it.name == *name),
            _ => None,
        };
        // A plan of another make may lead in a circle.
        std::iter::successors(Some(from), next).take(self.phases.len())
    }

    /// The digest by which the journal names this plan, given its file form.
    #[must_use]
    pub fn digest_of(text: &[u8]) -> Digest {
        Digest::of(text)
    }
}

impl PlannedOutput {
    /// Whether the value is the one it had before.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.prior.as_ref() == Some(&self.value)
    }
}

impl Phase {
    /// Whether it has nothing to do but to ask gates.
    #[must_use]
    pub fn asks_gates(&self) -> bool {
        self.operations.iter().all(|it| matches!(it.action, Action::Gate { .. }))
    }
}

impl OperationKind {
    /// The word for it in ids and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            OperationKind::Create => "create",
            OperationKind::Update => "update",
            OperationKind::Delete => "delete",
            OperationKind::DeleteDeposed => "delete_deposed",
            OperationKind::Complete => "complete",
            OperationKind::Read => "read",
            OperationKind::Gate => "gate",
            OperationKind::Hook => "hook",
            OperationKind::Wait => "wait",
            OperationKind::Verify => "verify",
            OperationKind::Mark => "mark",
        }
    }

    const ALL: [OperationKind; 11] = [
        OperationKind::Create,
        OperationKind::Update,
        OperationKind::Delete,
        OperationKind::DeleteDeposed,
        OperationKind::Complete,
        OperationKind::Read,
        OperationKind::Gate,
        OperationKind::Hook,
        OperationKind::Wait,
        OperationKind::Verify,
        OperationKind::Mark,
    ];
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.phase, self.kind.as_str(), self.subject)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Text that is not an operation's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an operation such as `apply:create:default/aws_vpc.main`")]
pub struct OperationIdError(String);

impl FromStr for OperationId {
    type Err = OperationIdError;

    fn from_str(text: &str) -> Result<OperationId, OperationIdError> {
        let error = || OperationIdError(text.to_owned());
        let mut parts = text.splitn(3, ':');
        let (Some(phase), Some(kind), Some(subject)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(error());
        };
        let kind =
            OperationKind::ALL.into_iter().find(|it| it.as_str() == kind).ok_or_else(error)?;
        Ok(OperationId { phase: phase.into(), kind, subject: subject.into() })
    }
}

impl Serialize for OperationId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OperationId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
