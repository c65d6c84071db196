//! `greenroom parity`: whether two stages would make the same environment.

use greenroom_delivery::parity::parity;

use super::prepare::specs_workbench;
use crate::cli::ParityArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::parity::ParityView;

pub(super) async fn run(args: &ParityArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.sound_project()?;
    let workbench = specs_workbench(context, &project);
    let stages = [&*args.first, &*args.second];
    let parity = parity(&mut project, &workbench, stages, &args.inputs.given()).await?;
    let exit = if parity.is_explained() { Exit::Done } else { Exit::NotExplained };
    context.console.data(&ParityView { stages: stages.map(str::to_owned), parity });
    Ok(exit)
}
