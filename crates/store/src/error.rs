//! What can go wrong with a store, and what it did to the files.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::holder::Holder;
use crate::ledger::LedgerName;
use crate::name::StateName;
use crate::position::Sequence;

/// A failure of the store. Cheap to clone, because callers who share a write share its failure.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the lease.
    #[error("the lease of `{state}` is held by {}", Introduction(holder))]
    Held {
        /// The state.
        state: StateName,
        /// Who holds it, and since when; `None` if it has not said so yet.
        holder: Option<Box<Holder>>,
    },
    /// There is no such state.
    #[error("there is no state `{state}`; nothing was written")]
    Missing {
        /// The state.
        state: StateName,
    },
    /// There is such a state already.
    #[error("there is a state `{state}` already; nothing was written")]
    Exists {
        /// The state.
        state: StateName,
    },
    /// The lease is no longer ours.
    #[error("the lease of `{state}` is lost: {}; nothing was written", Successor(to))]
    Lost {
        /// The state.
        state: StateName,
        /// Who took it, if that is known.
        to: Option<Box<Holder>>,
    },
    /// The lease was given back, or its state removed.
    #[error("the lease of `{state}` was given back; nothing was written")]
    Closed {
        /// The state.
        state: StateName,
    },
    /// An append failed half-way.
    #[error(
        "cannot append records {first} to {last} to the journal of `{state}`; \
         they may be on disk, reopening the state settles it"
    )]
    Append {
        /// The state.
        state: StateName,
        /// The first record concerned.
        first: Sequence,
        /// The last record concerned.
        last: Sequence,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// An earlier write failed, so that nothing is appended any more.
    #[error(
        "the journal of `{state}` is broken since {since}; what failed then may be on disk, \
         nothing was written now, reopening the state settles it"
    )]
    Broken {
        /// The state.
        state: StateName,
        /// What failed first.
        since: String,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// A file operation failed.
    #[error("cannot {action} `{file}`; {on_disk}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        file: String,
        /// What the failure left.
        on_disk: OnDisk,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The files do not hold what was written to them.
    #[error(transparent)]
    Corrupt(Box<Corruption>),
    /// The files are in a format that a newer version wrote.
    #[error(transparent)]
    Newer(Box<NewerFormat>),
    /// A ledger is not what was written to it, or a newer version wrote it. It is left
    /// untouched.
    #[error("`{file}`, the ledger `{ledger}`, {problem}; nothing was changed")]
    Ledger {
        /// Which one.
        ledger: LedgerName,
        /// The file or the object.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The payload cannot be a record or a request.
    #[error("a payload for `{state}` {problem}; nothing was written")]
    Payload {
        /// The state.
        state: StateName,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A fold names a record that is not durable, or is in an earlier snapshot.
    #[error(
        "cannot fold `{state}` through record {through}: the last snapshot ends with {folded} \
         and the journal with {last}; nothing was written"
    )]
    Fold {
        /// The state.
        state: StateName,
        /// The record named.
        through: Sequence,
        /// The last record in the last snapshot.
        folded: Sequence,
        /// The last durable record.
        last: Sequence,
    },
    /// A reader found the state changed under it every time.
    #[error("`{state}` changes faster than it can be read")]
    Restless {
        /// The state.
        state: StateName,
    },
}

/// What a failure left on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDisk {
    /// The state is as before.
    Nothing,
    /// What was to be written may be there, wholly or in part.
    Maybe,
    /// The new snapshot is there; the journal still starts before it.
    Snapshot,
    /// The state is removed; files of it are left.
    Leftovers,
}

/// Where and how a state's files are damaged. They are left untouched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{state}` is corrupt: `{file}` at byte {offset}{}: {problem}; \
     nothing was changed, `{}` shows what is there",
    AtRecord(*.sequence),
    .state.examine_command()
)]
pub struct Corruption {
    /// The state.
    pub state: StateName,
    /// The damaged file.
    pub file: String,
    /// Where the damage starts, in bytes from the start of the file.
    pub offset: u64,
    /// The record that should be there, if it is the journal.
    pub sequence: Option<Sequence>,
    /// What is wrong there.
    pub problem: String,
}

/// A file in a format that this build does not know. It is left untouched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{file}` of `{state}` has format {format}, written by {written_by}; this build reads up to \
     format {}, nothing was changed",
    crate::FORMAT
)]
pub struct NewerFormat {
    /// The state.
    pub state: StateName,
    /// The file.
    pub file: String,
    /// Its format.
    pub format: u32,
    /// What wrote it.
    pub written_by: String,
}

impl StoreError {
    pub(crate) fn io(
        action: &'static str,
        file: &Path,
        on_disk: OnDisk,
    ) -> impl FnOnce(io::Error) -> StoreError {
        move |source| StoreError::Io {
            action,
            file: file.display().to_string(),
            on_disk,
            source: Arc::new(source),
        }
    }
}

/// The failure and its cause, as one line.
pub(crate) fn with_source(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl fmt::Display for OnDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OnDisk::Nothing => "nothing was written",
            OnDisk::Maybe => "it may be on disk, reopening the state settles it",
            OnDisk::Snapshot => {
                "the new snapshot is written, reopening the state starts the journal after it"
            }
            OnDisk::Leftovers => "the state is removed, only leftovers of its files remain",
        })
    }
}

struct Introduction<'a>(&'a Option<Box<Holder>>);

impl fmt::Display for Introduction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(holder) => holder.fmt(f),
            None => f.write_str("a process that has not said yet who it is"),
        }
    }
}

struct Successor<'a>(&'a Option<Box<Holder>>);

impl fmt::Display for Successor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(holder) => write!(f, "it was not renewed in time, and is held by {holder}"),
            None => f.write_str("it is gone, or another's"),
        }
    }
}

struct AtRecord(Option<Sequence>);

impl fmt::Display for AtRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|sequence| write!(f, ", record {sequence}"))
    }
}
