//! Journal entries: what is written before and after each effect.
//!
//! The order of the entries is the order of the decisions. Replaying them over a snapshot gives
//! the state; `greenroom-engine` holds that function.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Scope};
use crate::gate::Verdict;
use crate::identity::{Digest, Incarnation, Sequence, Uid};
use crate::plan::OperationId;
use crate::roster::Decision;
use crate::state::{Inputs, Lifetime, Reads, Status};
use crate::value::Value;

/// One record of a journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A plan begins, or goes on after a crash.
    RunStarted {
        /// The plan.
        plan: Digest,
        /// Who and when, for people.
        holder: Arc<str>,
        /// The plan itself, where a later command must be able to go on without a file.
        text: Option<Arc<str>>,
    },
    /// The plan is done, or was given up.
    RunFinished {
        /// Whether every operation succeeded.
        complete: bool,
    },
    /// What a scope is made from, from here on.
    ScopeInputs {
        /// Front or environment.
        scope: Scope,
        /// Its inputs.
        inputs: Box<Inputs>,
    },
    /// A scope has nothing left and is forgotten.
    ScopeRemoved {
        /// The environment.
        scope: Scope,
    },
    /// An effect is about to be sent.
    Intent(Box<Intent>),
    /// What became of an intent.
    Outcome {
        /// The intent's place in the journal.
        intent: Sequence,
        /// What became of it.
        outcome: Outcome,
    },
    /// An object that was incomplete is ready, or failed.
    Settled {
        /// Where it is.
        address: Address,
        /// Which object.
        uid: Uid,
        /// How far it has come.
        status: Status,
        /// Its attributes now.
        attributes: Value,
    },
    /// An object whose deletion was accepted is gone.
    Gone {
        /// Where it was.
        address: Address,
        /// Which object.
        uid: Uid,
    },
    /// A refresh saw an object other than it was recorded.
    Observed {
        /// Where it is.
        address: Address,
        /// Which object.
        uid: Uid,
        /// What was seen; `None` if it is gone.
        seen: Option<Seen>,
    },
    /// The configuration of an object that stays as it is says something else from here on.
    Lifecycle {
        /// Where it is.
        address: Address,
        /// Which object.
        uid: Uid,
        /// What to keep of the configuration.
        lifecycle: Lifecycle,
    },
    /// An operation without an effect of its own (read, gate, wait, verify) has an answer.
    Answer {
        /// The operation.
        operation: OperationId,
        /// Its result.
        value: Value,
        /// For gates: the verdict.
        verdict: Option<Verdict>,
        /// When it came: seconds since the epoch; 0 if that was not noted.
        at: i64,
    },
    /// The roster changes.
    Mark {
        /// The operation.
        operation: OperationId,
        /// The decision.
        decision: Box<Decision>,
    },
    /// A scope's outputs after a plan.
    Outputs {
        /// Front or environment.
        scope: Scope,
        /// The outputs by name.
        outputs: BTreeMap<Arc<str>, Value>,
    },
    /// A watched handle is looked for no longer.
    Unwatched {
        /// The object that never appeared, or was deleted when it did.
        uid: Uid,
    },
    /// Who made the environment is noted, or it may live longer.
    Lifetime(Lifetime),
}

/// What was seen of an object that changed without us.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its attributes.
    pub attributes: Value,
    /// Ready, or failed.
    pub status: Status,
}

/// What an effect is about to do, durable before it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// The operation of the plan; `None` while settling.
    pub operation: Option<OperationId>,
    /// Create, update, delete or import.
    pub effect: Effect,
    /// The objects, in order; more than one in a batch.
    pub subjects: Vec<Subject>,
    /// The provider configuration.
    pub provider: Arc<str>,
    /// How the object can be recognised if the answer is lost.
    pub handle: Handle,
    /// What is sent, with secrets hashed.
    pub arguments: Value,
    /// For creates and imports: what the configuration read, and how it wants to be replaced.
    pub lifecycle: Lifecycle,
    /// When the call is given up for certain: seconds since the epoch. Grace starts here.
    pub deadline: i64,
}

/// What kind of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A new object.
    Create,
    /// An object changes in place.
    Update,
    /// An object goes.
    Delete,
    /// An object that nobody here made becomes ours.
    Import,
}

/// One object that an intent is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Where it is.
    pub address: Address,
    /// Which object.
    pub uid: Uid,
    /// The incarnation that a create or an import spends.
    pub incarnation: Incarnation,
}

/// What recognises an object whose create or import was not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// The client token: derived from uid and parameter hash, never from a clock.
    pub token: Arc<str>,
    /// For what is inside or claimed: the natural key that the provider looks up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub natural_key: Option<Arc<str>>,
}

/// What a state keeps of a configuration beside the attributes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lifecycle {
    /// The instances that the configuration read.
    pub reads: Arc<Reads>,
    /// The replacement is made before the old object goes.
    pub create_before_destroy: bool,
    /// Deleting it is refused.
    pub prevent_destroy: bool,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The objects exist, made or taken over; one entry a subject, in order.
    Created(Vec<Made>),
    /// The object was changed.
    Updated {
        /// Its attributes now.
        attributes: Value,
    },
    /// The deletion was accepted.
    DeleteAccepted,
    /// The object is gone.
    Deleted,
    /// Nothing happened to the world.
    Failed {
        /// Why.
        message: Arc<str>,
    },
    /// Nothing was found of it; its handle goes on the watch list until then, if it has grace.
    Abandoned {
        /// Seconds since the epoch; `None` if it cannot turn up any more.
        watch_until: Option<i64>,
    },
}

/// An object that a create made, or an import took over.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Ready, incomplete or failed.
    pub status: Status,
    /// Its attributes as far as known.
    pub attributes: Value,
}
