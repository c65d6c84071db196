//! Gates and other steps that change no object.

use greenroom_model::gate::{Gate, Probe};
use greenroom_model::plan::{Action, Wait};
use greenroom_model::value::Value;

use crate::view::value::{Style, text};
use crate::view::words::elapsed;

/// A gate that is asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GateView {
    /// Where it is declared, and its name: `default/web`.
    pub(crate) name: String,
    /// What it asks, in a line.
    pub(crate) question: String,
}

/// A step without an object: a wait, a comparison, a change of the roster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step(pub(crate) String);

impl GateView {
    pub(super) fn of(action: &Action) -> Option<GateView> {
        let Action::Gate { scope, name, gate } = action else { return None };
        Some(GateView { name: format!("{scope}/{name}"), question: question(gate) })
    }
}

fn question(gate: &Gate<Value>) -> String {
    let bare = |value: &Value| match value {
        Value::String(text) if !text.contains(char::is_control) => text.to_string(),
        other => text(other, Style::default()),
    };
    match &gate.probe {
        Probe::Http { url, status, body } => {
            let body = body.as_ref().map(|it| format!(" and {}", text(it, Style::default())));
            format!("GET {} answers {status}{}", bare(url), body.unwrap_or_default())
        }
        Probe::Tcp { endpoint } => format!("{} takes connections", bare(endpoint)),
        Probe::Command { argv } => {
            let argv: Vec<String> = argv.iter().map(bare).collect();
            format!("`{}` succeeds", argv.join(" "))
        }
    }
}

impl Step {
    pub(super) fn of(action: &Action) -> Option<Step> {
        match action {
            Action::Wait(Wait::For(time)) => Some(Step(format!("wait {}", elapsed(*time)))),
            Action::Wait(Wait::Approval) => Some(Step("wait for approval".to_owned())),
            Action::Verify { address, .. } => Some(Step(format!("verify {address}"))),
            Action::Mark(decision) => {
                let roster = decision.roster.entries.iter().map(|(name, entry)| {
                    format!("{name} {:?} at {} %", entry.role, entry.weight.percent())
                        .to_lowercase()
                });
                Some(Step(format!("record {}", roster.collect::<Vec<_>>().join(", "))))
            }
            _ => None,
        }
    }
}
