//! Things worth saying that are neither data nor errors.

use greenroom_model::state::State;
use greenroom_store::Holder;
use serde_json::json;

use super::words::{counted, few};
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// A sentence for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice(pub(crate) String);

impl Message for Notice {
    fn kind(&self) -> Kind {
        Kind::Notice
    }

    fn fields(&self) -> Fields {
        fields(json!({ "text": self.0 }))
    }

    fn text(&self, _: Palette) -> String {
        format!("{}\n", self.0)
    }
}

/// What somebody is doing to a state, or left undone, while it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InFlight {
    /// Who holds the state's lease.
    pub(crate) holder: Option<String>,
    /// What intents without an outcome are about.
    pub(crate) open: Vec<String>,
}

impl InFlight {
    /// What is in flight; `None` if all is quiet.
    pub(crate) fn of(state: Option<&State>, holder: Option<&Holder>) -> Option<InFlight> {
        let intents = state.into_iter().flat_map(|state| state.open.values());
        let subjects = intents.flat_map(|intent| &intent.subjects);
        let mut open: Vec<String> = subjects.map(|subject| subject.address.to_string()).collect();
        open.sort();
        let holder = holder.map(ToString::to_string);
        (holder.is_some() || !open.is_empty()).then_some(InFlight { holder, open })
    }
}

impl Message for InFlight {
    fn kind(&self) -> Kind {
        Kind::InFlight
    }

    fn fields(&self) -> Fields {
        fields(json!({ "holder": self.holder, "open": self.open }))
    }

    fn text(&self, palette: Palette) -> String {
        let text = match (&self.holder, self.open.len()) {
            (Some(holder), 0) => format!("in flight by {holder}"),
            (Some(holder), count) => {
                format!(
                    "{} in flight by {holder}: {}",
                    counted(count, "effect"),
                    few(&self.open, 5)
                )
            }
            (None, count) => format!(
                "{} to settle, left by a command that was interrupted: {}; the next apply or \
                 destroy looks what became of it",
                counted(count, "effect"),
                few(&self.open, 5)
            ),
        };
        format!("{} {text}\n", palette.paint(Tone::Changed, "note:"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(holder: Option<&str>, open: &[&str]) -> String {
        let open = open.iter().map(|it| (*it).to_owned()).collect();
        InFlight { holder: holder.map(str::to_owned), open }.text(Palette::PLAIN)
    }

    #[test]
    fn readers_learn_who_is_at_work_and_what_is_left_open() {
        assert_eq!(shown(Some("ann on host"), &[]), "note: in flight by ann on host\n");
        assert_eq!(
            shown(Some("ann on host"), &["it/a.b"]),
            "note: 1 effect in flight by ann on host: it/a.b\n"
        );
        assert_eq!(
            shown(None, &["it/a.b", "it/a.c"]),
            "note: 2 effects to settle, left by a command that was interrupted: it/a.b, it/a.c; \
             the next apply or destroy looks what became of it\n"
        );
    }
}
