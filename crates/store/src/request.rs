//! What others ask the holder of a lease to do.

use std::fmt;

use bytes::Bytes;

use crate::name::{NameError, Segment};

/// The name of a request: its kind (`approve`, `abort`) and what it is about.
///
/// Two requests of one name are one request: the first to be stored counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestName {
    /// What is asked for.
    pub kind: Segment,
    /// What it is asked of.
    pub about: Segment,
}

/// A stored request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name.
    pub name: RequestName,
    /// Its content, one JSON document.
    pub payload: Bytes,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// It is stored, durably.
    Stored,
    /// A request of this name was there already, with this content; nothing was changed.
    AlreadyThere(Bytes),
}

impl RequestName {
    /// Names a request of `kind` about `about`.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a part is not a valid [`Segment`].
    pub fn new(kind: &str, about: &str) -> Result<RequestName, NameError> {
        Ok(RequestName { kind: Segment::new(kind)?, about: Segment::new(about)? })
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}.{}.json", self.kind, self.about)
    }

    pub(crate) fn from_file_name(file_name: &str) -> Option<RequestName> {
        let (kind, about) = file_name.strip_suffix(".json")?.split_once('.')?;
        RequestName::new(kind, about).ok()
    }
}

impl fmt::Display for RequestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.about)
    }
}
