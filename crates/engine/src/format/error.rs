//! Why bytes are not a document.

use std::fmt;

use greenroom_model::address::AddressError;
use greenroom_model::plan::OperationIdError;
use greenroom_model::value::PathError;

use super::FORMAT;

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// The body of a snapshot.
    Snapshot,
    /// One entry of a journal.
    JournalEntry,
    /// A plan file.
    Plan,
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Document::Snapshot => "snapshot",
            Document::JournalEntry => "journal entry",
            Document::Plan => "plan file",
        })
    }
}

/// Bytes that cannot be decoded. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A newer version wrote it.
    #[error(
        "the {document} has format {format}, written by {written_by}; this version reads formats up to {FORMAT}"
    )]
    Newer {
        /// Which document.
        document: Document,
        /// Its format.
        format: u32,
        /// The version that wrote it, as it calls itself.
        written_by: String,
    },
    /// It is not JSON of the expected shape.
    #[error("the {document} cannot be read")]
    Malformed {
        /// Which document.
        document: Document,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// The shape is right, and something in it means nothing.
    #[error("the {document} does not make sense")]
    Senseless {
        /// Which document.
        document: Document,
        /// What means nothing.
        source: Misfit,
    },
    /// The content is not what was written.
    #[error("the {document} was changed after it was written: its checksum does not match")]
    Altered {
        /// Which document.
        document: Document,
    },
}

/// A part of a document that means nothing.
#[derive(Debug, thiserror::Error)]
pub enum Misfit {
    /// A format number that no version has written.
    #[error("there is no format {0}")]
    Format(u32),
    /// Text that is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Text that is no operation's id.
    #[error(transparent)]
    Operation(#[from] OperationIdError),
    /// Text that is no path into a value.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A mark on something that cannot be secret as a whole.
    #[error("`{0}` cannot be sensitive as a whole")]
    Mark(String),
    /// Text that is no expression.
    #[error("`{text}` is not an expression: {mistake}")]
    Expression {
        /// The text.
        text: String,
        /// What is wrong with it.
        mistake: String,
    },
    /// An object with one key that starts with `$` and has no meaning.
    #[error("`{0}` has no meaning here; a value's own `$` is written twice")]
    Tag(String),
    /// Text that is no span of time.
    #[error("`{0}` is not a time such as `1.5s`")]
    Time(String),
    /// A share of traffic above 100 percent.
    #[error("a weight of {0} is above 100")]
    Weight(u8),
    /// Something that may stand only once.
    #[error("`{0}` stands twice")]
    Twice(String),
}
