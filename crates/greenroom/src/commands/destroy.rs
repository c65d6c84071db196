//! `greenroom destroy`: remove everything of an environment. It needs the state and no templates.

use greenroom_apply::ApplyError;
use greenroom_delivery::project::{Place, Project};
use greenroom_delivery::wanted::no_stage;
use greenroom_engine::destroy::plan_destroy;

use super::carry_out::Undertaking;
use crate::cli::{DestroyArgs, Detail, Execution};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::plan::PlanView;

pub(super) async fn run(args: DestroyArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let stage = &args.target.stage;
    let place = context.place(&project, stage, args.target.environment.env.as_deref())?;
    take_down(context, &project, place, args.execution, args.detail).await
}

/// Removes everything at a place.
pub(super) async fn take_down(
    context: &Context,
    project: &Project,
    place: Place,
    execution: Execution,
    detail: Detail,
) -> Result<Exit, Failure> {
    let stage = place.state.stage.as_str();
    let reader = context.reader(project).await?;
    let nothing_there = reader.view(&place.state).await?.state.is_none();
    if nothing_there && project.stage(stage).is_none() {
        return Err(no_stage(&project.spec, stage).into());
    }
    if nothing_there && !reader.store.has_leftovers(&place.state).await.map_err(ApplyError::from)? {
        context.console.tell(&PlanView::nothing_to_destroy(&place.state));
        return Ok(Exit::Done);
    }
    let undertaking = Undertaking::begin(context, project, None, execution, detail).await?;
    let session = undertaking.open(&place.state).await?;
    if nothing_there {
        // Taking the lease has finished what a destroy that was killed left of the state's files.
        undertaking.progress.quiet();
        session.close().await?;
        context.console.tell(&PlanView::nothing_to_destroy(&place.state));
        return Ok(Exit::Done);
    }
    match plan_destroy(session.state(), place.environment.clone()) {
        Ok(plan) => undertaking.carry_out(session, plan, Default::default()).await,
        Err(source) => {
            undertaking.progress.quiet();
            session.close().await?;
            Err(Failure::Destroy { state: place.state.to_string(), source })
        }
    }
}
