//! Watching a run's operations, for its record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use greenroom_apply::{About, Event, Observer};
use greenroom_model::gate::GateResult;
use greenroom_model::plan::{OperationId, OperationKind};
use jiff::Timestamp;

use crate::record::Operation;

/// Notes when operations began and ended, and passes every event on.
pub(super) struct Recorder {
    next: Arc<dyn Observer>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    operations: Vec<Operation>,
    /// Operations under way, by their place in the list.
    running: BTreeMap<OperationId, usize>,
}

impl Recorder {
    /// A recorder that passes events on to `next`.
    pub(super) fn before(next: Arc<dyn Observer>) -> Arc<Recorder> {
        Arc::new(Recorder { next, seen: Mutex::default() })
    }

    /// What was seen so far, in the order in which it began.
    pub(super) fn take(&self) -> Vec<Operation> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *seen).operations
    }
}

impl Observer for Recorder {
    fn observe(&self, event: &Event) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).note(event, Timestamp::now());
        self.next.observe(event);
    }
}

impl Seen {
    fn note(&mut self, event: &Event, now: Timestamp) {
        if let Event::Started(about) = event {
            self.begin(about, now);
        } else if let Some(Over { about, error, .. }) = Over::of(event) {
            self.end(about, now, error);
        }
    }

    fn begin(&mut self, about: &About, now: Timestamp) {
        let what = what_of(about);
        self.running.insert(about.id.clone(), self.operations.len());
        self.operations.push(Operation { what, started: now, ended: now, error: None });
    }

    fn end(&mut self, about: &About, now: Timestamp, error: Option<String>) {
        if !self.running.contains_key(&about.id) {
            self.begin(about, now);
        }
        if let Some(at) = self.running.remove(&about.id) {
            self.operations[at].ended = now;
            self.operations[at].error = error;
        }
    }
}

/// An operation that is over, as an event tells it.
pub(crate) struct Over<'e> {
    pub(crate) about: &'e About,
    pub(crate) elapsed: Duration,
    /// Why it failed.
    pub(crate) error: Option<String>,
}

impl Over<'_> {
    /// The operation that is over with `event`, if one is.
    pub(crate) fn of(event: &Event) -> Option<Over<'_>> {
        let (about, elapsed, error) = match event {
            // Its verdict said so before.
            Event::Completed { about, .. } if about.kind == OperationKind::Gate => return None,
            Event::Completed { about, elapsed, .. } => (about, elapsed, None),
            Event::Failed { about, elapsed, message, .. } => {
                (about, elapsed, Some(message.clone()))
            }
            Event::GateDecided { about, verdict, elapsed } => {
                let failed = verdict.result != GateResult::Pass;
                // A wait that has a verdict completes if it is a good one.
                if !failed && about.kind != OperationKind::Gate {
                    return None;
                }
                (about, elapsed, failed.then(|| verdict.evidence.clone()))
            }
            _ => return None,
        };
        Some(Over { about, elapsed: *elapsed, error })
    }
}

/// What an operation does, as records have it.
pub(crate) fn what_of(about: &About) -> String {
    match &about.address {
        Some(address) => format!("{} {address}", about.kind.as_str()),
        None => about.id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use greenroom_apply::Unobserved;
    use greenroom_model::gate::Verdict;

    use super::*;

    #[test]
    fn a_gate_stands_once_in_a_record_whatever_is_told_of_it() {
        let id = "gates:gate:default/web".parse::<OperationId>().expect("an id");
        let about = About { id, kind: OperationKind::Gate, address: None };
        let (gate, evidence) = ("web".to_owned(), "it serves".to_owned());
        let verdict = Verdict { gate, result: GateResult::Pass, evidence };
        let elapsed = Duration::from_secs(1);
        let recorder = Recorder::before(Arc::new(Unobserved));
        recorder.observe(&Event::Started(about.clone()));
        recorder.observe(&Event::GateDecided { about: about.clone(), verdict, elapsed });
        recorder.observe(&Event::Completed { about, elapsed, unchanged: false });
        let what: Vec<String> = recorder.take().into_iter().map(|it| it.what).collect();
        assert_eq!(what, ["gates:gate:default/web"]);
    }
}
