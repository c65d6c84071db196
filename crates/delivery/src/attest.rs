//! Attestations: signed records that an image set passed a stage, and how it was baked.
//!
//! An attestation is a [`Statement`](statement::Statement) of in-toto in a signed
//! [`Envelope`](envelope::Envelope), formats that other tools read. A run that passed writes one
//! if it [may](eligible::may_attest); it is kept [`beside the states`](kept::Kept), and
//! [`verify`](verify::verify) says of an image set what is proven. Deciding is pure; only `kept`
//! and the making of a key reach the world.

pub mod eligible;
pub mod envelope;
pub mod kept;
pub mod keys;
mod ledger;
mod members;
pub mod provenance;
pub mod required;
pub mod seen;
pub mod signing;
pub mod statement;
pub mod test_result;
pub mod verify;

pub use members::members;
