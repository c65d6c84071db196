//! Events: what a run tells whoever watches it.
//!
//! Text, progress bars and JSON are views of these; none of them decides anything.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Address;
use greenroom_model::gate::Verdict;
use greenroom_model::plan::{OperationId, OperationKind, Wait};
use greenroom_provider::WorldEffect;

use crate::request::Asked;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The lease is not free yet: it is waited for.
    LeaseAwaited {
        /// Who had it last, as it introduced itself, if that is known.
        holder: Option<String>,
    },
    /// What an earlier run did and its store did not take is in the state now.
    RescueTaken {
        /// How many outcomes.
        outcomes: usize,
        /// The file that they were kept in.
        path: PathBuf,
    },
    /// What was done is not in the state, because its store failed.
    Rescued {
        /// How many outcomes.
        outcomes: usize,
        /// The file that they are kept in for the next run, or why they are not.
        kept: Result<PathBuf, String>,
    },
    /// Intents of an earlier run are open; each is looked up.
    Settling {
        /// How many.
        intents: usize,
    },
    /// An open intent was decided.
    Settled {
        /// What it was about.
        address: Address,
        /// What was found: `made`, `not made`, `imported`, `not imported`, `changed`, `deleted`,
        /// `interrupted`.
        found: &'static str,
    },
    /// An object that may still turn up is waited for.
    Awaited {
        /// What it is.
        address: Address,
        /// For how long at most.
        longest: Duration,
    },
    /// Objects are read.
    Refreshing {
        /// How many.
        objects: usize,
    },
    /// All of them were read.
    Refreshed {
        /// How many.
        objects: usize,
        /// How long it took.
        elapsed: Duration,
    },
    /// A plan's operations begin.
    RunStarted {
        /// How many operations it has where everything passes.
        operations: usize,
    },
    /// A phase begins.
    PhaseStarted {
        /// Its name.
        phase: Arc<str>,
        /// How many operations it has.
        operations: usize,
        /// How many it and the phases after it have, where everything passes.
        ahead: usize,
    },
    /// An operation begins: its intent is durable.
    Started(About),
    /// An operation was accepted and is waited for.
    Accepted(About),
    /// An operation is done.
    Completed {
        /// Which.
        about: About,
        /// How long it took.
        elapsed: Duration,
        /// Whether there was nothing to do after all.
        unchanged: bool,
    },
    /// An operation waits for a time, a person, or an environment that serves nobody any more.
    Waiting(About, Wait),
    /// Somebody asked something of a promotion.
    Asked {
        /// What, and who.
        asked: Asked,
        /// Whether it could be done; if not, there was nothing to do it to.
        heard: bool,
    },
    /// A gate has its verdict.
    GateDecided {
        /// Which.
        about: About,
        /// What it says.
        verdict: Verdict,
        /// How long it took.
        elapsed: Duration,
    },
    /// A verdict leads back to where everything was before.
    TurnedBack {
        /// What was said.
        verdict: Verdict,
    },
    /// An operation failed.
    Failed {
        /// Which.
        about: About,
        /// Why.
        message: String,
        /// What happened to the world.
        effect: WorldEffect,
        /// What to do.
        help: Option<String>,
        /// How long it took.
        elapsed: Duration,
    },
    /// An operation will not start, because one that it needs failed.
    Skipped {
        /// Which.
        about: About,
        /// The one that failed.
        because: OperationId,
    },
    /// A provider's credentials do not do: nothing more is sent to it.
    GivenUp {
        /// The provider's configuration.
        provider: Arc<str>,
        /// The operation that found it out.
        because: OperationId,
        /// What the provider said.
        message: String,
        /// What is therefore not done, in the order of the plan.
        skipped: Vec<About>,
    },
    /// An object came out otherwise than planned.
    Contradicted {
        /// Which operation.
        about: About,
        /// The attributes.
        attributes: Vec<String>,
    },
    /// A cancellation takes effect: nothing new starts.
    Cancelling {
        /// How many operations are still under way.
        running: usize,
    },
    /// The run is over.
    RunFinished {
        /// Operations done, unchanged ones included.
        completed: usize,
        /// Operations that failed.
        failed: usize,
        /// Operations that never started.
        skipped: usize,
        /// How long it took.
        elapsed: Duration,
    },
}

/// The operation that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its identity in the plan.
    pub id: OperationId,
    /// Create, update …
    pub kind: OperationKind,
    /// The object, for operations that have one.
    pub address: Option<Address>,
}

/// Watches a run.
pub trait Observer: Send + Sync {
    /// Takes an event. Must not block.
    fn observe(&self, event: &Event);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn observe(&self, _: &Event) {}
}
