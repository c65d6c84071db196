//! A run: a plan being applied, as a pure state machine.
//!
//! The driver hands in what became of operations and carries out what [`Run::start`] gives it. A
//! run never plans: it evaluates residuals, follows phases and keeps the state.

mod arguments;
mod going_on;
mod others;
mod refuse;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::{Address, Scope};
use greenroom_model::gate::{Gate, GateResult, OnInconclusive, Verdict};
use greenroom_model::identity::{Digest, Sequence, Uid};
use greenroom_model::journal::{Entry, Intent};
use greenroom_model::plan::{
    Action, Asked, Next, Operation, OperationId, OperationKind, Phase, PhaseName, Plan, Purpose,
    Wait,
};
use greenroom_model::roster::{Course, Decision, Ending, Mark};
use greenroom_model::state::{Remote, State, Status};
use greenroom_model::value::{Difference, Path, Value};
use greenroom_spec::expr::Problem;
use greenroom_spec::schemas::Schemas;

use crate::diff;
use crate::outcomes::{Outcomes, Secrets};
use crate::promotion::{Occasion, decide};
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
    /// The phase that the plan goes on with once what let it in there is proven again.
    goes_on: Option<usize>,
    schedule: Schedule,
    failures: usize,
    /// What ended the phase before its operations did.
    stopped: Option<Verdict>,
    /// What led to the phase, if it is a fallback.
    led_by: Option<Verdict>,
    ended: Option<Standing>,
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
        /// The scope that declares it.
        scope: Scope,
        /// Its name.
        name: Arc<str>,
        /// What to ask.
        gate: Box<Gate<String>>,
        /// For how long.
        asked: Asked,
    },
    /// Let time pass, or wait for a person, or for an environment that serves nobody any more.
    Wait(Wait),
    /// Wait until what an object says holds, and compare.
    Verify {
        /// The object.
        target: Box<Target>,
        /// What its attributes must be.
        expected: Value,
    },
    /// Change the roster.
    Mark(Box<Decision>),
    /// It cannot be done: a residual has no value, or somebody else changed its object. Nothing was
    /// sent.
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
    /// A fallback is over: everything is as it was before.
    RolledBack,
    /// Operations failed, or a gate did not pass and there is no fallback.
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
            goes_on: None,
            failures: 0,
            stopped: None,
            led_by: None,
            ended: None,
        };
        run.led_by = run.verdict_before();
        run.go_on();
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

    /// The operations that could start.
    pub fn ready(&self) -> impl Iterator<Item = &Operation> {
        self.schedule.ready().map(|position| self.operation(position))
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

    /// The operations of the current phase that failed, or that never start because of that.
    pub fn failures(&self) -> impl Iterator<Item = &Operation> {
        let operations = self.phase().into_iter().flat_map(|it| &it.operations);
        let failed =
            |at: u32| matches!(self.schedule.progress(at), Progress::Failed | Progress::Skipped);
        let failures = (0u32..).zip(operations).filter(move |(at, _)| failed(*at));
        failures.map(|(_, operation)| operation)
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

    /// Takes what a gate, or somebody who asked to give up, said in the current phase; it is in the
    /// journal. Returns whether it ends the phase: whatever is not in `sent` is then given up.
    ///
    /// Only a plan that shifts traffic has phases to turn to; in another one the rest goes on.
    pub fn said(&mut self, verdict: &Verdict, sent: &BTreeSet<u32>) -> bool {
        let ends = self.plan.purpose.shifts() && verdict.result != GateResult::Pass;
        if ends {
            self.stopped = Some(verdict.clone());
            self.schedule.stop(sent);
        }
        ends
    }

    /// What an operation's gate says, as the stage takes it: what is not known may count as a no.
    #[must_use]
    pub fn judged(&self, operation: u32, verdict: Verdict) -> Verdict {
        let declared = match &self.operation(operation).action {
            Action::Gate { gate, .. } => gate.on_inconclusive,
            _ => OnInconclusive::Halt,
        };
        match (verdict.result, declared) {
            (GateResult::Inconclusive, OnInconclusive::Fail) => {
                let evidence = format!("{}, which counts as a failure", verdict.evidence);
                Verdict { result: GateResult::Fail, evidence, ..verdict }
            }
            _ => verdict,
        }
    }

    /// Whether what ended the current phase leads back, and does not halt the plan.
    #[must_use]
    pub fn turns_back(&self) -> bool {
        let failed = self.stopped.as_ref().is_some_and(|it| it.result == GateResult::Fail);
        failed && *self.on_fail() != Next::Halt
    }

    /// Gives up what is left of a phase that a verdict has ended, but what is in `sent`.
    pub fn stop(&mut self, sent: &BTreeSet<u32>) {
        self.schedule.stop(sent);
    }

    /// Whether there is a way back from the current phase.
    #[must_use]
    pub fn can_give_up(&self) -> bool {
        self.stopped.is_none() && *self.on_fail() != Next::Halt
    }

    /// In what an object that was looked at is not what `operation` expects of it.
    #[must_use]
    pub fn unlike(&self, operation: u32, expected: &Value, seen: &Value) -> Vec<Difference> {
        let Action::Verify { address, .. } = &self.operation(operation).action else {
            return Vec::new();
        };
        match self.schemas.of_block(&address.block) {
            Some(known) => diff::unlike(known.schema, expected, seen),
            None => Vec::new(),
        }
    }

    /// Whether the current phase was ended by a verdict.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// The id under which the current phase keeps that somebody asked to give up.
    #[must_use]
    pub fn request_id(&self) -> Option<OperationId> {
        self.phase().map(|it| request_id(&it.name))
    }

    /// Whether everything in the current phase that waits is over, so that its gates need not
    /// watch any longer.
    #[must_use]
    pub fn has_waited(&self) -> bool {
        let operations = self.phase().into_iter().flat_map(|it| &it.operations);
        (0u32..).zip(operations).all(|(position, it)| {
            !matches!(it.action, Action::Wait(_))
                || self.schedule.progress(position) == Progress::Complete
        })
    }

    /// Goes to the next phase if the current one is over, and says where the run stands.
    pub fn standing(&mut self) -> Standing {
        loop {
            if let Some(ended) = self.ended {
                return ended;
            }
            let Some(phase) = self.plan.phases.get(self.phase) else { return Standing::Complete };
            if !self.schedule.is_finished() {
                return Standing::Working;
            }
            let next = match &self.stopped {
                Some(said) if said.result == GateResult::Fail => self.on_fail().clone(),
                // Nobody knows: nothing more is done until somebody does.
                Some(_) => Next::Halt,
                None if self.failures > 0 => Next::Halt,
                None => self.on_pass(phase),
            };
            match next {
                Next::Done => self.ended = Some(Standing::Complete),
                Next::RolledBack => self.ended = Some(Standing::RolledBack),
                Next::Halt => self.ended = Some(Standing::Halted),
                Next::Phase(name) => match self.plan.phases.iter().position(|it| it.name == name) {
                    Some(position) => {
                        // What led to a fallback is what led to all that follow it.
                        self.led_by = self.stopped.take().or_else(|| self.led_by.take());
                        self.goes_on = None;
                        self.enter(position);
                    }
                    None => self.ended = Some(Standing::Halted),
                },
            }
        }
    }

    /// The outputs of every scope with their residuals evaluated. Those whose residuals have no
    /// value yet, because something failed, are left out.
    #[must_use]
    pub fn outputs(&self) -> Vec<Entry> {
        // What a front says when all traffic is shifted, it does not say before.
        let is_back = self.ended == Some(Standing::RolledBack);
        let shifted = self.ended == Some(Standing::Complete) || self.makes_front_anew() && is_back;
        self.outputs_of(!self.plan.purpose.shifts() || shifted)
    }

    /// The same at the decision that ends a promotion, which is the last of it.
    #[must_use]
    pub fn outputs_at(&self, ending: Ending) -> Vec<Entry> {
        self.outputs_of(ending == Ending::Promoted || self.makes_front_anew())
    }

    /// Whether the front is another one at the end of a way back than before the promotion.
    fn makes_front_anew(&self) -> bool {
        self.plan.purpose == Purpose::Abort
    }

    fn outputs_of(&self, shifted: bool) -> Vec<Entry> {
        let is_anothers = |scope: &Scope| scope.is_front() || self.makes_front_anew();
        let wanted = |scope: &Scope| shifted || !is_anothers(scope);
        let outputs = self.plan.outputs.iter().filter(|(scope, _)| wanted(scope));
        let outputs = outputs.map(|(scope, outputs)| {
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

    /// What made an earlier run of the same plan turn back.
    fn verdict_before(&self) -> Option<Verdict> {
        let run = self.state.run.as_ref().filter(|run| run.plan == self.digest)?;
        run.verdicts.values().find(|it| it.result == GateResult::Fail).cloned()
    }

    /// Enters a phase; what an earlier run of the same plan did is done, and what ended the phase
    /// then ends it now.
    fn enter(&mut self, phase: usize) {
        self.phase = phase;
        self.failures = 0;
        let Some(phase) = self.plan.phases.get(phase) else { return };
        self.schedule = Schedule::new(phase.operations.iter().map(|it| it.needs.as_slice()));
        if let Some(verdict) = self.said_before(phase) {
            self.said(&verdict, &BTreeSet::new());
        }
    }

    /// What an earlier run of the same plan was told in a phase that ended it. Where there was no
    /// fallback, it is asked again.
    fn said_before(&self, phase: &Phase) -> Option<Verdict> {
        let run = self.state.run.as_ref().filter(|run| run.plan == self.digest)?;
        if *self.on_fail() == Next::Halt {
            return None;
        }
        let ids = phase.operations.iter().map(|it| it.id.clone());
        let said = ids.chain([request_id(&phase.name)]).filter_map(|id| run.verdicts.get(&id));
        said.into_iter().find(|it| it.result == GateResult::Fail).cloned()
    }

    fn was_done(&self, operation: &Operation) -> bool {
        // Another plan may have had an operation of this name.
        let own = self.state.run.as_ref().filter(|run| run.plan == self.digest);
        own.is_some_and(|run| run.done.contains(&operation.id))
    }

    fn outcomes<'a>(&'a self, scope: &'a Scope, own: Option<&'a Address>) -> Outcomes<'a> {
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
        if self.is_over(operation) {
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
            Action::Gate { scope, name, gate, asked } => self.gate(scope, name, gate, *asked),
            Action::Wait(wait) => Ok(Work::Wait(self.remaining(wait, now))),
            Action::Verify { address, expected } => self.verify(address, expected),
            Action::Mark(mark) => Ok(Work::Mark(Box::new(self.decision(mark, now)))),
        };
        work.unwrap_or_else(|problem| Work::Impossible {
            message: problem.message,
            help: problem.help,
        })
    }

    /// Whether an earlier run did an operation, so that it need not be done again.
    fn is_over(&self, operation: &Operation) -> bool {
        match &operation.action {
            // What a side showed to an earlier process, it need not show now.
            Action::Gate { gate, .. } if !gate.probe.needs_traffic() => false,
            _ if self.goes_on.is_some() => true,
            _ => self.was_done(operation) && !self.is_incomplete(operation),
        }
    }

    /// Whether an earlier run made the operation's object but never saw it ready.
    fn is_incomplete(&self, operation: &Operation) -> bool {
        match &operation.action {
            Action::Create(change) => self
                .object(&change.address, &change.uid)
                .is_some_and(|it| it.status == Status::Incomplete),
            // An update whose answer was lost is settled by what was read, which may be as before.
            Action::Update(change) => self.is_unlike(change),
            Action::Delete(removal) => self.to_remove(removal).is_some(),
            _ => false,
        }
    }

    fn complete(&self, address: &Address, uid: &Uid) -> Work {
        match self.object(address, uid) {
            Some(remote) => Work::Complete(Box::new(target(address, remote))),
            None => Work::Nothing,
        }
    }

    /// What is left of a wait, which counts from the last decision of its promotion.
    fn remaining(&self, wait: &Wait, now: i64) -> Wait {
        let promotion = self.state.roster.as_ref().and_then(|it| it.promotion.as_ref());
        match (wait, promotion) {
            (Wait::For(time), Some(promotion)) => {
                let passed = u64::try_from(now.saturating_sub(promotion.phase_started));
                Wait::For(time.saturating_sub(Duration::from_secs(passed.unwrap_or_default())))
            }
            (wait, _) => wait.clone(),
        }
    }

    fn verify(&self, address: &Address, expected: &Value) -> Result<Work, Problem> {
        let current = self.state.instance(address).and_then(|it| it.current.as_ref());
        let Some(remote) = current else { return Ok(Work::Nothing) };
        let expected = self.outcomes(&address.scope, Some(address)).settle(expected)?;
        Ok(Work::Verify { target: Box::new(target(address, remote)), expected })
    }

    /// Who is to be forgotten when everything is destroyed: nobody is behind a front any more, and
    /// nothing is to be gone on with.
    #[must_use]
    pub fn farewell(&self, now: i64) -> Option<(OperationId, Box<Decision>)> {
        let roster = self.state.roster.as_ref()?;
        if self.plan.purpose != Purpose::Destroy || roster.entries.is_empty() {
            return None;
        }
        let course = match roster.promotion {
            Some(_) => Course::Closes(Ending::RolledBack),
            None => Course::Unconcerned,
        };
        let entries = roster.entries.keys().map(|scope| (scope.clone(), None)).collect();
        let decision = self.decision(&Mark { entries, verified: false, course }, now);
        let phase: PhaseName = "destroy".into();
        let (kind, subject) = (OperationKind::Mark, "forgotten".into());
        let id = OperationId { phase: phase.clone(), kind, subject };
        Some((id, Box::new(Decision { phase, ..decision })))
    }

    fn decision(&self, mark: &Mark, now: i64) -> Decision {
        let occasion = Occasion {
            phase: self.phase().map(|it| it.name.clone()).unwrap_or_default(),
            plan: self.digest.clone(),
            verdict: self.led_by.clone(),
            now,
        };
        decide(mark, self.state.roster.as_ref(), occasion)
    }
}

/// The id under which a phase keeps that somebody asked to give up.
fn request_id(phase: &PhaseName) -> OperationId {
    OperationId { phase: phase.clone(), kind: OperationKind::Gate, subject: "request".into() }
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
