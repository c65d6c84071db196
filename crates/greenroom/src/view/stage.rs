//! Runs of stages: what happens, and how they ended.

use greenroom_delivery::record::{Outcome, Run};
use serde_json::{Value as Json, json};

use super::words::elapsed;
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// What a run has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for a place.
    Waiting,
    /// An environment that was left is removed.
    Leftovers,
    /// The environment comes up.
    ComingUp,
    /// It is up.
    Up,
    /// A command starts.
    Command,
    /// A command has ended.
    Ended,
    /// Something was published or baked.
    Delivered,
    /// It was attested that the stage passed.
    Attested,
    /// It was not attested.
    NotAttested,
    /// The environment goes down.
    GoingDown,
    /// It is gone.
    Gone,
    /// It stays.
    Kept,
    /// Something is wrong that does not end the run.
    Trouble,
}

impl Phase {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Phase::Waiting => "waiting",
            Phase::Leftovers => "leftovers",
            Phase::ComingUp => "coming_up",
            Phase::Up => "up",
            Phase::Command => "command",
            Phase::Ended => "command_ended",
            Phase::Delivered => "delivered",
            Phase::Attested => "attested",
            Phase::NotAttested => "not_attested",
            Phase::GoingDown => "going_down",
            Phase::Gone => "gone",
            Phase::Kept => "kept",
            Phase::Trouble => "trouble",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Phase::Up | Phase::Gone | Phase::Attested => Tone::Good,
            Phase::Trouble | Phase::Leftovers => Tone::Bad,
            Phase::Command => Tone::Strong,
            _ => Tone::Plain,
        }
    }
}

/// A run of a stage has come to its next phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StagePhase {
    /// The stage, with its environment.
    pub(crate) name: String,
    /// The phase.
    pub(crate) phase: Phase,
    /// A sentence about it.
    pub(crate) text: String,
}

impl Message for StagePhase {
    fn kind(&self) -> Kind {
        Kind::StagePhase
    }

    fn fields(&self) -> Fields {
        fields(json!({ "name": self.name, "phase": self.phase.as_str(), "text": self.text }))
    }

    fn text(&self, palette: Palette) -> String {
        format!("{}\n", palette.paint(self.phase.tone(), &self.text))
    }
}

/// How a run of a stage ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunView(pub(crate) Run);

impl Message for RunView {
    fn kind(&self) -> Kind {
        Kind::RunResult
    }

    fn fields(&self) -> Fields {
        fields(serde_json::to_value(&self.0).unwrap_or(Json::Null))
    }

    fn text(&self, palette: Palette) -> String {
        let run = &self.0;
        let name = match &run.environment {
            Some(environment) => format!("{}/{environment}", run.stage),
            None => run.stage.clone(),
        };
        let tone = if run.outcome == Outcome::Passed { Tone::Good } else { Tone::Bad };
        let head = palette.paint(tone, format!("{}:", verdict(run.outcome)));
        let took = elapsed(run.ended.duration_since(run.started).unsigned_abs());
        let mut text = format!("{head} {name} in {took}{}.\n", because(run));
        if let Some(error) = run.down.as_ref().and_then(|it| it.error.as_ref()) {
            text.push_str(&format!("  it was not torn down: {error}\n"));
        }
        if let Some(remains) = &run.remains {
            text.push_str(&format!("  to remove what is left: {remains}\n"));
        }
        text
    }
}

/// The outcome in a word or two.
pub(crate) fn verdict(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "Passed",
        Outcome::CommandFailed => "Failed",
        Outcome::NotUp => "Did not come up",
        Outcome::GateFailed => "A gate did not pass",
        Outcome::NotDown => "Passed, but not torn down",
        Outcome::NotAttested => "Passed, but not attested",
        Outcome::NoPlace => "No place",
        Outcome::TimedOut => "Took too long",
        Outcome::Cancelled => "Cancelled",
        Outcome::NotDelivered => "Not delivered",
    }
}

/// Why a run ended as it did, for one that did not pass.
fn because(run: &Run) -> String {
    let up = run.up.as_ref().and_then(|it| it.error.clone());
    let command = run.commands.last().filter(|it| it.status != 0);
    let command = command.map(|it| format!("`{}` ended with status {}", it.text, it.status));
    let delivery = run.deliveries.iter().find_map(|it| Some((it, it.error.as_ref()?)));
    let delivery = delivery.map(|(it, error)| format!("{}: {error}", it.text()));
    let why = up.or(command).or(delivery).or_else(|| run.not_attested.clone());
    match (run.outcome, why) {
        (Outcome::Passed | Outcome::NotDown, _) | (_, None) => String::new(),
        (_, Some(why)) => format!(": {why}"),
    }
}
