//! Events of a run as JSON. Their text is the progress display's.

use std::time::Duration;

use greenroom_apply::{About, Asking, Event};
use greenroom_model::gate::GateResult;
use greenroom_model::plan::Wait;
use greenroom_provider::WorldEffect;
use serde_json::{Value as Json, json};

use super::{Fields, Kind, Message, fields};
use crate::palette::Palette;

/// An event of a run.
pub(crate) struct EventView<'a>(pub(crate) &'a Event);

impl Message for EventView<'_> {
    fn kind(&self) -> Kind {
        match self.0 {
            Event::LeaseAwaited { .. } => Kind::LeaseAwaited,
            Event::RescueTaken { .. } => Kind::RescueTaken,
            Event::Rescued { .. } => Kind::Rescued,
            Event::Settling { .. } => Kind::Settling,
            Event::Settled { .. } => Kind::Settled,
            Event::Awaited { .. } => Kind::Awaited,
            Event::Refreshing { .. } => Kind::Refreshing,
            Event::Refreshed { .. } => Kind::Refreshed,
            Event::RunStarted { .. } => Kind::RunStarted,
            Event::PhaseStarted { .. } => Kind::PhaseStarted,
            Event::Started(_) => Kind::OperationStarted,
            Event::Accepted(_) => Kind::OperationAccepted,
            Event::Completed { .. } => Kind::OperationCompleted,
            Event::Waiting(..) => Kind::Waiting,
            Event::Asked { .. } => Kind::Asked,
            Event::TurnedBack { .. } => Kind::TurnedBack,
            Event::GateDecided { .. } => Kind::GateDecided,
            Event::Failed { .. } => Kind::OperationFailed,
            Event::Skipped { .. } => Kind::OperationSkipped,
            Event::GivenUp { .. } => Kind::ProviderGivenUp,
            Event::Contradicted { .. } => Kind::Contradicted,
            Event::Cancelling { .. } => Kind::Cancelling,
            Event::RunFinished { .. } => Kind::RunFinished,
        }
    }

    fn fields(&self) -> Fields {
        match self.0 {
            Event::LeaseAwaited { holder } => fields(json!({ "holder": holder })),
            Event::RescueTaken { outcomes, path } => {
                fields(json!({ "outcomes": outcomes, "path": path.display().to_string() }))
            }
            Event::Rescued { outcomes, kept } => {
                let path = kept.as_ref().ok().map(|path| path.display().to_string());
                let reason = kept.as_ref().err();
                fields(json!({ "outcomes": outcomes, "path": path, "reason": reason }))
            }
            Event::Settling { intents } => fields(json!({ "intents": intents })),
            Event::Settled { address, found } => {
                fields(json!({ "address": address.to_string(), "found": found }))
            }
            Event::Awaited { address, longest } => {
                fields(json!({ "address": address.to_string(), "longest": seconds(*longest) }))
            }
            Event::Refreshing { objects } => fields(json!({ "objects": objects })),
            Event::Refreshed { objects, elapsed } => {
                fields(json!({ "objects": objects, "seconds": seconds(*elapsed) }))
            }
            Event::RunStarted { operations } => fields(json!({ "operations": operations })),
            Event::PhaseStarted { phase, operations, ahead } => {
                fields(json!({ "phase": phase, "operations": operations, "ahead": ahead }))
            }
            Event::Started(about) | Event::Accepted(about) => about_fields(about),
            Event::Completed { about, elapsed, unchanged } => {
                with(about, json!({ "seconds": seconds(*elapsed), "unchanged": unchanged }))
            }
            Event::GateDecided { about, verdict, elapsed } => with(
                about,
                json!({
                    "gate": verdict.gate,
                    "result": result(verdict.result),
                    "evidence": verdict.evidence,
                    "seconds": seconds(*elapsed),
                }),
            ),
            Event::Waiting(about, wait) => with(about, waiting(wait)),
            Event::Asked { asked, heard } => fields(json!({
                "candidate": asked.candidate,
                "asked": match &asked.asking {
                    Asking::Approve { .. } => "approve",
                    Asking::GiveUp => "abort",
                },
                "by": asked.by,
                "heard": heard,
            })),
            Event::TurnedBack { verdict } => fields(json!({
                "gate": verdict.gate,
                "result": result(verdict.result),
                "evidence": verdict.evidence,
            })),
            Event::Failed { about, message, effect, help, elapsed } => with(
                about,
                json!({
                    "message": message,
                    "world": match effect {
                        WorldEffect::None => "unchanged",
                        WorldEffect::Unknown => "unknown",
                        WorldEffect::Unfinished => "unfinished",
                    },
                    "help": help,
                    "seconds": seconds(*elapsed),
                }),
            ),
            Event::Skipped { about, because } => {
                with(about, json!({ "because": because.to_string() }))
            }
            Event::GivenUp { provider, because, message, skipped } => {
                let skipped: Vec<String> = skipped.iter().map(|it| it.id.to_string()).collect();
                fields(json!({
                    "provider": provider,
                    "because": because.to_string(),
                    "message": message,
                    "skipped": skipped,
                }))
            }
            Event::Contradicted { about, attributes } => {
                with(about, json!({ "attributes": attributes }))
            }
            Event::Cancelling { running } => fields(json!({ "running": running })),
            Event::RunFinished { completed, failed, skipped, elapsed } => fields(json!({
                "completed": completed,
                "failed": failed,
                "skipped": skipped,
                "seconds": seconds(*elapsed),
            })),
        }
    }

    fn text(&self, _: Palette) -> String {
        String::new()
    }
}

fn waiting(wait: &Wait) -> Json {
    match wait {
        Wait::For(time) => json!({ "for": "time", "seconds": seconds(*time) }),
        Wait::Approval => json!({ "for": "approval" }),
        Wait::Drain(drain) => {
            json!({ "for": "drain", "scope": drain.scope.to_string(), "seconds": seconds(drain.limit) })
        }
    }
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// The word for a gate's answer.
pub(crate) fn result(result: GateResult) -> &'static str {
    match result {
        GateResult::Pass => "pass",
        GateResult::Fail => "fail",
        GateResult::Inconclusive => "inconclusive",
        GateResult::Error => "error",
    }
}

fn about_fields(about: &About) -> Fields {
    fields(json!({
        "operation": about.id.to_string(),
        "kind": about.kind.as_str(),
        "address": about.address.as_ref().map(ToString::to_string),
    }))
}

fn with(about: &About, more: Json) -> Fields {
    let mut all = about_fields(about);
    all.extend(fields(more));
    all
}

/// What a command is busy with, beside operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Activity(pub(crate) String);

impl Message for Activity {
    fn kind(&self) -> Kind {
        Kind::Activity
    }

    fn fields(&self) -> Fields {
        fields(json!({ "what": self.0 }))
    }

    fn text(&self, _: Palette) -> String {
        String::new()
    }
}

/// What still goes on while nothing else happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heartbeat {
    /// What the command is busy with, beside operations.
    pub(crate) activity: Option<String>,
    /// Operations under way, with how long each has run.
    pub(crate) running: Vec<(String, Duration)>,
}

impl Message for Heartbeat {
    fn kind(&self) -> Kind {
        Kind::Heartbeat
    }

    fn fields(&self) -> Fields {
        let running = self.running.iter().map(
            |(operation, since)| json!({ "operation": operation, "seconds": seconds(*since) }),
        );
        fields(json!({ "activity": self.activity, "running": running.collect::<Vec<_>>() }))
    }

    fn text(&self, _: Palette) -> String {
        String::new()
    }
}
