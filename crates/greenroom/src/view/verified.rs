//! What verifying found.

use greenroom_apply::{Known, Verified};
use greenroom_provider::Owned;
use serde_json::{Value as Json, json};

use super::words::counted;
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// Whether states and world agree.
#[derive(Debug)]
pub(crate) struct VerifiedView(pub(crate) Verified);

impl Message for VerifiedView {
    fn kind(&self) -> Kind {
        Kind::Verified
    }

    fn fields(&self) -> Fields {
        let Verified { states, objects, phantoms, strangers, orphans } = &self.0;
        let names: Vec<String> = states.keys().map(ToString::to_string).collect();
        let stranger = |(known, failure): &(Known, greenroom_provider::Failure)| {
            let mut fields = known_json(known);
            fields["reason"] = failure.message.clone().into();
            fields
        };
        fields(json!({
            "states": names,
            "objects": objects,
            "orphans": orphans.iter().map(orphan_json).collect::<Vec<_>>(),
            "phantoms": phantoms.iter().map(known_json).collect::<Vec<_>>(),
            "strangers": strangers.iter().map(stranger).collect::<Vec<_>>(),
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let Verified { states, objects, phantoms, strangers, orphans } = &self.0;
        let mut text = String::new();
        let head = |title: &str| format!("{}\n", palette.paint(Tone::Strong, title));
        if !orphans.is_empty() {
            text += &head("Orphans: they say they are this project's, and no state knows them:");
            text.extend(orphans.iter().map(orphan_line));
            text += "  `greenroom reap` removes what is expired; delete others with the provider's own \
                     tools, or import them\n\n";
        }
        if !phantoms.is_empty() {
            text += &head("Phantoms: a state has them, and the world has not:");
            text.extend(phantoms.iter().map(|it| format!("  {}\n", known_line(it))));
            text += "  the next apply makes them anew\n\n";
        }
        if !strangers.is_empty() {
            text += &head("Strangers: a state has them, and they say they are another's:");
            let line = |(known, failure): &(Known, greenroom_provider::Failure)| {
                format!("  {}: {}\n", known_line(known), failure.message)
            };
            text.extend(strangers.iter().map(line));
            text +=
                "  nothing of them is touched; if they are this state's, correct their tags\n\n";
        }
        let (states, objects) = (counted(states.len(), "state"), counted(*objects, "object"));
        let verdict = match self.0.agrees() {
            true => "they agree with the world".to_owned(),
            false => format!(
                "{}, {}, {}",
                counted(orphans.len(), "orphan"),
                counted(phantoms.len(), "phantom"),
                counted(strangers.len(), "stranger"),
            ),
        };
        text + &format!("Verified {states} with {objects}: {verdict}.\n")
    }
}

fn known_line(Known { state, address, uid: _, id }: &Known) -> String {
    format!("{state}: {address} ({id})")
}

fn known_json(Known { state, address, uid, id }: &Known) -> Json {
    json!({
        "state": state.to_string(),
        "address": address.to_string(),
        "uid": uid.to_string(),
        "id": id,
    })
}

fn orphan_line(it: &Owned) -> String {
    let Owned { kind, id, owner, .. } = it;
    format!("  {kind} {id}: stage {}, {}, lineage {}\n", owner.stage, owner.scope, owner.lineage)
}

fn orphan_json(Owned { kind, id, uid, owner, attributes: _ }: &Owned) -> Json {
    json!({ "type": kind, "id": id, "uid": uid.to_string(), "owner": owner })
}
