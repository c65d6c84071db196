//! Images: which there are, which belong together, and which a command uses.
//!
//! Every bake adds to the project's catalogue, a ledger beside its states: images by the key that
//! hashes what they were made from, and sets of them. An image is known by its digest, which covers
//! its key and what it is where it was made; an image set by one digest over its members.

mod catalogue;
mod choose;
mod compare;
mod digest;
mod prune;
mod shelf;

pub use catalogue::{Baked, Catalogue, Key, Location, Material, Member, Origin, Recorded};
pub use choose::{Choice, ChooseError, Chosen, of_inputs, one};
pub use compare::{Difference, compare};
pub(crate) use digest::of_parts;
pub use digest::{of_id, of_set};
pub use prune::{Pruning, Uses, pruning, uses};
pub use shelf::{Shelf, ShelfError};
