//! `greenroom abort`: give the promotion that is open up.

use greenroom_apply::Asking;
use greenroom_delivery::promotion::PromotionError;

use super::open::{Wish, open};
use crate::cli::RequestArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(in crate::commands) async fn run(
    args: RequestArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let place = context.place(&project, &args.stage, None)?;
    let RequestArgs { stage, report, execution, detail } = args;
    let wish = Wish { context, project: &project, state: &place.state, execution, detail, report };
    match open(context, &project, &place.state).await? {
        Some(open) => wish.ask(open, Asking::GiveUp).await,
        None => Err(PromotionError::NoneOpen(stage).into()),
    }
}
