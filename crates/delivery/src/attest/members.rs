//! The members of an image set, each with its digest.

use std::collections::BTreeMap;

use greenroom_model::state::Inputs;

use crate::images::of_inputs;

/// The images that a scope was made from: by name, SHA-256 digests in hexadecimal digits.
#[must_use]
pub fn members(inputs: &Inputs) -> BTreeMap<String, String> {
    of_inputs(inputs).into_iter().map(|(name, digest)| (name, digest.0.to_string())).collect()
}
