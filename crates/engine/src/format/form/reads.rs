//! What a configuration read, with how far each must have come.

use std::fmt;

use greenroom_model::schema::Strength;
use greenroom_model::state::Reads;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use super::text::Text;

/// The form of [`Reads`].
#[derive(Debug)]
pub(crate) enum ReadsForm<'a> {
    /// To be written.
    Given(&'a Reads),
    /// As read.
    Found(Vec<(Text<'a>, Strength)>),
}

impl ReadsForm<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            ReadsForm::Given(reads) => reads.is_empty(),
            ReadsForm::Found(reads) => reads.is_empty(),
        }
    }
}

impl Default for ReadsForm<'_> {
    fn default() -> Self {
        ReadsForm::Found(Vec::new())
    }
}

impl Serialize for ReadsForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ReadsForm::Given(reads) => {
                serializer.collect_map(reads.iter().map(|(at, it)| (Text::of(at), it)))
            }
            ReadsForm::Found(reads) => {
                serializer.collect_map(reads.iter().map(|(at, it)| (at, it)))
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ReadsForm<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ReadsForm<'a>, D::Error> {
        deserializer.deserialize_map(ReadsVisitor)
    }
}

struct ReadsVisitor;

impl<'de> Visitor<'de> for ReadsVisitor {
    type Value = ReadsForm<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("strengths by address")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ReadsForm<'de>, A::Error> {
        let mut reads = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            reads.push(entry);
        }
        Ok(ReadsForm::Found(reads))
    }
}
