//! What happened, as text.

use std::sync::{Arc, Mutex, PoisonError};

use greenroom_apply::{Event, Observer};

/// Keeps lines. Clones keep them together.
#[derive(Clone, Default)]
pub(super) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(super) fn note(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Diary {
    fn observe(&self, event: &Event) {
        self.note(match event {
            Event::PhaseStarted { phase, .. } => format!("    phase {phase}"),
            Event::Started(about) => format!("    {}", about.id),
            Event::GateDecided { about, verdict, .. } => {
                format!("    {} says {:?}", about.id, verdict.result)
            }
            Event::TurnedBack { verdict } => format!("    back: {verdict:?}"),
            Event::Failed { about, message, .. } => format!("    {} failed: {message}", about.id),
            Event::Asked { asked, heard } => format!("    {asked:?}, heard: {heard}"),
            Event::Settled { address, found } => format!("    settled: {address} {found}"),
            _ => return,
        });
    }
}
