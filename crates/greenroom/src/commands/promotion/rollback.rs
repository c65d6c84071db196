//! `greenroom rollback`: give the traffic back to an environment that is retained.

use greenroom_apply::Asking;
use greenroom_delivery::promotion::Promoting;

use super::open::{Wish, open};
use super::shift::Shift;
use crate::cli::RollbackArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(in crate::commands) async fn run(
    args: RollbackArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let place = context.place(&project, &args.stage, None)?;
    let RollbackArgs { stage, to, refresh, report, execution, detail } = args;
    if let Some(open) = open(context, &project, &place.state).await? {
        let state = &place.state;
        let wish = Wish { context, project: &project, state, execution, detail, report };
        return wish.ask(open, Asking::GiveUp).await;
    }
    let refresh = refresh.into();
    let shift = Shift { context, project, place, stage, refresh, execution, detail, report };
    shift.carry_out(async |it: Promoting<'_>| it.roll_back(to.as_deref()).await).await
}
