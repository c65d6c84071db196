//! Who sees what calls do to the front, at the moment when they do it.

use greenroom_model::address::Address;
use tokio::time::Instant;

use super::CallKind;
use super::traffic::Weights;

/// Sees every change that calls make, their caller alive or not. What others do, it does not see.
pub trait Watcher: Send {
    /// Calls took effect together: what each environment got before, and what it gets now.
    fn changed(&mut self, deeds: &[Deed<'_>], before: &Weights, now: &Weights);
}

/// What a call did.
#[derive(Debug)]
pub struct Deed<'d> {
    /// What it was.
    pub kind: CallKind,
    /// About what.
    pub address: &'d Address,
    /// The object's id, if it had one.
    pub id: Option<&'d str>,
    /// When it took effect, if its sender had been told before that it failed, or had ended.
    pub late: Option<Instant>,
}
