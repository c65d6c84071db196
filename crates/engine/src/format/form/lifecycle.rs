//! What a state is to keep of the configuration of one object.

use greenroom_model::address::Address;
use greenroom_model::identity::Uid;
use greenroom_model::journal::Lifecycle;
use serde::{Deserialize, Serialize};

use super::{Reader, ReadsForm, Text, is_default};
use crate::format::error::Misfit;

/// The form of a [`Lifecycle`] with its object.
#[derive(Serialize, Deserialize)]
pub(crate) struct LifecycleForm<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "ReadsForm::is_empty")]
    reads: ReadsForm<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    create_before_destroy: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    prevent_destroy: bool,
}

impl<'a> LifecycleForm<'a> {
    pub(crate) fn of(
        address: &'a Address,
        uid: &'a Uid,
        lifecycle: &'a Lifecycle,
    ) -> LifecycleForm<'a> {
        let Lifecycle { reads, create_before_destroy, prevent_destroy } = lifecycle;
        LifecycleForm {
            address: Text::of(address),
            uid: Text::from(&uid.0),
            reads: ReadsForm::Given(reads),
            create_before_destroy: *create_before_destroy,
            prevent_destroy: *prevent_destroy,
        }
    }

    pub(crate) fn read(self, reader: &mut Reader) -> Result<(Address, Uid, Lifecycle), Misfit> {
        let lifecycle = Lifecycle {
            reads: reader.reads(self.reads)?,
            create_before_destroy: self.create_before_destroy,
            prevent_destroy: self.prevent_destroy,
        };
        Ok((reader.address(self.address.as_str())?, Uid(self.uid.keep()), lifecycle))
    }
}
