//! `greenroom state examine`: what is in a state's files, however damaged they are.

use crate::cli::Target;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::state::Examined;

pub(super) async fn run(target: &Target, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let place = context.place(&project, &target.stage, target.environment.env.as_deref())?;
    let report = context.store(&project).await?.examine(&place.state).await;
    let exit = if report.refused.is_none() { Exit::Done } else { Exit::Error };
    context.console.data(&Examined(report));
    Ok(exit)
}
