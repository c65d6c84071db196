//! An object that was imported.

use greenroom_model::address::Address;
use serde_json::json;

use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// An object that the state has from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Imported {
    /// Where it stands.
    pub(crate) address: Address,
    /// The provider's name for it.
    pub(crate) id: String,
}

impl Message for Imported {
    fn kind(&self) -> Kind {
        Kind::Imported
    }

    fn fields(&self) -> Fields {
        fields(json!({ "address": self.address.to_string(), "id": self.id }))
    }

    fn text(&self, palette: Palette) -> String {
        let imported = palette.paint(Tone::Good, "Imported:");
        format!("{imported} {} is `{}`. The next plan:\n", self.address, self.id)
    }
}
