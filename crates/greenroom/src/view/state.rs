//! States: what there is, at a glance.

use greenroom_model::state::{Remote, State, Status};
use greenroom_store::{Report, StateName};
use serde_json::{Value as Json, json};

use super::outputs::Outputs;
use super::words::counted;
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// All objects of a state, and perhaps its outputs.
#[derive(Clone, Debug)]
pub(crate) struct StateView {
    /// The state's name.
    pub(crate) name: String,
    objects: Vec<Row>,
    outputs: Outputs,
    detail: Detail,
}

/// How much of a state is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The addresses.
    Addresses,
    /// Addresses with ids, and outputs.
    Environment,
}

#[derive(Clone, Debug)]
struct Row {
    address: String,
    uid: String,
    id: String,
    status: &'static str,
    deposed: bool,
}

impl StateView {
    /// A view of `state`; without one, of nothing.
    pub(crate) fn of(name: &StateName, state: Option<&State>, detail: Detail) -> StateView {
        StateView {
            name: name.to_string(),
            objects: state.map(rows).unwrap_or_default(),
            outputs: state.map(Outputs::of).unwrap_or_default(),
            detail,
        }
    }
}

fn rows(state: &State) -> Vec<Row> {
    let mut rows = Vec::with_capacity(state.objects());
    for (address, instance) in state.instances() {
        let row = |remote: &Remote, deposed| Row {
            address: address.to_string(),
            uid: remote.uid.to_string(),
            id: remote.id.to_string(),
            status: status(remote.status),
            deposed,
        };
        rows.extend(instance.current.iter().map(|it| row(it, false)));
        rows.extend(instance.deposed.iter().map(|it| row(it, true)));
    }
    rows
}

/// The word for how far an object has come.
pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Ready => "ready",
        Status::Incomplete => "incomplete",
        Status::Failed => "failed",
        Status::Deleting => "deleting",
    }
}

impl Row {
    fn json(&self) -> Json {
        json!({
            "address": self.address,
            "uid": self.uid,
            "id": self.id,
            "status": self.status,
            "deposed": self.deposed,
        })
    }

    fn text(&self, detail: Detail) -> String {
        let mut remarks = Vec::new();
        if detail == Detail::Environment {
            remarks.push(format!("id {}", self.id));
        }
        if self.status != "ready" {
            remarks.push(self.status.to_owned());
        }
        if self.deposed {
            remarks.push(format!("deposed {}", self.uid));
        }
        match remarks.is_empty() {
            true => format!("{}\n", self.address),
            false => format!("{} ({})\n", self.address, remarks.join(", ")),
        }
    }
}

impl Message for StateView {
    fn kind(&self) -> Kind {
        Kind::State
    }

    fn fields(&self) -> Fields {
        let objects: Vec<Json> = self.objects.iter().map(Row::json).collect();
        let mut all = fields(json!({ "state": self.name, "objects": objects }));
        all.extend(self.outputs.fields());
        all
    }

    fn text(&self, palette: Palette) -> String {
        let rows: String = self.objects.iter().map(|row| row.text(self.detail)).collect();
        if self.detail == Detail::Addresses {
            return rows;
        }
        let count = counted(self.objects.len(), "object");
        let mut text = format!("{}: {count}\n{rows}", palette.paint(Tone::Strong, &self.name));
        if !self.outputs.values.is_empty() {
            text.push_str(&format!("\n{}\n", palette.paint(Tone::Strong, "Outputs:")));
            text.push_str(&self.outputs.text(palette));
        }
        text
    }
}

/// The states of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct States {
    /// Their names, in order.
    pub(crate) names: Vec<String>,
}

impl Message for States {
    fn kind(&self) -> Kind {
        Kind::States
    }

    fn fields(&self) -> Fields {
        fields(json!({ "states": self.names }))
    }

    fn text(&self, _: Palette) -> String {
        self.names.iter().map(|name| format!("{name}\n")).collect()
    }
}

/// What is in a state's files.
#[derive(Clone, Debug)]
pub(crate) struct Examined(pub(crate) Report);

impl Message for Examined {
    fn kind(&self) -> Kind {
        Kind::Examined
    }

    fn fields(&self) -> Fields {
        let Report { state, place, refused, .. } = &self.0;
        fields(json!({
            "state": state.to_string(),
            "place": place,
            "refused": refused,
            "report": self.0.to_string(),
        }))
    }

    fn text(&self, _: Palette) -> String {
        self.0.to_string()
    }
}
