//! The operations of a phase, which are most of a plan: written one at a time.

use greenroom_model::plan::Operation;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::action::OperationForm;
use crate::format::error::Misfit;
use crate::format::form::Reader;

/// The operations of a phase.
pub(super) enum Operations<'a> {
    /// To be written: each has a form only while it is.
    Planned(&'a [Operation]),
    /// As they were read.
    Read(Vec<OperationForm<'a>>),
}

impl Operations<'_> {
    pub(super) fn read(self, reader: &mut Reader) -> Result<Vec<Operation>, Misfit> {
        match self {
            Operations::Planned(operations) => Ok(operations.to_vec()),
            Operations::Read(forms) => forms.into_iter().map(|form| form.read(reader)).collect(),
        }
    }
}

impl Serialize for Operations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Operations::Planned(operations) => {
                serializer.collect_seq(operations.iter().map(OperationForm::of))
            }
            Operations::Read(forms) => forms.serialize(serializer),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Operations<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Operations::Read)
    }
}
