//! Errors: what happened, why, and what to do.

use std::error::Error;

use serde_json::json;

use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// An error with its chain of causes, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorView {
    /// What happened.
    pub(crate) message: String,
    /// Why, from near to far.
    pub(crate) causes: Vec<String>,
    /// What to do.
    pub(crate) help: Option<String>,
    /// The exit code that the command ends with.
    pub(crate) exit: u8,
}

impl ErrorView {
    /// `error` with all that caused it.
    pub(crate) fn of(error: &dyn Error, help: Option<String>, exit: u8) -> ErrorView {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        ErrorView { message: error.to_string(), causes, help, exit }
    }
}

impl Message for ErrorView {
    fn kind(&self) -> Kind {
        Kind::Error
    }

    fn fields(&self) -> Fields {
        fields(json!({
            "message": self.message,
            "causes": self.causes,
            "help": self.help,
            "exit": self.exit,
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let mut text = format!("{}: {}\n", palette.paint(Tone::Bad, "error"), self.message);
        for cause in &self.causes {
            text.push_str(&format!("  because: {cause}\n"));
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("  {}: {help}\n", palette.paint(Tone::Read, "help")));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot save the plan; nothing was written")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_chain_of_causes_is_walked() {
        let error = Outer(io::Error::other("disk full"));
        let view = ErrorView::of(&error, Some("make room".to_owned()), 1);
        insta::assert_snapshot!(view.text(Palette::PLAIN), @r"
        error: cannot save the plan; nothing was written
          because: disk full
          help: make room
        ");
    }
}
