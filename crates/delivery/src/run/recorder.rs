//! Watching a run's operations, for its record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_apply::{About, Event, Observer};
use greenroom_model::gate::GateResult;
use greenroom_model::plan::OperationId;
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
        match event {
            Event::Started(about) => self.begin(about, now),
            Event::Completed { about, .. } => self.end(about, now, None),
            Event::Failed { about, message, .. } => self.end(about, now, Some(message.clone())),
            Event::GateDecided { about, verdict, .. } => {
                let failed = verdict.result != GateResult::Pass;
                self.end(about, now, failed.then(|| verdict.evidence.clone()));
            }
            _ => {}
        }
    }

    fn begin(&mut self, about: &About, now: Timestamp) {
        let what = match &about.address {
            Some(address) => format!("{} {address}", about.kind.as_str()),
            None => about.id.to_string(),
        };
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
