//! What an operation waits for.

use greenroom_model::plan::{AtLimit, Drain, Wait};
use serde::{Deserialize, Serialize};

use crate::format::error::Misfit;
use crate::format::form::{Reader, Text, is_default, time};

/// The form of [`Wait`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WaitForm<'a> {
    #[serde(borrow)]
    For(Text<'a>),
    Approval,
    #[serde(borrow)]
    Drain(DrainForm<'a>),
}

/// The form of [`Drain`].
#[derive(Serialize, Deserialize)]
pub(super) struct DrainForm<'a> {
    #[serde(borrow)]
    scope: Text<'a>,
    #[serde(borrow)]
    quiet: Text<'a>,
    #[serde(borrow)]
    limit: Text<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    at_limit: AtLimit,
}

impl<'a> WaitForm<'a> {
    pub(super) fn of(wait: &'a Wait) -> WaitForm<'a> {
        match wait {
            Wait::For(length) => WaitForm::For(time::write(*length)),
            Wait::Approval => WaitForm::Approval,
            Wait::Drain(Drain { scope, quiet, limit, at_limit }) => WaitForm::Drain(DrainForm {
                scope: scope.as_str().into(),
                quiet: time::write(*quiet),
                limit: time::write(*limit),
                at_limit: *at_limit,
            }),
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Wait, Misfit> {
        Ok(match self {
            WaitForm::For(length) => Wait::For(time::read(&length)?),
            WaitForm::Approval => Wait::Approval,
            WaitForm::Drain(DrainForm { scope, quiet, limit, at_limit }) => Wait::Drain(Drain {
                scope: reader.scope(scope.as_str())?,
                quiet: time::read(&quiet)?,
                limit: time::read(&limit)?,
                at_limit,
            }),
        })
    }
}
