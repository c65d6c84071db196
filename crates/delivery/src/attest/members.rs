//! The members of an image set, each with its digest.

use std::collections::BTreeMap;

use greenroom_model::state::Inputs;
use sha2::{Digest, Sha256};

use crate::images::of_inputs;

/// The images that a scope was made from: by name, SHA-256 digests in hexadecimal digits.
#[must_use]
pub fn members(inputs: &Inputs) -> BTreeMap<String, String> {
    of_inputs(inputs).into_iter().map(|(name, digest)| (name, digest.0.to_string())).collect()
}

/// A SHA-256 digest in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
