//! What the processes of a project tell each other: small documents, changed by compare and set.

use std::fmt;

use bytes::Bytes;

use crate::FORMAT;
use crate::error::StoreError;
use crate::format::first_line::Unreadable;
use crate::name::Segment;

/// The name of a ledger: a project's, and for what it is, such as `images`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerName {
    /// The project.
    pub project: Segment,
    /// What it is for.
    pub ledger: Segment,
}

impl LedgerName {
    /// The ledger of `project` by which processes agree on its places.
    ///
    /// # Panics
    ///
    /// Never: the name is a segment.
    #[must_use]
    pub fn of_project(project: &Segment) -> LedgerName {
        let ledger = Segment::new("project").expect("it is a segment");
        LedgerName { project: project.clone(), ledger }
    }

    /// The name of the file or the object that it is, among its project's.
    pub(crate) fn file_name(&self) -> String {
        format!("{}{SUFFIX}", self.ledger)
    }

    /// The ledger of `project` that a file or an object of this name is.
    pub(crate) fn of_file(project: &Segment, name: &str) -> Option<LedgerName> {
        let ledger = Segment::new(name.strip_suffix(SUFFIX)?).ok()?;
        Some(LedgerName { project: project.clone(), ledger })
    }
}

/// No state's file has it.
const SUFFIX: &str = ".ledger";

impl fmt::Display for LedgerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.ledger)
    }
}

/// A ledger of a project, as it was read.
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
pub(crate) fn refused(ledger: &LedgerName, file: String, why: Unreadable) -> StoreError {
    let problem = match why {
        Unreadable::Damaged { offset, problem } => {
            format!("is corrupt at byte {offset}: {problem}")
        }
        Unreadable::Newer { format, written_by } => format!(
            "has format {format}, written by {written_by}; this build reads up to format {FORMAT}"
        ),
    };
    StoreError::Ledger { ledger: ledger.clone(), file, problem }
}
