//! Creates, updates and deletes.

use greenroom_model::identity::{Incarnation, Uid};
use greenroom_model::journal::Lifecycle;
use greenroom_model::plan::{
    Change, Removal, RemovalReason, ReplaceOrder, ReplaceReason, Replacement,
};
use greenroom_model::state::Status;
use greenroom_model::value::{Path, PathError, Value};
use serde::{Deserialize, Serialize};

use crate::format::error::Misfit;
use crate::format::form::intent::HandleForm;
use crate::format::form::{Json, Mode, Reader, ReadsForm, Text, is_default, present, time};

/// The form of [`Change`].
#[derive(Serialize, Deserialize)]
pub(super) struct ChangeForm<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    incarnation: u32,
    #[serde(borrow)]
    provider: Text<'a>,
    #[serde(borrow)]
    config: Json<'a>,
    #[serde(borrow)]
    planned: Json<'a>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    prior: Option<Json<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    replaces: Option<ReplacementForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "ReadsForm::is_empty")]
    reads: ReadsForm<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    create_before_destroy: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    prevent_destroy: bool,
    #[serde(borrow)]
    handle: HandleForm<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    timeout: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ReplacementForm<'a> {
    order: ReplaceOrder,
    #[serde(borrow)]
    reason: ReasonForm<'a>,
    #[serde(borrow)]
    old: Text<'a>,
}

/// The form of [`ReplaceReason`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReasonForm<'a> {
    #[serde(borrow)]
    Attributes(Vec<Text<'a>>),
    #[serde(borrow)]
    Pending(Vec<Text<'a>>),
    #[serde(borrow)]
    Failed(Text<'a>),
    #[serde(borrow)]
    Triggered(Text<'a>),
}

/// The form of [`Removal`].
#[derive(Serialize, Deserialize)]
pub(super) struct RemovalForm<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    provider: Text<'a>,
    #[serde(borrow)]
    prior: Json<'a>,
    status: Status,
    #[serde(default, skip_serializing_if = "is_default")]
    deposed: bool,
    #[serde(borrow)]
    reason: RemovalReasonForm<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    timeout: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RemovalReasonForm<'a> {
    NotConfigured,
    Destroyed,
    Replaced {
        #[serde(borrow)]
        reason: ReasonForm<'a>,
        #[serde(borrow)]
        config: Json<'a>,
    },
    Deposed,
}

fn given(value: &Value) -> Json<'_> {
    Json::Given(value, Mode::Referred)
}

impl<'a> ChangeForm<'a> {
    pub(super) fn of(change: &'a Change) -> ChangeForm<'a> {
        let Lifecycle { reads, create_before_destroy, prevent_destroy } = &change.lifecycle;
        ChangeForm {
            address: Text::of(&change.address),
            uid: Text::from(&change.uid.0),
            incarnation: change.incarnation.0,
            provider: Text::from(&change.provider),
            config: given(&change.config),
            planned: given(&change.planned),
            prior: change.prior.as_ref().map(given),
            replaces: change.replaces.as_ref().map(ReplacementForm::of),
            reads: ReadsForm::Given(reads),
            create_before_destroy: *create_before_destroy,
            prevent_destroy: *prevent_destroy,
            handle: HandleForm::of(&change.handle),
            timeout: change.timeout.map(time::write),
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Change, Misfit> {
        Ok(Change {
            address: reader.address(self.address.as_str())?,
            uid: Uid(self.uid.keep()),
            incarnation: Incarnation(self.incarnation),
            provider: reader.share(self.provider.as_str()),
            config: reader.value(self.config)?,
            planned: reader.value(self.planned)?,
            prior: self.prior.map(|prior| reader.value(prior)).transpose()?,
            replaces: self.replaces.map(ReplacementForm::read).transpose()?,
            lifecycle: Lifecycle {
                reads: reader.reads(self.reads)?,
                create_before_destroy: self.create_before_destroy,
                prevent_destroy: self.prevent_destroy,
            },
            handle: self.handle.read(),
            timeout: self.timeout.as_ref().map(time::read).transpose()?,
        })
    }
}

impl<'a> ReplacementForm<'a> {
    fn of(replacement: &'a Replacement) -> ReplacementForm<'a> {
        let Replacement { order, reason, old } = replacement;
        ReplacementForm { order: *order, reason: ReasonForm::of(reason), old: Text::from(&old.0) }
    }

    fn read(self) -> Result<Replacement, Misfit> {
        Ok(Replacement {
            order: self.order,
            reason: self.reason.read()?,
            old: Uid(self.old.keep()),
        })
    }
}

impl<'a> ReasonForm<'a> {
    fn of(reason: &'a ReplaceReason) -> ReasonForm<'a> {
        let texts = |paths: &[Path]| paths.iter().map(Text::of).collect();
        match reason {
            ReplaceReason::Attributes(paths) => ReasonForm::Attributes(texts(paths)),
            ReplaceReason::Pending(paths) => ReasonForm::Pending(texts(paths)),
            ReplaceReason::Failed(why) => ReasonForm::Failed(why.into()),
            ReplaceReason::Triggered(by) => ReasonForm::Triggered(by.into()),
        }
    }

    fn read(self) -> Result<ReplaceReason, Misfit> {
        Ok(match self {
            ReasonForm::Attributes(paths) => ReplaceReason::Attributes(read_paths(&paths)?),
            ReasonForm::Pending(paths) => ReplaceReason::Pending(read_paths(&paths)?),
            ReasonForm::Failed(why) => ReplaceReason::Failed(why.keep()),
            ReasonForm::Triggered(by) => ReplaceReason::Triggered(by.keep()),
        })
    }
}

fn read_paths(paths: &[Text<'_>]) -> Result<Vec<Path>, PathError> {
    paths.iter().map(|path| path.as_str().parse()).collect()
}

impl<'a> RemovalForm<'a> {
    pub(super) fn of(removal: &'a Removal) -> RemovalForm<'a> {
        let Removal { address, uid, id, provider, prior, status, deposed, reason, timeout } =
            removal;
        RemovalForm {
            address: Text::of(address),
            uid: Text::from(&uid.0),
            id: id.into(),
            provider: provider.into(),
            prior: given(prior),
            status: *status,
            deposed: *deposed,
            reason: RemovalReasonForm::of(reason),
            timeout: timeout.map(time::write),
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Removal, Misfit> {
        Ok(Removal {
            address: reader.address(self.address.as_str())?,
            uid: Uid(self.uid.keep()),
            id: self.id.keep(),
            provider: reader.share(self.provider.as_str()),
            prior: reader.value(self.prior)?,
            status: self.status,
            deposed: self.deposed,
            reason: self.reason.read(reader)?,
            timeout: self.timeout.as_ref().map(time::read).transpose()?,
        })
    }
}

impl<'a> RemovalReasonForm<'a> {
    fn of(reason: &'a RemovalReason) -> RemovalReasonForm<'a> {
        match reason {
            RemovalReason::NotConfigured => RemovalReasonForm::NotConfigured,
            RemovalReason::Destroyed => RemovalReasonForm::Destroyed,
            RemovalReason::Replaced { reason, config } => RemovalReasonForm::Replaced {
                reason: ReasonForm::of(reason),
                config: given(config),
            },
            RemovalReason::Deposed => RemovalReasonForm::Deposed,
        }
    }

    fn read(self, reader: &mut Reader) -> Result<RemovalReason, Misfit> {
        Ok(match self {
            RemovalReasonForm::NotConfigured => RemovalReason::NotConfigured,
            RemovalReasonForm::Destroyed => RemovalReason::Destroyed,
            RemovalReasonForm::Replaced { reason, config } => {
                RemovalReason::Replaced { reason: reason.read()?, config: reader.value(config)? }
            }
            RemovalReasonForm::Deposed => RemovalReason::Deposed,
        })
    }
}
