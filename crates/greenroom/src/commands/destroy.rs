//! `greenroom destroy`: remove everything of an environment. It needs the state and no templates.

use greenroom_apply::ApplyError;
use greenroom_delivery::project::{Place, Project};
use greenroom_delivery::promotion::PromotionError;
use greenroom_delivery::wanted::no_stage;
use greenroom_engine::destroy::plan_destroy;
use greenroom_model::roster::Weight;
use greenroom_model::state::State;

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
    let DestroyArgs { including_live, execution, detail, .. } = args;
    let what = if including_live { TakeDown::Everything } else { TakeDown::Idle };
    take_down(context, &project, place, what, execution, detail).await
}

/// What may be removed of a stage that promotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TakeDown {
    /// Only what has no traffic.
    Idle,
    /// Also what has.
    Everything,
}

/// Removes everything at a place.
pub(super) async fn take_down(
    context: &Context,
    project: &Project,
    place: Place,
    what: TakeDown,
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
    if let Err(refused) = may_go(session.state(), what) {
        undertaking.progress.quiet();
        session.close().await?;
        return Err(refused.into());
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

/// Refuses to remove what has traffic, and what a promotion is about.
fn may_go(state: &State, what: TakeDown) -> Result<(), PromotionError> {
    let Some(roster) = &state.roster else { return Ok(()) };
    let first = roster.live().is_none() && what == TakeDown::Everything;
    if let Some(open) = roster.promotion.as_ref().filter(|_| !first) {
        let (candidate, phase) = (open.candidate.clone(), open.phase.to_string());
        return Err(PromotionError::Open { candidate, phase });
    }
    let busy = roster.entries.iter().find(|(_, it)| it.weight.max(it.verified) > Weight::ZERO);
    match busy.filter(|_| what == TakeDown::Idle) {
        Some((scope, _)) => Err(PromotionError::HasTraffic(scope.clone())),
        None => Ok(()),
    }
}
