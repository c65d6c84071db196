//! Byte forms of state, journal entry and plan.
//!
//! Each has form types of its own (`form` and beside), converted by hand from and to the plain
//! data of `greenroom-model`, so that a change of the data does not silently change a file. Words
//! without parts (a status, an effect, an address) are written as the model prints them; the golden
//! files of the tests hold all of it fast. The forms are described for strangers in the book, under
//! `formats/`.
//!
//! What stays true:
//!
//! - Decoding never panics, whatever the bytes are, and encoding never fails.
//! - What this version wrote, it reads back equal; what it read, it writes back with the same bytes.
//! - Fields that it does not know are passed over; at the top of a state, in its scopes and in its
//!   instances they are kept. A higher format number is refused.
//! - No secret is ever in a plan file. Snapshots and journals hold secrets, with their marks.

mod document;
mod error;
mod form;
pub mod journal;
pub mod plan;
pub mod snapshot;

pub use error::{Document, FormatError, Misfit};
pub use form::marks::{claim, reference_to};

/// The format number that this version writes, and the highest that it reads.
pub const FORMAT: u32 = 1;

/// What a document says of who wrote it.
pub const WRITTEN_BY: &str = concat!("greenroom ", env!("CARGO_PKG_VERSION"));

/// How deep lists and objects may be nested in a value. Deeper ones are written, and refused when
/// they are read.
pub const MAX_DEPTH: u32 = 400;
