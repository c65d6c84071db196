//! Driving a run: one task owns it and receives every event from outside.
//!
//! What stays true: an effect is sent only after its intent is durable, and whoever needs it
//! starts only after its outcome is. Intents are journalled a little ahead of free slots, so that
//! the disk works while effects run.

mod again;
mod company;
mod drain;
mod effects;
mod requests;
mod returns;
mod slots;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use greenroom_engine::format;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::run::{Command, Effect, Run, Standing, Work};
use greenroom_model::gate::Verdict;
use greenroom_model::identity::Sequence;
use greenroom_model::journal::{Entry, Intent, Outcome};
use greenroom_model::plan::{Asked, Operation, OperationId, Phase, Plan, Purpose};
use greenroom_model::roster::Decision;
use greenroom_provider::{Failure, FailureKind, WorldEffect};
use greenroom_store::fail_point::{fail_point, fail_point_of};
use greenroom_store::{RequestName, StoreError};

use tokio::sync::oneshot;

use crate::cancel::Cancel;
use crate::error::ApplyError;
use crate::event::{About, Event};
use crate::gates::{Question, Teller, Told, Until, WorldSight};
use crate::journal::{Appending, append};
use crate::rescue;
use crate::session::Session;
use effects::{Done, Returned};
use requests::Requests;
use slots::{Slots, shared};

/// Intents that may be durable before there is a slot for their effects, per slot.
const AHEAD: usize = 4;

/// Why an effect was not sent.
const CANCELLED: &str = "cancelled before it was sent";
const GIVEN_UP: &str = "given up before it was sent";

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Applied {
    /// Operations that are done, unchanged ones included.
    pub completed: usize,
    /// Operations that failed.
    pub failed: Vec<FailedOperation>,
    /// Operations that were not carried out, because one that they need failed, or because their
    /// provider's credentials do not do.
    pub skipped: usize,
    /// Whether a cancellation cut it short.
    pub cancelled: bool,
    /// Whether it led back to where everything was before.
    pub rolled_back: bool,
}

/// An operation that failed.
#[derive(Clone, Debug)]
pub struct FailedOperation {
    /// Which.
    pub about: About,
    /// Why.
    pub message: String,
    /// What happened to the world.
    pub effect: WorldEffect,
    /// What to do.
    pub help: Option<String>,
}

impl Applied {
    /// Whether the plan is over: everything it had to do is done, or it led back.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && !self.cancelled
    }
}

/// Applies a plan to a session's state and the world behind it.
pub(crate) async fn drive(
    session: &mut Session,
    plan: Arc<Plan>,
    secrets: Secrets,
    holder: Arc<str>,
    cancel: &Cancel,
) -> Result<Applied, ApplyError> {
    let digest = Plan::digest_of(&format::plan::encode(&plan));
    let schemas = session.workbench.schemas.clone();
    let run = Run::new(plan, digest, session.state.clone(), schemas, secrets)
        .map_err(ApplyError::Refused)?;
    let mut driver = Driver::new(session, run);
    let result = driver.run(holder, cancel).await;
    let Driver { run, applied, .. } = driver;
    session.state = run.into_state();
    result.map(|()| applied)
}

/// A run with everything that is under way.
struct Driver<'s> {
    session: &'s Session,
    run: Run,
    /// Entries on their way to the disk, in order, with what follows when they are there.
    appending: VecDeque<(Appending, Then)>,
    /// Effects whose intent is durable, waiting for a slot.
    sendable: VecDeque<Sendable>,
    slots: Slots,
    /// Effects under way: awaited to their end.
    effects: FuturesUnordered<BoxFuture<'static, Done>>,
    /// Waits and looks: dropped by a cancellation.
    waits: FuturesUnordered<BoxFuture<'static, Done>>,
    started: HashMap<u32, Instant>,
    /// Operations whose effects are under way.
    sent: BTreeSet<u32>,
    /// Tells gates that watch that the phase does not wait any longer.
    teller: (Teller, Told),
    requests: Requests,
    /// Requests to be removed, as what they ask for is done, or is nothing.
    answered: Vec<RequestName>,
    /// Who waits for a person.
    approvals: HashMap<u32, oneshot::Sender<Verdict>>,
    cancelled: bool,
    applied: Applied,
}

/// An effect that may be sent.
struct Sendable {
    operation: u32,
    intent: Sequence,
    what: Intent,
    effect: Effect,
}

/// What follows when entries are durable.
enum Then {
    Nothing,
    Send {
        operation: u32,
        what: Box<Intent>,
        effect: Effect,
    },
    Unsent {
        operation: u32,
    },
    Ready {
        operation: u32,
        wait: Option<BoxFuture<'static, Done>>,
    },
    Complete {
        operation: u32,
    },
    Fail {
        operation: u32,
        failure: Failure,
    },
    /// A gate has spoken, or somebody who asked to give up.
    Said {
        operation: Option<u32>,
        verdict: Verdict,
    },
}

impl<'s> Driver<'s> {
    fn new(session: &'s Session, run: Run) -> Driver<'s> {
        let run_shifts = run.plan().purpose.shifts();
        Driver {
            session,
            run,
            appending: VecDeque::new(),
            sendable: VecDeque::new(),
            slots: Slots::new(session.workbench.parallelism),
            effects: FuturesUnordered::new(),
            waits: FuturesUnordered::new(),
            started: HashMap::new(),
            sent: BTreeSet::new(),
            teller: Teller::new(),
            requests: Requests::of(session, run_shifts),
            answered: Vec::new(),
            approvals: HashMap::new(),
            cancelled: false,
            applied: Applied::default(),
        }
    }

    async fn run(&mut self, holder: Arc<str>, cancel: &Cancel) -> Result<(), ApplyError> {
        let began = Instant::now();
        let first = self.run.plan().phases.first();
        self.observe(Event::RunStarted { operations: first.map_or(0, |it| self.ahead(it)) });
        let unproven = self.run.unproven();
        let opening = self.run.opening(holder);
        self.append(opening, Then::Nothing);
        // What the plan's refresh saw must be in the state before operations are compared with it.
        let opened = durable(&mut self.appending).await?;
        self.durable(opened)?;
        fail_point("apply: run opened");
        self.look_again(unproven, cancel).await?;
        let worked = self.work(cancel).await;
        if worked.is_err() {
            // What was sent is let come to its end, unless somebody is in a hurry.
            tokio::select! {
                biased;
                () = cancel.aborted() => {}
                () = self.come_to_an_end() => {}
            }
            let entries = self.appending.drain(..).flat_map(|(it, _)| it.into_entries());
            rescue::keep(self.session, entries.collect());
            return worked;
        }
        self.close().await?;
        fail_point("apply: run closed");
        self.observe(Event::RunFinished {
            completed: self.applied.completed,
            failed: self.applied.failed.len(),
            skipped: self.applied.skipped,
            elapsed: began.elapsed(),
        });
        Ok(())
    }

    /// Works until nothing is left to do, or to wait for.
    async fn work(&mut self, cancel: &Cancel) -> Result<(), ApplyError> {
        let mut cancelled = pin!(cancel.cancelled());
        let mut aborted = pin!(cancel.aborted());
        self.announce_phase();
        self.hear().await?;
        loop {
            self.forget_requests().await?;
            self.start_ready()?;
            self.send_durable();
            if self.is_idle() {
                let before = self.run.phase().map(|it| it.name.clone());
                let standing = self.run.standing();
                self.applied.rolled_back = standing == Standing::RolledBack;
                if self.cancelled || standing != Standing::Working || !self.run.has_ready() {
                    return Ok(());
                }
                if before != self.run.phase().map(|it| it.name.clone()) {
                    self.teller = Teller::new();
                    self.announce_phase();
                    self.hear().await?;
                }
                continue;
            }
            let appending = !self.appending.is_empty();
            tokio::select! {
                biased;
                () = &mut aborted => return Err(ApplyError::Cancelled),
                () = &mut cancelled, if !self.cancelled => self.cancel(),
                durable = durable(&mut self.appending), if appending => self.durable(durable?)?,
                Some(done) = self.effects.next(), if !self.effects.is_empty() => {
                    self.slots.give_back(done.operation);
                    self.sent.remove(&done.operation);
                    self.done(done)?;
                }
                asked = self.requests.next(), if self.requests.are_heard() => self.asked(asked?),
                Some(done) = self.waits.next(), if !self.waits.is_empty() => self.done(done)?,
            }
        }
    }

    /// Awaits effects that were sent, and notes what came of them.
    async fn come_to_an_end(&mut self) {
        while let Some(done) = self.effects.next().await {
            // What failed first is told.
            let _ = self.done(done);
        }
    }

    fn announce_phase(&self) {
        if let Some(phase) = self.run.phase() {
            let (operations, ahead) = (phase.operations.len(), self.ahead(phase));
            self.observe(Event::PhaseStarted { phase: phase.name.clone(), operations, ahead });
        }
    }

    /// The operations of a phase and of those after it.
    fn ahead(&self, phase: &Phase) -> usize {
        self.run.plan().way(phase).map(|it| it.operations.len()).sum()
    }

    fn is_idle(&self) -> bool {
        self.appending.is_empty()
            && self.sendable.is_empty()
            && self.effects.is_empty()
            && self.waits.is_empty()
    }

    fn observe(&self, event: Event) {
        self.session.workbench.observer.observe(&event);
    }

    fn append(&mut self, entries: Vec<Entry>, then: Then) {
        let appending = append(&self.session.lease, entries);
        self.appending.push_back((appending, then));
    }

    /// Takes operations from the run as long as their intents may be journalled, and nobody has
    /// asked to give up.
    fn start_ready(&mut self) -> Result<(), ApplyError> {
        while !self.cancelled && !self.is_giving_up() {
            let ahead = self.appending.len() + self.sendable.len() + self.slots.in_use();
            let is_enough = ahead >= self.slots.count() * (AHEAD + 1);
            if is_enough && !self.waits_for_company() {
                return Ok(());
            }
            let now = self.session.workbench.clock.now();
            let Some(command) = self.run.start(now) else { return Ok(()) };
            self.start(command)?;
        }
        Ok(())
    }

    fn is_giving_up(&self) -> bool {
        let asked = |then: &Then| matches!(then, Then::Said { operation: None, .. });
        self.appending.iter().any(|(_, then)| asked(then))
    }

    fn start(&mut self, command: Command) -> Result<(), ApplyError> {
        let Command { operation, work } = command;
        self.started.insert(operation, Instant::now());
        match work {
            Work::Nothing => self.complete(operation, true)?,
            Work::Effect { intent, effect } => {
                fail_point_of("apply: before intent", &passing(self.run.operation(operation)));
                let then = Then::Send { operation, what: intent.clone(), effect };
                self.append(vec![Entry::Intent(intent)], then);
            }
            Work::Complete(target) => {
                self.observe(Event::Accepted(about(self.run.operation(operation))));
                let wait = self.ready(operation, *target);
                self.waits.push(wait);
            }
            Work::Read { address, provider, config } => {
                self.observe(Event::Started(about(self.run.operation(operation))));
                let read = self.read(operation, address, provider, config);
                self.waits.push(read);
            }
            Work::Gate { scope, name, gate, asked } => {
                self.observe(Event::Started(about(self.run.operation(operation))));
                let sight =
                    Arc::new(WorldSight::of(&self.session.workbench, self.run.state(), &scope));
                let until = match asked {
                    Asked::Watching => Until::Told(self.teller.1.clone()),
                    Asked::Once | Asked::Hook => Until::Verdict,
                };
                let question = Question { name, gate: *gate, until, sight };
                let gates = self.session.workbench.gates.clone();
                self.waits.push(Box::pin(async move {
                    let verdict = gates.ask(question).await;
                    Done { operation, result: Returned::Gate(verdict) }
                }));
            }
            Work::Wait(wait) => {
                self.observe(Event::Waiting(about(self.run.operation(operation)), wait.clone()));
                let wait = self.wait(operation, wait);
                self.waits.push(wait);
            }
            Work::Verify { target, expected } => {
                self.observe(Event::Started(about(self.run.operation(operation))));
                let look = self.verify(operation, *target, expected);
                self.waits.push(look);
            }
            Work::Mark(decision) => {
                fail_point_of("apply: before mark", &passing(self.run.operation(operation)));
                let id = self.run.operation(operation).id.clone();
                // A promotion that is over is not gone on with: what it made is told before.
                let mut entries =
                    decision.ending.map(|it| self.run.outputs_at(it)).unwrap_or_default();
                entries.extend(marks(id, decision, self.run.state()));
                self.append(entries, Then::Complete { operation });
            }
            Work::Impossible { message, help } => {
                let failure = Failure::new(FailureKind::Argument, message);
                let failure = Failure { help, ..failure };
                self.fail(operation, failure)?;
            }
        }
        Ok(())
    }

    /// Sends effects whose intents are durable, as far as there are slots.
    fn send_durable(&mut self) {
        while let Some(first) = self.sendable.front() {
            if self.waits_for_company() {
                return;
            }
            if self.is_apart(first.operation) {
                self.leave_apart();
                continue;
            }
            let shared = shared(&self.session.workbench.schemas, &first.what);
            if !self.slots.take(first.operation, shared) {
                return;
            }
            let first = self.sendable.pop_front().expect("the first was just seen");
            for (sendable, company) in self.in_company(first) {
                self.observe(Event::Started(about(self.run.operation(sendable.operation))));
                self.sent.insert(sendable.operation);
                let sent = self.send_while_held(sendable, company);
                self.effects.push(sent);
            }
        }
    }

    /// Entries are durable: they become part of the state, and what waited for them goes on.
    fn durable(&mut self, numbered: Vec<(Sequence, Entry)>) -> Result<(), ApplyError> {
        let (_, then) = self.appending.pop_front().expect("the first append is the durable one");
        let first = numbered.first().map(|(sequence, _)| *sequence).unwrap_or_default();
        for (sequence, entry) in numbered {
            self.run.recorded(sequence, entry).map_err(|source| ApplyError::Replay {
                state: self.session.name.clone(),
                source,
            })?;
        }
        match then {
            Then::Nothing => {}
            Then::Send { operation, what, effect } => {
                fail_point_of("apply: intent durable", &passing(self.run.operation(operation)));
                let sendable = Sendable { operation, intent: first, what: *what, effect };
                if self.cancelled {
                    self.unsend(sendable, CANCELLED);
                } else if self.run.is_given_up(sendable.operation) {
                    self.unsend(sendable, GIVEN_UP);
                } else {
                    self.sendable.push_back(sendable);
                }
            }
            Then::Unsent { operation } => {
                self.started.remove(&operation);
            }
            Then::Ready { operation, wait } => {
                fail_point_of("apply: outcome durable", &passing(self.run.operation(operation)));
                self.run.accepted(operation)?;
                self.observe(Event::Accepted(about(self.run.operation(operation))));
                match wait {
                    // Who gives up the phase does not wait for what it made.
                    Some(_) if self.run.is_stopped() => {
                        self.run.stop(&self.under_way());
                    }
                    Some(wait) if !self.cancelled => self.waits.push(wait),
                    _ => {}
                }
            }
            Then::Complete { operation } => {
                fail_point_of("apply: outcome durable", &passing(self.run.operation(operation)));
                self.complete(operation, false)?;
            }
            Then::Fail { operation, failure } => self.fail(operation, failure)?,
            Then::Said { operation, verdict } => self.said(operation, verdict)?,
        }
        Ok(())
    }

    /// Operations whose effects are under way, or whose end is on its way to the disk: they come
    /// to their end whatever becomes of their phase.
    fn under_way(&self) -> BTreeSet<u32> {
        let ending = self.appending.iter().filter_map(|(_, then)| match then {
            Then::Ready { operation, .. }
            | Then::Complete { operation }
            | Then::Fail { operation, .. } => Some(*operation),
            _ => None,
        });
        self.sent.iter().copied().chain(ending).collect()
    }

    /// Starts nothing new and abandons waits; what was sent is awaited.
    fn cancel(&mut self) {
        self.cancelled = true;
        self.applied.cancelled = true;
        self.observe(Event::Cancelling { running: self.effects.len() });
        self.waits = FuturesUnordered::new();
        for sendable in std::mem::take(&mut self.sendable) {
            self.unsend(sendable, CANCELLED);
        }
    }

    /// Closes an intent whose effect was never sent.
    fn unsend(&mut self, sendable: Sendable, why: &str) {
        let outcome = Outcome::Failed { message: why.into() };
        self.outcome(sendable.intent, outcome, Then::Unsent { operation: sendable.operation });
    }

    /// Records outputs and the end of the run.
    async fn close(&mut self) -> Result<(), ApplyError> {
        let complete = self.applied.is_complete();
        let mut entries = Vec::new();
        if complete || self.run.plan().purpose != Purpose::Destroy {
            entries.extend(self.run.outputs());
        }
        let now = self.session.workbench.clock.now();
        if let Some((id, decision)) = self.run.farewell(now).filter(|_| complete) {
            entries.extend(marks(id, decision, self.run.state()));
        }
        entries.push(Entry::RunFinished { complete });
        self.append(entries, Then::Nothing);
        while !self.appending.is_empty() {
            let numbered = durable(&mut self.appending).await?;
            self.durable(numbered)?;
        }
        Ok(())
    }
}

/// Waits for the first append; the others follow in order.
async fn durable(
    appending: &mut VecDeque<(Appending, Then)>,
) -> Result<Vec<(Sequence, Entry)>, StoreError> {
    match appending.front_mut() {
        Some((first, _)) => first.durable().await,
        None => Ok(Vec::new()),
    }
}

/// The entries of a decision: scopes that it forgets are gone from the state with it.
fn marks(
    operation: OperationId,
    decision: Box<Decision>,
    state: &greenroom_model::state::State,
) -> Vec<Entry> {
    let before = state.roster.iter().flat_map(|it| it.entries.keys());
    let forgotten = before.filter(|it| !decision.roster.entries.contains_key(*it));
    let removed = forgotten.map(|scope| Entry::ScopeRemoved { scope: scope.clone() });
    let removed: Vec<Entry> = removed.collect();
    std::iter::once(Entry::Mark { operation, decision }).chain(removed).collect()
}

/// What a fail point says of an operation. Not its object's uid, which differs from run to run.
fn passing(operation: &Operation) -> impl fmt::Display {
    let id = &operation.id;
    let subject = id.subject.split('#').next().unwrap_or_default();
    fmt::from_fn(move |f| write!(f, "{}:{subject}", id.kind.as_str()))
}

/// What an event says of an operation.
fn about(operation: &Operation) -> About {
    let address = operation.action.address().cloned();
    About { id: operation.id.clone(), kind: operation.id.kind, address }
}
