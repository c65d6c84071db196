//! Form types that the documents share, and what they are made of.

pub(super) mod extra;
pub(super) mod history;
pub(super) mod inputs;
pub(super) mod intent;
pub(super) mod json;
pub(super) mod lifecycle;
pub(super) mod marks;
pub(super) mod reader;
pub(super) mod reads;
pub(super) mod remote;
pub(super) mod roster;
pub(super) mod text;
pub(super) mod time;

pub(super) use extra::WithExtra;
pub(super) use json::{Json, Mode};
pub(super) use reader::Reader;
pub(super) use reads::ReadsForm;
pub(super) use text::Text;

use serde::{Deserialize, Deserializer};

/// Reads a field that may be left out, in which `null` is a value like any other.
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Whether a field can be left out.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
