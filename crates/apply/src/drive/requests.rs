//! Requests: what others ask of a promotion while it runs.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::journal::Entry;
use greenroom_model::plan::{Action, Wait};
use greenroom_model::value::Value;
use greenroom_store::{Lease, Request, RequestName, StoreError};
use tokio::time::{Instant, sleep_until};

use super::{Driver, Then};
use crate::error::ApplyError;
use crate::event::Event;
use crate::request::{Asked, Asking};
use crate::session::Session;

/// The time between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// Looks for requests, if the plan is one that takes some.
pub(super) struct Requests {
    lease: Arc<dyn Lease>,
    heard: bool,
    next: Instant,
}

impl Requests {
    pub(super) fn of(session: &Session, heard: bool) -> Requests {
        Requests { lease: session.lease.clone(), heard, next: Instant::now() + LOOK }
    }

    /// Whether anybody looks for them.
    pub(super) fn are_heard(&self) -> bool {
        self.heard
    }

    /// Waits until it is time to look, and looks.
    pub(super) async fn next(&mut self) -> Result<Vec<Request>, StoreError> {
        sleep_until(self.next).await;
        self.next = Instant::now() + LOOK;
        self.lease.requests().await
    }
}

impl Driver<'_> {
    /// Looks for requests now: before a phase begins.
    pub(super) async fn hear(&mut self) -> Result<(), ApplyError> {
        if self.requests.heard {
            let requests = self.requests.lease.requests().await?;
            self.asked(requests);
        }
        Ok(())
    }

    /// Takes requests. Each is removed when what it asks for is in the journal.
    pub(super) fn asked(&mut self, requests: Vec<Request>) {
        for request in requests {
            if self.answered.contains(&request.name) {
                continue;
            }
            match Asked::of(&request) {
                Some(asked) => self.consider(request.name, &asked),
                None => self.answered.push(request.name),
            }
        }
    }

    /// Removes requests that are answered.
    pub(super) async fn forget_requests(&mut self) -> Result<(), ApplyError> {
        if self.appending.is_empty() {
            for name in std::mem::take(&mut self.answered) {
                self.requests.lease.remove_request(&name).await?;
            }
        }
        Ok(())
    }

    fn consider(&mut self, name: RequestName, asked: &Asked) {
        let promotion = self.run.state().roster.as_ref().and_then(|it| it.promotion.as_ref());
        let is_ours = promotion.is_some_and(|it| it.candidate.as_str() == asked.candidate);
        let heard = is_ours
            && match &asked.asking {
                Asking::Approve { phase } => self.approve(phase, asked),
                Asking::GiveUp => self.give_up(asked),
            };
        // An approval may be given before its phase is reached, and waits for it then.
        let waits = is_ours && !heard && matches!(asked.asking, Asking::Approve { .. });
        if !waits {
            self.observe(Event::Asked { asked: asked.clone(), heard });
            self.answered.push(name);
        }
    }

    fn approve(&mut self, phase: &str, asked: &Asked) -> bool {
        let current = self.run.phase().filter(|it| *it.name == *phase);
        let operations = current.into_iter().flat_map(|it| &it.operations);
        let waiting = (0u32..)
            .zip(operations)
            .find(|(_, it)| matches!(it.action, Action::Wait(Wait::Approval)))
            .map(|(position, _)| position);
        let Some(approve) = waiting.and_then(|it| self.approvals.remove(&it)) else { return false };
        approve
            .send(said("approval", GateResult::Pass, format!("approved by {}", asked.by)))
            .is_ok()
    }

    /// Ends the phase, if there is a way back from it.
    fn give_up(&mut self, asked: &Asked) -> bool {
        let Some(operation) = self.run.request_id().filter(|_| self.run.can_give_up()) else {
            return false;
        };
        let verdict = said("abort", GateResult::Fail, format!("given up by {}", asked.by));
        let entry = Entry::Answer {
            operation,
            value: Value::Null,
            verdict: Some(verdict.clone()),
            at: self.session.workbench.clock.now(),
        };
        self.append(vec![entry], Then::Said { operation: None, verdict });
        true
    }
}

fn said(gate: &str, result: GateResult, evidence: String) -> Verdict {
    Verdict { gate: gate.to_owned(), result, evidence }
}
