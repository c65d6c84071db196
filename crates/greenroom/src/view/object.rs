//! One object of a state, with its attributes.

use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::state::{Instance, Remote};
use serde_json::{Value as Json, json};

use super::plan::attributes::differences;
use super::state::status;
use super::value::{Style, json as value_json, text};
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// An address with its objects.
#[derive(Clone, Debug)]
pub(crate) struct ObjectView {
    /// The address.
    pub(crate) address: Address,
    /// Its objects.
    pub(crate) instance: Arc<Instance>,
}

impl Message for ObjectView {
    fn kind(&self) -> Kind {
        Kind::Object
    }

    fn fields(&self) -> Fields {
        let current = self.instance.current.as_ref().map(remote_json);
        let deposed: Vec<Json> = self.instance.deposed.iter().map(remote_json).collect();
        fields(json!({
            "address": self.address.to_string(),
            "current": current,
            "deposed": deposed,
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let heading = palette.paint(Tone::Strong, &self.address);
        let mut text = String::new();
        if let Some(remote) = &self.instance.current {
            text.push_str(&format!("{heading}\n{}", remote_text(remote)));
        }
        for remote in &self.instance.deposed {
            text.push_str(&format!("{heading} (deposed)\n{}", remote_text(remote)));
        }
        text
    }
}

fn remote_json(remote: &Remote) -> Json {
    json!({
        "uid": remote.uid.to_string(),
        "id": remote.id,
        "provider": remote.provider,
        "status": status(remote.status),
        "version": remote.version.0,
        "reads": remote.reads.keys().map(ToString::to_string).collect::<Vec<_>>(),
        "attributes": value_json(&remote.attributes),
    })
}

fn remote_text(remote: &Remote) -> String {
    let mut text = format!(
        "  # uid {}, id {}, by {}, {}\n",
        remote.uid,
        remote.id,
        remote.provider,
        status(remote.status)
    );
    let attributes = differences(None, Some(&remote.attributes));
    let names: Vec<String> = attributes.iter().map(|it| it.path.to_string()).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, attribute) in names.iter().zip(&attributes) {
        let value = attribute.after.clone().unwrap_or_default();
        let shown = self::text(&value, Style { own: None, full: true });
        text.push_str(&format!("  {name:width$} = {shown}\n"));
    }
    text
}
