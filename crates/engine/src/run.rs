//! A run: a plan being applied, as a pure state machine.
//!
//! The driver hands in what became of operations and carries out what [`Run::start`] gives it. A
//! run never plans: it evaluates residuals, follows phases and keeps the state.

mod arguments;
mod refuse;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::gate::Gate;
use greenroom_model::identity::{Digest, Sequence, Uid};
use greenroom_model::journal::{Entry, Intent};
use greenroom_model::plan::{Action, Next, Operation, Phase, Plan, Wait};
use greenroom_model::state::{Remote, State, Status};
use greenroom_model::value::{Path, Value};
use greenroom_spec::schemas::Schemas;

use crate::diff;
use crate::outcomes::{Outcomes, Secrets};
use crate::replay::{ReplayError, replay};
use crate::schedule::{ImpossibleEvent, Progress, Schedule};

pub(crate) use arguments::{deadline, intent};
pub use refuse::Refusal;

/// A plan being applied.
pub struct Run {
    plan: Arc<Plan>,
    digest: Digest,
    schemas: Arc<Schemas>,
    secrets: Secrets,
    state: State,
    phase: usize,
    schedule: Schedule,
    failures: usize,
    halted: bool,
}

/// What the driver is to do for an operation.
#[derive(Clone, Debug)]
pub struct Command {
    /// The operation's position in the current phase.
    pub operation: u32,
    /// What to do.
    pub work: Work,
}

/// The work of an operation.
#[derive(Clone, Debug)]
pub enum Work {
    /// Nothing: what was pending turned out equal, or an earlier run did it.
    Nothing,
    /// An effect: the intent must be durable before it is sent.
    Effect {
        /// What the journal says before.
        intent: Box<Intent>,
        /// What is sent.
        effect: Effect,
    },
    /// Wait until an object that was made before is ready.
    Complete(Box<Target>),
    /// Ask a data source.
    Read {
        /// The data source.
        address: Address,
        /// The provider configuration.
        provider: Arc<str>,
        /// Its arguments.
        config: Value,
    },
    /// Ask a gate.
    Gate {
        /// Its name.
        name: Arc<str>,
        /// What to ask.
        gate: Box<Gate<String>>,
    },
    /// Let time pass, or wait for a person.
    Wait(Wait),
    /// It cannot be done: a residual has no value. Nothing was sent.
    Impossible {
        /// Why.
        message: String,
        /// What to do.
        help: Option<String>,
    },
}

/// What is sent to a provider.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A new object.
    Create {
        /// All attributes as planned; what only the provider gives is pending.
        planned: Value,
    },
    /// A change in place.
    Update {
        /// The object with its attributes now.
        target: Box<Target>,
        /// All attributes as planned.
        planned: Value,
        /// What differs.
        changed: Vec<Path>,
    },
    /// A deletion.
    Delete {
        /// The object.
        target: Box<Target>,
    },
}

/// An object that an operation is about.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is.
    pub address: Address,
    /// Which object.
    pub uid: Uid,
    /// The provider's name for it.
    pub id: Arc<str>,
    /// The provider configuration.
    pub provider: Arc<str>,
    /// Its attributes as last known.
    pub attributes: Value,
}

/// Where a run stands when no operation can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Operations are under way, or ready.
    Working,
    /// The last phase is over and all its operations succeeded.
    Complete,
    /// Operations failed, and there is no fallback.
    Halted,
}

impl Run {
    /// Starts a plan, or goes on with one that a crash interrupted.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the plan is not for this state as it is now. Nothing was done.
    pub fn new(
        plan: Arc<Plan>,
        digest: Digest,
        state: State,
        schemas: Arc<Schemas>,
        secrets: Secrets,
    ) -> Result<Run, Refusal> {
        refuse::check(&plan, &digest, &state)?;
        let mut run = Run {
            schedule: Schedule::new([]),
            plan,
            digest,
            schemas,
            secrets,
            state,
            phase: 0,
            failures: 0,
            halted: false,
        };
        run.enter(0);
        Ok(run)
    }

    /// The entries that must be durable before anything else: the run itself, what each scope is
    /// made from, and what the plan's refresh saw.
    #[must_use]
    pub fn opening(&self, holder: Arc<str>) -> Vec<Entry> {
        refuse::opening(&self.plan, &self.digest, &self.state, &self.secrets, holder)
    }

    /// The state as it is now.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The current phase; `None` after the last.
    #[must_use]
    pub fn phase(&self) -> Option<&Phase> {
        self.plan.phases.get(self.phase)
    }

    /// An operation of the current phase.
    #[must_use]
    pub fn operation(&self, position: u32) -> &Operation {
        &self.plan.phases[self.phase].operations[position as usize]
    }

    /// The journal took an entry: it becomes part of the state.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]: the entry does not fit, which is a mistake of the driver.
    pub fn recorded(&mut self, sequence: Sequence, entry: Entry) -> Result<(), ReplayError> {
        replay(&mut self.state, sequence, entry)
    }

    /// Gives the next operation that can start, with its arguments as they are now. `now` is in
    /// seconds since the epoch.
    pub fn start(&mut self, now: i64) -> Option<Command> {
        let operation = self.schedule.start()?;
        Some(Command { operation, work: self.work(operation, now) })
    }

    /// Whether an operation could start.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        self.schedule.has_ready()
    }

    /// The world accepted an operation; who needs no more may start.
    ///
    /// # Errors
    ///
    /// [`ImpossibleEvent`]: a mistake of the driver.
    pub fn accepted(&mut self, operation: u32) -> Result<(), ImpossibleEvent> {
        self.schedule.accepted(operation)
    }

    /// An operation is complete.
    ///
    /// # Errors
    ///
    /// [`ImpossibleEvent`]: a mistake of the driver.
    pub fn completed(&mut self, operation: u32) -> Result<(), ImpossibleEvent> {
        self.schedule.completed(operation)
    }

    /// An operation failed. Returns those that will therefore never start.
    ///
    /// # Errors
    ///
    /// [`ImpossibleEvent`]: a mistake of the driver.
    pub fn failed(&mut self, operation: u32) -> Result<Vec<u32>, ImpossibleEvent> {
        self.failures += 1;
        self.schedule.failed(operation)
    }

    /// Gives up every operation of the current phase that waits, or whose effect is in `unsent`,
    /// and that the provider configuration of `failed` would carry out. Returns the configuration
    /// and what will therefore never be done; `None` if an operation has no provider.
    pub fn give_up_provider(
        &mut self,
        failed: u32,
        unsent: &BTreeSet<u32>,
    ) -> Option<(Arc<str>, Vec<u32>)> {
        let provider = self.provider(self.operation(failed))?;
        let operations = self.phase().map_or(0, |it| it.operations.len());
        let stoppable: Vec<u32> = (0u32..)
            .take(operations)
            .filter(|it| self.schedule.progress(*it) == Progress::Waiting || unsent.contains(it))
            .filter(|it| self.provider(self.operation(*it)).as_ref() == Some(&provider))
            .collect();
        let mut skipped: Vec<u32> =
            stoppable.into_iter().flat_map(|it| self.schedule.give_up(it)).collect();
        skipped.sort_unstable();
        Some((provider, skipped))
    }

    /// Whether an operation was given up.
    #[must_use]
    pub fn is_given_up(&self, operation: u32) -> bool {
        self.schedule.progress(operation) == Progress::Skipped
    }

    /// The provider configuration that carries an operation out.
    fn provider(&self, operation: &Operation) -> Option<Arc<str>> {
        match &operation.action {
            Action::Create(change) | Action::Update(change) => Some(change.provider.clone()),
            Action::Delete(removal) => Some(removal.provider.clone()),
            Action::Read { provider, .. } => Some(provider.clone()),
            Action::Complete { address, .. } | Action::Verify { address, .. } => {
                let current = self.state.instance(address)?.current.as_ref()?;
                Some(current.provider.clone())
            }
            Action::Gate { .. } | Action::Wait(_) | Action::Mark(_) => None,
        }
    }

    /// Goes to the next phase if the current one is over, and says where the run stands.
    pub fn standing(&mut self) -> Standing {
        loop {
            if self.halted {
                return Standing::Halted;
            }
            if self.phase >= self.plan.phases.len() {
                return Standing::Complete;
            }
            if !self.schedule.is_finished() {
                return Standing::Working;
            }
            let phase = &self.plan.phases[self.phase];
            let next = if self.failures == 0 { &phase.on_pass } else { &phase.on_fail };
            match next.clone() {
                Next::Done => {
                    self.halted = self.failures > 0;
                    self.phase = self.plan.phases.len();
                }
                Next::Halt => self.halted = true,
                Next::Phase(name) => match self.plan.phases.iter().position(|it| it.name == name) {
                    Some(position) => {
                        self.failures = 0;
                        self.enter(position);
                    }
                    None => self.halted = true,
                },
            }
        }
    }

    /// The outputs of every scope with their residuals evaluated. Those whose residuals have no
    /// value yet, because something failed, are left out.
    #[must_use]
    pub fn outputs(&self) -> Vec<Entry> {
        let outputs = self.plan.outputs.iter().map(|(scope, outputs)| {
            let outcomes = self.outcomes(scope, None);
            let settled: BTreeMap<Arc<str>, Value> = outputs
                .iter()
                .filter_map(|(name, it)| Some((name.clone(), outcomes.settle(&it.value).ok()?)))
                .filter(|(_, value)| !value.is_null() && !value.has_pending())
                .collect();
            (scope, settled)
        });
        outputs
            .filter(|(scope, settled)| {
                self.state.scopes.get(*scope).map(|it| &it.outputs).unwrap_or(&BTreeMap::new())
                    != settled
            })
            .map(|(scope, outputs)| Entry::Outputs { scope: scope.clone(), outputs })
            .collect()
    }

    /// What was known at plan and came out otherwise: a provider's mistake, to be shown.
    #[must_use]
    pub fn contradictions(&self, planned: &Value, attributes: &Value) -> Vec<Path> {
        arguments::contradictions(planned, attributes)
    }

    /// Attributes that a provider gave back for an operation, with the marks of its plan and of
    /// what is known of the object.
    #[must_use]
    pub fn marked(&self, operation: u32, attributes: &Value) -> Value {
        let (address, like) = match &self.operation(operation).action {
            Action::Create(change) | Action::Update(change) => (&change.address, &change.planned),
            Action::Complete { address, uid } => match self.object(address, uid) {
                Some(remote) => (address, &remote.attributes),
                None => return attributes.clone(),
            },
            _ => return attributes.clone(),
        };
        let schema = self.schemas.of_block(&address.block).map(|it| it.schema);
        diff::marked_like(schema, address, attributes, like)
    }

    /// Takes the state out when the run is over.
    #[must_use]
    pub fn into_state(self) -> State {
        self.state
    }

    /// Enters a phase; what an earlier run of the same plan did is done.
    fn enter(&mut self, phase: usize) {
        self.phase = phase;
        let Some(phase) = self.plan.phases.get(phase) else { return };
        self.schedule = Schedule::new(phase.operations.iter().map(|it| it.needs.as_slice()));
    }

    fn was_done(&self, operation: &Operation) -> bool {
        // Another plan may have had an operation of this name.
        let own = self.state.run.as_ref().filter(|run| run.plan == self.digest);
        own.is_some_and(|run| run.done.contains(&operation.id))
    }

    fn outcomes<'a>(
        &'a self,
        scope: &'a greenroom_model::address::Scope,
        own: Option<&'a Address>,
    ) -> Outcomes<'a> {
        Outcomes { plan: &self.plan, state: &self.state, secrets: &self.secrets, scope, own }
    }

    /// The object with this uid, current or deposed.
    fn object(&self, address: &Address, uid: &Uid) -> Option<&Remote> {
        let instance = self.state.instance(address)?;
        instance.current.iter().chain(&instance.deposed).find(|it| it.uid == *uid)
    }

    fn work(&self, position: u32, now: i64) -> Work {
        let operation = self.operation(position);
        debug_assert_eq!(self.schedule.progress(position), Progress::Started);
        if self.was_done(operation) && !self.is_incomplete(operation) {
            return Work::Nothing;
        }
        let work = match &operation.action {
            Action::Create(change) => self.create(operation, change, now),
            Action::Update(change) => self.update(operation, change, now),
            Action::Delete(removal) => self.delete(operation, removal, now),
            Action::Complete { address, uid } => Ok(self.complete(address, uid)),
            Action::Read { address, provider, config } => {
                self.outcomes(&address.scope, None).settle(config).map(|config| Work::Read {
                    address: address.clone(),
                    provider: provider.clone(),
                    config,
                })
            }
            Action::Gate { scope, name, gate } => self.gate(scope, name, gate),
            Action::Wait(wait) => Ok(Work::Wait(wait.clone())),
            // Front changes of promotions; a plan that has them is planned by the promotion.
            Action::Verify { .. } | Action::Mark(_) => Ok(Work::Impossible {
                message: format!("{} needs a promotion to carry it out", operation.id),
                help: None,
            }),
        };
        work.unwrap_or_else(|problem| Work::Impossible {
            message: problem.message,
            help: problem.help,
        })
    }

    /// Whether an earlier run made the operation's object but never saw it ready.
    fn is_incomplete(&self, operation: &Operation) -> bool {
        match &operation.action {
            Action::Create(change) => self
                .object(&change.address, &change.uid)
                .is_some_and(|it| it.status == Status::Incomplete),
            // An update whose answer was lost is settled by what was read, which may be as before.
            Action::Update(change) => self.is_unlike(change),
            Action::Delete(removal) => self.object(&removal.address, &removal.uid).is_some(),
            _ => false,
        }
    }

    fn complete(&self, address: &Address, uid: &Uid) -> Work {
        match self.object(address, uid) {
            Some(remote) => Work::Complete(Box::new(target(address, remote))),
            None => Work::Nothing,
        }
    }
}

fn target(address: &Address, remote: &Remote) -> Target {
    Target {
        address: address.clone(),
        uid: remote.uid.clone(),
        id: remote.id.clone(),
        provider: remote.provider.clone(),
        attributes: remote.attributes.clone(),
    }
}
