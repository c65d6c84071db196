//! `greenroom abort`: give the promotion that is open up.

use greenroom_apply::Asking;
use greenroom_delivery::promotion::{Promoting, PromotionError};

use super::open::{Wish, open};
use super::shift::Shift;
use crate::cli::{AbortArgs, RequestArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(in crate::commands) async fn run(args: AbortArgs, context: &Context) -> Result<Exit, Failure> {
    let AbortArgs { request, replan, refresh } = args;
    let RequestArgs { stage, report, execution, detail } = request;
    let project = context.sound_project()?;
    let place = context.place(&project, &stage, None)?;
    if replan {
        let refresh = refresh.into();
        let shift = Shift { context, project, place, stage, refresh, execution, detail, report };
        return shift.carry_out(async |it: Promoting<'_>| it.abort().await).await;
    }
    let wish = Wish { context, project: &project, state: &place.state, execution, detail, report };
    match open(context, &project, &place.state).await? {
        Some(open) => wish.ask(open, Asking::GiveUp).await,
        None => Err(PromotionError::NoneOpen(stage).into()),
    }
}
