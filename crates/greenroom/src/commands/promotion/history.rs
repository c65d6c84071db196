//! `greenroom history`: the promotions and rollbacks of a stage.

use greenroom_apply::View;

use crate::cli::HistoryArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::promotion::HistoryView;

pub(in crate::commands) async fn run(
    args: HistoryArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let place = context.place(&project, &args.stage, None)?;
    let reader = context.reader(&project).await?;
    let View { state, .. } = reader.view(&place.state).await?;
    let chapters = state.map(|it| it.history).unwrap_or_default();
    context.console.data(&HistoryView { stage: args.stage, chapters });
    Ok(Exit::Done)
}
