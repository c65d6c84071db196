//! `greenroom up`: bring an environment up for a while. Twice is once.

use greenroom_delivery::lifetime::DEFAULT_TTL;
use greenroom_delivery::wanted::ephemeral;
use greenroom_engine::planner::Refresh;

use super::apply::Make;
use super::carry_out::Undertaking;
use crate::cli::{Execution, UpArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) async fn run(args: UpArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.project()?;
    let stage = ephemeral(&project, &args.stage)?;
    let ttl = args.ttl.or(stage.ttl.as_ref().map(|it| it.value)).unwrap_or(DEFAULT_TTL);
    let make = Make {
        place: context.place_of_build(&project, &args.stage, args.environment.env.as_deref())?,
        stage: args.stage,
        inputs: args.inputs,
        refresh: Refresh::Bulk,
        ttl: Some(ttl),
        waits: !args.no_wait,
    };
    let execution = Execution { yes: true, pace: args.pace };
    let undertaking = Undertaking::begin(context, &project, None, execution, args.detail).await?;
    make.carry_out(undertaking, project).await
}
