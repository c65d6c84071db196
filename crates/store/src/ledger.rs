//! What the processes of a project tell each other: one small document, changed by compare and set.

use bytes::Bytes;

use crate::FORMAT;
use crate::error::StoreError;
use crate::format::first_line::Unreadable;
use crate::name::Segment;

/// The ledger of a project, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// What was last written to it; `None` before anything was.
    pub content: Option<Bytes>,
    /// Which writing that was, for [`write_ledger`](crate::Store::write_ledger).
    pub version: LedgerVersion,
}

/// One writing of a ledger, or that nothing was written yet. No two writings are equal, also of
/// the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerVersion {
    /// What is different in every writing: the nonce of a file, the e-tag of an object.
    pub(crate) tag: Option<String>,
    /// What some object storages name beside it.
    pub(crate) generation: Option<String>,
}

impl Ledger {
    /// The ledger that nothing was written to.
    pub(crate) fn empty() -> Ledger {
        Ledger { content: None, version: LedgerVersion { tag: None, generation: None } }
    }
}

/// That `file` is no ledger, or none that this build can read.
pub(crate) fn refused(project: &Segment, file: String, why: Unreadable) -> StoreError {
    let problem = match why {
        Unreadable::Damaged { offset, problem } => {
            format!("is corrupt at byte {offset}: {problem}")
        }
        Unreadable::Newer { format, written_by } => format!(
            "has format {format}, written by {written_by}; this build reads up to format {FORMAT}"
        ),
    };
    StoreError::Ledger { project: project.clone(), file, problem }
}
