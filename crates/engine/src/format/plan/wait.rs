//! What an operation waits for.

use greenroom_model::plan::{AtLimit, Drain, Horizon, Wait};
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
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    counted: Vec<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    horizons: Vec<HorizonForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Text<'a>>,
    #[serde(borrow)]
    quiet: Text<'a>,
    #[serde(borrow)]
    limit: Text<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    at_limit: AtLimit,
}

/// The form of [`Horizon`].
#[derive(Serialize, Deserialize)]
struct HorizonForm<'a> {
    #[serde(borrow)]
    lasts: Text<'a>,
    #[serde(borrow)]
    why: Text<'a>,
}

impl<'a> WaitForm<'a> {
    pub(super) fn of(wait: &'a Wait) -> WaitForm<'a> {
        match wait {
            Wait::For(length) => WaitForm::For(time::write(*length)),
            Wait::Approval => WaitForm::Approval,
            Wait::Drain(drain) => WaitForm::Drain(DrainForm::of(drain)),
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Wait, Misfit> {
        Ok(match self {
            WaitForm::For(length) => Wait::For(time::read(&length)?),
            WaitForm::Approval => Wait::Approval,
            WaitForm::Drain(form) => Wait::Drain(Box::new(form.read(reader)?)),
        })
    }
}

impl<'a> DrainForm<'a> {
    fn of(drain: &'a Drain) -> DrainForm<'a> {
        let Drain { scope, counted, horizons, not_before, quiet, limit, at_limit } = drain;
        let horizon = |Horizon { lasts, why }: &'a Horizon| HorizonForm {
            lasts: time::write(*lasts),
            why: why.as_str().into(),
        };
        DrainForm {
            scope: scope.as_str().into(),
            counted: counted.iter().map(Text::of).collect(),
            horizons: horizons.iter().map(horizon).collect(),
            not_before: (!not_before.is_zero()).then(|| time::write(*not_before)),
            quiet: time::write(*quiet),
            limit: time::write(*limit),
            at_limit: *at_limit,
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Drain, Misfit> {
        let DrainForm { scope, counted, horizons, not_before, quiet, limit, at_limit } = self;
        let horizon = |HorizonForm { lasts, why }: HorizonForm<'_>| -> Result<Horizon, Misfit> {
            Ok(Horizon { lasts: time::read(&lasts)?, why: why.as_str().to_owned() })
        };
        Ok(Drain {
            scope: reader.scope(scope.as_str())?,
            counted: counted
                .iter()
                .map(|it| reader.address(it.as_str()))
                .collect::<Result<_, _>>()?,
            horizons: horizons.into_iter().map(horizon).collect::<Result<_, _>>()?,
            not_before: not_before.map(|it| time::read(&it)).transpose()?.unwrap_or_default(),
            quiet: time::read(&quiet)?,
            limit: time::read(&limit)?,
            at_limit,
        })
    }
}
