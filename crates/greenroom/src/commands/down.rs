//! `greenroom down`: tear an environment down. There is nothing wrong if there is none.

use super::destroy::{TakeDown, take_down};
use crate::cli::{DownArgs, Execution};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) async fn run(args: DownArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let place = context.place_of_build(&project, &args.stage, args.environment.env.as_deref())?;
    let execution = Execution { yes: true, pace: args.pace };
    take_down(context, &project, place, TakeDown::Idle, execution, args.detail).await
}
