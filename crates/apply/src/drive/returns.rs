//! What comes back: from an answer to the entry that records it, and to who waits for it.

use std::collections::BTreeSet;
use std::time::Instant;

use futures::stream::FuturesUnordered;
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::identity::Sequence;
use greenroom_model::journal::{Entry, Made, Outcome};
use greenroom_model::plan::Action;
use greenroom_model::state::Status;
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Failure, FailureKind, WorldEffect};
use greenroom_store::fail_point::fail_point_of;

use super::effects::{self, Done, Returned};
use super::{Driver, FailedOperation, GIVEN_UP, Then, about, passing};
use crate::error::ApplyError;
use crate::event::Event;

impl Driver<'_> {
    /// An effect, a wait or a look came back.
    pub(super) fn done(&mut self, done: Done) -> Result<(), ApplyError> {
        let Done { operation, result } = done;
        self.pass(operation, &result);
        match result {
            Returned::Unsent(error) => Err(error.into()),
            Returned::Created { intent, result } => self.created(operation, intent, result),
            Returned::Updated { intent, result } => {
                match result {
                    Ok(attributes) => {
                        self.contradictions(operation, &attributes);
                        let attributes = self.run.marked(operation, &attributes);
                        let outcome = Outcome::Updated { attributes };
                        self.outcome(intent, outcome, Then::Complete { operation });
                    }
                    Err(failure) => self.not_done(operation, intent, failure)?,
                }
                Ok(())
            }
            Returned::Deleted { intent, result, object } => {
                match result {
                    Ok(Deleted::Gone) => {
                        self.outcome(intent, Outcome::Deleted, Then::Complete { operation });
                    }
                    Ok(Deleted::Accepted) => {
                        let wait = Some(self.gone(operation, *object));
                        let then = Then::Ready { operation, wait };
                        self.outcome(intent, Outcome::DeleteAccepted, then);
                    }
                    Err(failure) => self.not_done(operation, intent, failure)?,
                }
                Ok(())
            }
            Returned::Ready { target, result } => self.seen_ready(operation, target, result),
            Returned::Gone { target, result } => match result.map_err(unfinished) {
                Ok(()) => {
                    let entry = Entry::Gone { address: target.address, uid: target.uid };
                    self.append(vec![entry], Then::Complete { operation });
                    Ok(())
                }
                Err(failure) => self.fail(operation, failure),
            },
            Returned::Read(Ok(value)) => {
                self.answer(operation, value, None, Then::Complete { operation });
                Ok(())
            }
            Returned::Read(Err(failure)) => self.fail(operation, failure),
            Returned::Gate(verdict) => self.decided(operation, verdict),
            Returned::Waited => {
                self.answer(operation, Value::Null, None, Then::Complete { operation });
                Ok(())
            }
            Returned::Verified { expected, result } => self.verified(operation, &expected, result),
        }
    }

    /// The fail point of what came back, if the world is another than before.
    fn pass(&self, operation: u32, result: &Returned) {
        let about = passing(self.run.operation(operation));
        match result {
            Returned::Created { .. } | Returned::Updated { .. } | Returned::Deleted { .. } => {
                fail_point_of("apply: effect done", &about);
            }
            Returned::Ready { .. } => fail_point_of("apply: object ready", &about),
            Returned::Gone { .. } => fail_point_of("apply: object gone", &about),
            Returned::Unsent(_)
            | Returned::Read(_)
            | Returned::Gate(_)
            | Returned::Verified { .. }
            | Returned::Waited => {}
        }
    }

    pub(super) fn created(
        &mut self,
        operation: u32,
        intent: Sequence,
        result: Result<effects::Creation, Failure>,
    ) -> Result<(), ApplyError> {
        let creation = match result {
            Ok(creation) => creation,
            Err(failure) => return self.not_done(operation, intent, failure),
        };
        let effects::Creation { created, object } = creation;
        let status = if created.ready { Status::Ready } else { Status::Incomplete };
        let attributes = self.run.marked(operation, &created.attributes);
        let made = Made { id: created.id, status, attributes };
        let then = if created.ready {
            self.contradictions(operation, &created.attributes);
            Then::Complete { operation }
        } else {
            Then::Ready { operation, wait: Some(self.ready_object(operation, *object)) }
        };
        self.outcome(intent, Outcome::Created(vec![made]), then);
        Ok(())
    }

    pub(super) fn seen_ready(
        &mut self,
        operation: u32,
        target: effects::Subject,
        result: Result<Value, Failure>,
    ) -> Result<(), ApplyError> {
        let effects::Subject { address, uid, attributes: before } = target;
        match result.map_err(unfinished) {
            Ok(attributes) => {
                self.contradictions(operation, &attributes);
                let attributes = self.run.marked(operation, &attributes);
                let entry = Entry::Settled { address, uid, status: Status::Ready, attributes };
                self.append(vec![entry], Then::Complete { operation });
                Ok(())
            }
            Err(failure) if failure.kind == FailureKind::Broken => {
                let status = Status::Failed;
                let attributes = self.run.marked(operation, &before);
                let entry = Entry::Settled { address, uid, status, attributes };
                self.append(vec![entry], Then::Fail { operation, failure });
                Ok(())
            }
            Err(failure) => self.fail(operation, failure),
        }
    }

    pub(super) fn decided(&mut self, operation: u32, verdict: Verdict) -> Result<(), ApplyError> {
        let verdict = self.run.judged(operation, verdict);
        let elapsed = self.elapsed(operation);
        let about = about(self.run.operation(operation));
        self.observe(Event::GateDecided { about, verdict: verdict.clone(), elapsed });
        let value = Value::from(verdict.evidence.as_str());
        let then = Then::Said { operation: Some(operation), verdict: verdict.clone() };
        self.answer(operation, value, Some(verdict), then);
        Ok(())
    }

    /// What was said is durable: the operation is over, or the phase is.
    pub(super) fn said(
        &mut self,
        operation: Option<u32>,
        verdict: Verdict,
    ) -> Result<(), ApplyError> {
        if self.run.is_stopped() {
            return Ok(());
        }
        let under_way = self.under_way();
        if self.run.said(&verdict, &under_way) {
            self.waits = FuturesUnordered::new();
            self.approvals.clear();
            self.unsend_given_up();
            self.turn(operation, verdict);
            return Ok(());
        }
        let Some(operation) = operation else { return Ok(()) };
        if verdict.result == GateResult::Pass {
            return self.complete(operation, false);
        }
        self.fail(operation, not_passed(verdict))
    }

    /// The phase is over: the plan turns back, or halts.
    fn turn(&mut self, operation: Option<u32>, verdict: Verdict) {
        match operation.filter(|_| !self.run.turns_back()) {
            Some(operation) => self.tell_failed(operation, not_passed(verdict)),
            None => self.observe(Event::TurnedBack { verdict }),
        }
    }

    /// An object was looked at: it is as it was made, or somebody else changed it.
    fn verified(
        &mut self,
        operation: u32,
        expected: &Value,
        result: Result<Value, Failure>,
    ) -> Result<(), ApplyError> {
        let seen = match result {
            Ok(seen) => seen,
            Err(failure) => return self.fail(operation, failure),
        };
        let differs = self.run.unlike(operation, expected, &seen);
        if differs.is_empty() {
            self.answer(operation, Value::Null, None, Then::Complete { operation });
            return Ok(());
        }
        let parts: Vec<String> = differs.iter().map(ToString::to_string).collect();
        let subject = &self.run.operation(operation).id.subject;
        let message = format!("{subject} is not as it was made: {}", parts.join("; "));
        let failure = Failure::new(FailureKind::Changed, message)
            .help("somebody else changed it; nothing more was done to it");
        self.fail(operation, failure)
    }

    /// An effect did not succeed. If nobody knows whether it took effect, its intent stays open
    /// and the next session settles it.
    pub(super) fn not_done(
        &mut self,
        operation: u32,
        intent: Sequence,
        failure: Failure,
    ) -> Result<(), ApplyError> {
        // At once: until the outcome is durable, others would be sent.
        self.give_up_without_credentials(operation, &failure);
        match failure.effect {
            WorldEffect::None => {
                let message = failure.message.as_str().into();
                let then = Then::Fail { operation, failure };
                self.outcome(intent, Outcome::Failed { message }, then);
                Ok(())
            }
            WorldEffect::Unknown | WorldEffect::Unfinished => self.fail(operation, failure),
        }
    }

    pub(super) fn outcome(&mut self, intent: Sequence, outcome: Outcome, then: Then) {
        self.append(vec![Entry::Outcome { intent, outcome }], then);
    }

    pub(super) fn answer(
        &mut self,
        operation: u32,
        value: Value,
        verdict: Option<Verdict>,
        then: Then,
    ) {
        let id = self.run.operation(operation).id.clone();
        let at = self.session.workbench.clock.now();
        self.append(vec![Entry::Answer { operation: id, value, verdict, at }], then);
    }

    pub(super) fn complete(&mut self, operation: u32, unchanged: bool) -> Result<(), ApplyError> {
        let elapsed = self.elapsed(operation);
        let about = about(self.run.operation(operation));
        self.observe(Event::Completed { about, elapsed, unchanged });
        self.applied.completed += 1;
        self.started.remove(&operation);
        self.run.completed(operation)?;
        if self.run.has_waited() {
            self.teller.0.tell();
        }
        Ok(())
    }

    pub(super) fn fail(&mut self, operation: u32, failure: Failure) -> Result<(), ApplyError> {
        self.give_up_without_credentials(operation, &failure);
        let because = self.run.operation(operation).id.clone();
        let skipped = self.run.failed(operation)?;
        self.tell_failed(operation, failure);
        for skipped in skipped {
            self.applied.skipped += 1;
            let about = about(self.run.operation(skipped));
            self.observe(Event::Skipped { about, because: because.clone() });
        }
        self.started.remove(&operation);
        Ok(())
    }

    fn tell_failed(&mut self, operation: u32, failure: Failure) {
        let elapsed = self.elapsed(operation);
        let about = about(self.run.operation(operation));
        let Failure { message, effect, help, .. } = failure;
        self.observe(Event::Failed {
            about: about.clone(),
            message: message.clone(),
            effect,
            help: help.clone(),
            elapsed,
        });
        self.applied.failed.push(FailedOperation { about, message, effect, help });
    }

    /// Sends nothing more to the provider of an operation if its credentials do not do: whatever
    /// else it is asked would fail as well.
    fn give_up_without_credentials(&mut self, operation: u32, failure: &Failure) {
        if failure.kind != FailureKind::Credentials {
            return;
        }
        let unsent = self.unsent();
        let Some((provider, skipped)) = self.run.give_up_provider(operation, &unsent) else {
            return;
        };
        if skipped.is_empty() {
            return;
        }
        self.applied.skipped += skipped.len();
        let because = self.run.operation(operation).id.clone();
        let message = failure.message.clone();
        let skipped = skipped.into_iter().map(|it| about(self.run.operation(it))).collect();
        self.observe(Event::GivenUp { provider, because, message, skipped });
        self.unsend_given_up();
    }

    fn unsend_given_up(&mut self) {
        let sendable = std::mem::take(&mut self.sendable);
        for sendable in sendable {
            if self.run.is_given_up(sendable.operation) {
                self.unsend(sendable, GIVEN_UP);
            } else {
                self.sendable.push_back(sendable);
            }
        }
    }

    /// Operations whose effects wait for their intent to be durable, or for a slot.
    fn unsent(&self) -> BTreeSet<u32> {
        let appending = self.appending.iter().filter_map(|(_, then)| match then {
            Then::Send { operation, .. } => Some(*operation),
            _ => None,
        });
        appending.chain(self.sendable.iter().map(|it| it.operation)).collect()
    }

    pub(super) fn elapsed(&self, operation: u32) -> std::time::Duration {
        self.started.get(&operation).map(Instant::elapsed).unwrap_or_default()
    }

    /// Warns where an object came out otherwise than planned.
    pub(super) fn contradictions(&self, operation: u32, attributes: &Value) {
        let planned = match &self.run.operation(operation).action {
            Action::Create(change) | Action::Update(change) => &change.planned,
            _ => return,
        };
        let found = self.run.contradictions(planned, attributes);
        if !found.is_empty() {
            let about = about(self.run.operation(operation));
            let attributes = found.iter().map(ToString::to_string).collect();
            self.observe(Event::Contradicted { about, attributes });
        }
    }
}

/// A gate that did not pass, as a failure.
fn not_passed(verdict: Verdict) -> Failure {
    Failure::new(FailureKind::Broken, verdict.evidence)
        .help("what was made is kept; look at it, then apply again")
}

/// A wait that failed says nothing about the effect before it: the object is there.
fn unfinished(failure: Failure) -> Failure {
    Failure { effect: WorldEffect::Unfinished, ..failure }
}
