//! `greenroom import`: take over an object that was made by other means.

use std::sync::Arc;

use greenroom_apply::{ApplyError, Session};
use greenroom_delivery::project::{Place, Project};
use greenroom_delivery::wanted::{Sight, Wanted, ephemeral, wanted};
use greenroom_engine::planner::{AskGates, Refresh};
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Address;
use greenroom_model::plan::{Action, Plan};
use greenroom_model::state::State;

use super::carry_out::Undertaking;
use super::prepare::planned;
use crate::cli::{Detail, Execution, ImportArgs, Pace};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::imported::Imported;
use crate::view::plan::PlanView;

/// It takes nothing away, so that nobody is asked.
const UNASKED: Execution = Execution { yes: true, pace: Pace { parallelism: 1 } };

pub(super) async fn run(args: ImportArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.project()?;
    let stage = &args.target.stage;
    ephemeral(&project, stage)?;
    let place = context.place(&project, stage, args.target.environment.env.as_deref())?;
    let undertaking =
        Undertaking::begin(context, &project, None, UNASKED, Detail { verbose: false }).await?;
    let environment = place.environment.clone();
    let view = undertaking.workbench.view(&place.state).await?.state;
    let workbench = &undertaking.workbench;
    let inputs = args.inputs.with_images(workbench, &project, stage, view.as_ref()).await?;
    let wanted = wanted(&mut project, stage, environment, &inputs, Missing::Refuse);
    let mut session = undertaking.open(&place.state).await?;
    let imported =
        import(&args, &undertaking, &project, &place, wanted.clone(), &mut session).await;
    let state = session.state().clone();
    undertaking.progress.quiet();
    session.close().await?;
    let address = imported?;
    context.console.data(&Imported { address, id: args.id });
    if let Err(failure) = show_next(&undertaking, &project, wanted, state).await {
        // The object is imported: what else is wrong is for the next plan to repair.
        context.console.tell(&failure);
    }
    Ok(Exit::Done)
}

/// Imports the object, and returns where it stands.
async fn import(
    args: &ImportArgs,
    undertaking: &Undertaking<'_>,
    project: &Project,
    place: &Place,
    wanted: Wanted,
    session: &mut Session,
) -> Result<Address, Failure> {
    let candidates = place.meant_by(&args.address)?;
    let sight = sight(session.state().clone(), Refresh::Skip);
    let plan = plan(undertaking, project, wanted, sight).await?;
    let address = declared(&plan, session.state(), candidates);
    undertaking.progress.busy(format!("importing `{}` as {address}", args.id));
    session.import(&plan, &address, &args.id, &undertaking.cancel).await?;
    Ok(address)
}

/// The first address that has an object, or would get one; else the first.
fn declared(plan: &Plan, state: &State, mut candidates: Vec<Address>) -> Address {
    let has = |address: &Address| {
        state.instance(address).is_some_and(|it| it.current.is_some())
            || plan.operations().any(|operation| match &operation.action {
                Action::Create(change) => change.address == *address,
                _ => false,
            })
    };
    let meant = candidates.iter().position(has).unwrap_or(0);
    candidates.swap_remove(meant)
}

async fn show_next(
    undertaking: &Undertaking<'_>,
    project: &Project,
    wanted: Wanted,
    state: State,
) -> Result<(), Failure> {
    undertaking.progress.busy("planning");
    let Undertaking { context, workbench, cancel, progress, .. } = undertaking;
    let plan = tokio::select! {
        plan = planned(wanted, context, project, workbench, sight(state, Refresh::Bulk)) => plan,
        () = cancel.cancelled() => Err(ApplyError::Cancelled.into()),
    };
    progress.quiet();
    context.console.data(&PlanView::of(&plan?, false));
    Ok(())
}

/// What would be made. Warnings are left to the plan that is shown.
async fn plan(
    undertaking: &Undertaking<'_>,
    project: &Project,
    wanted: Wanted,
    sight: Sight,
) -> Result<Plan, Failure> {
    undertaking.progress.busy("planning");
    tokio::select! {
        plan = wanted.plan(project, &undertaking.workbench, sight) => Ok(plan?.plan),
        () = undertaking.cancel.cancelled() => Err(ApplyError::Cancelled.into()),
    }
}

fn sight(state: State, refresh: Refresh) -> Sight {
    let lineage = state.lineage.clone();
    Sight { state: Some(Arc::new(state)), lineage, refresh, gates: AskGates::AfterChanges }
}
