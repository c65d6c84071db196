//! Where state lives.
//!
//! A state is a snapshot, a journal of what happened since, a lease that lets
//! one process at a time write, and requests that others leave for it. This
//! crate keeps the four, on a local folder ([`FolderStore`]), behind traits
//! ([`Store`], [`Lease`]) that an object store can stand behind as well.
//! Beside the states of a project it keeps ledgers, by which processes agree.
//!
//! What entries mean is not known here: the body of a snapshot and the payload
//! of a record are bytes. What stays true, whatever the process or the machine
//! dies of:
//!
//! - an append that was acknowledged is there for every later reader;
//! - one that was not is there wholly or not at all;
//! - the serial of a state never goes back;
//! - whoever replaces a ledger has seen what it replaces;
//! - content that is not what was written is refused, never guessed at.
//!
//! The file formats are specified in `docs/book/src/formats`.

pub mod disk;
pub mod fail_point;

mod broken;
mod error;
mod folder;
mod format;
mod holder;
mod ledger;
mod name;
#[cfg(feature = "object-store")]
mod object;
mod os_disk;
mod payload;
mod position;
mod queue;
mod report;
mod request;
mod rescue;
mod state;
mod store;
mod ticket;

pub use error::{Corruption, NewerFormat, OnDisk, StoreError};
pub use folder::FolderStore;
pub use holder::Holder;
pub use ledger::{Ledger, LedgerName, LedgerVersion};
pub use name::{NameError, Segment, StateName};
#[cfg(feature = "s3")]
pub use object::{AccessKey, AccessKeys, Bucket};
#[cfg(feature = "object-store")]
pub use object::{Clock, ObjectStates};
pub use os_disk::OsDisk;
pub use position::{Lineage, Sequence, Serial};
pub use report::{JournalReport, RecordReport, Report, SlotReport, SnapshotReport, TailReport};
pub use request::{Request, RequestName, Requested};
pub use rescue::{Rescue, RescueFolder};
pub use state::{Loaded, Record, SnapshotHeader, TornTail};
pub use store::{Lease, Store};
pub use ticket::{Answer, Ticket};

/// The newest snapshot and journal format that this build reads, and the one it writes.
pub const FORMAT: u32 = 1;

/// What this build calls itself in the files it writes.
pub const WRITTEN_BY: &str = concat!("greenroom ", env!("CARGO_PKG_VERSION"));
