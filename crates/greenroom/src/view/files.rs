//! Files that a command has written.

use serde_json::json;

use super::{Fields, Kind, Message, fields};
use crate::palette::Palette;

/// Files that are there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilesWritten {
    /// Their paths as people type them.
    pub(crate) files: Vec<String>,
    /// What to do with them.
    pub(crate) hint: String,
}

impl Message for FilesWritten {
    fn kind(&self) -> Kind {
        Kind::FilesWritten
    }

    fn fields(&self) -> Fields {
        fields(json!({ "files": self.files, "hint": self.hint }))
    }

    fn text(&self, _: Palette) -> String {
        format!("wrote {}\n{}\n", self.files.join(", "), self.hint)
    }
}
