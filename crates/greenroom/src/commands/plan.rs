//! `greenroom plan`: what apply would do.

use std::path::Path;
use std::sync::Arc;

use greenroom_apply::{PlanRequest, Planned, ProjectFiles, View, Workbench};
use greenroom_delivery::project::{Place, Project};
use greenroom_delivery::promotion::{PromotionError, plan_standing};
use greenroom_delivery::wanted::{Sight, buildable, new_lineage, wanted};
use greenroom_engine::desired::Desired;
use greenroom_engine::destroy::plan_destroy;
use greenroom_engine::format;
use greenroom_engine::late;
use greenroom_engine::planner::{AskGates, Look, Refresh};
use greenroom_engine::resolve::Missing;
use greenroom_model::plan::Plan;
use greenroom_model::state::State;
use greenroom_store::StateName;

use super::prepare::{planned, tell_newer, warned};
use super::provisional::promised;
use super::write;
use crate::cli::PlanArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::view::files::FilesWritten;
use crate::view::notice::InFlight;
use crate::view::plan::PlanView;

pub(super) async fn run(args: PlanArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = if args.destroy { context.sound_project()? } else { context.project()? };
    let stage = &args.target.stage;
    if !args.destroy {
        buildable(&project, stage)?;
    }
    let place = context.place(&project, stage, args.target.environment.env.as_deref())?;
    let progress = Progress::start(context.console.clone());
    let store = context.store(&project).await?;
    let workbench = context.workbench(&project, store, progress.observer(), 1);
    progress.busy("planning");
    let View { state, holder } = workbench.view(&place.state).await?;
    let in_flight = InFlight::of(state.as_ref(), holder.as_ref());
    let plan = if args.destroy {
        destruction(&place, state.as_ref())?
    } else {
        Some(change(&args, context, &mut project, &workbench, &place, state).await?)
    };
    progress.quiet();
    finish(&args, context, &place.state, in_flight, plan)
}

/// The plan that takes everything down; none if there is nothing.
fn destruction(place: &Place, state: Option<&State>) -> Result<Option<Plan>, Failure> {
    let Some(state) = state else { return Ok(None) };
    let plan = plan_destroy(state, place.environment.clone());
    plan.map(Some).map_err(|source| Failure::Destroy { state: place.state.to_string(), source })
}

async fn change(
    args: &PlanArgs,
    context: &Context,
    project: &mut Project,
    workbench: &Workbench,
    place: &Place,
    state: Option<State>,
) -> Result<Plan, Failure> {
    let (environment, stage) = (place.environment.clone(), &args.target.stage);
    if project.stage(stage).is_some_and(|it| it.promotion.is_some()) {
        return standing(args, context, project, workbench, state).await;
    }
    let inputs = args.inputs.with_images(workbench, project, stage, state.as_ref()).await?;
    tell_newer(context, &inputs);
    let wanted = wanted(project, stage, environment, &inputs, Missing::Refuse);
    let desired = wanted.desired.clone();
    let (refresh, gates) = (args.refresh.into(), AskGates::AfterChanges);
    if let Some(state) = state {
        let lineage = state.lineage.clone();
        let sight = Sight { state: Some(Arc::new(state)), lineage, refresh, gates };
        return planned(wanted, context, project, workbench, sight).await;
    }
    let sight = Sight { state: None, lineage: new_lineage()?, refresh, gates };
    let plan = planned(wanted, context, project, workbench, sight).await?;
    // A saved plan keeps its lineage for the state that it makes.
    match desired.filter(|_| args.out.is_none()) {
        Some(desired) => without_lineage(plan, project, workbench, desired).await,
        None => Ok(plan),
    }
}

/// What apply would do to a stage that promotes: repair it as it stands.
async fn standing(
    args: &PlanArgs,
    context: &Context,
    project: &mut Project,
    workbench: &Workbench,
    state: Option<State>,
) -> Result<Plan, Failure> {
    let (stage, inputs) = (&args.target.stage, args.inputs.given());
    let state = Arc::new(state.ok_or_else(|| PromotionError::Nothing(stage.clone()))?);
    let refresh = args.refresh.into();
    let planned = plan_standing(project, workbench, stage, &inputs, state, refresh).await?;
    Ok(warned(planned.0, context, project))
}

/// The plan of a new state as far as it holds whatever lineage the state gets.
async fn without_lineage(
    plan: Plan,
    project: &Project,
    workbench: &Workbench,
    desired: Arc<Desired>,
) -> Result<Plan, Failure> {
    let request = PlanRequest {
        desired,
        state: None,
        lineage: new_lineage()?,
        refresh: Refresh::Skip,
        look: Look::World,
        gates: AskGates::AfterChanges,
        files: ProjectFiles::below(&project.folder),
    };
    Ok(match workbench.plan(request).await? {
        Planned::Plan(other, ..) => promised(plan, &other),
        // The world answered otherwise now; the plan is what it said first.
        Planned::Mistakes(_) => plan,
    })
}

fn finish(
    args: &PlanArgs,
    context: &Context,
    state: &StateName,
    in_flight: Option<InFlight>,
    plan: Option<Plan>,
) -> Result<Exit, Failure> {
    if let Some(in_flight) = &in_flight {
        context.console.tell(in_flight);
    }
    let changes = plan.as_ref().is_some_and(|plan| !plan.is_empty() || plan.has_records());
    match &plan {
        Some(plan) => context.console.data(&PlanView::of(plan, args.detail.verbose)),
        None => context.console.data(&PlanView::nothing_to_destroy(state)),
    }
    if let (Some(file), Some(plan)) = (&args.out, &plan) {
        save(plan, file)?;
        let file = file.display().to_string();
        let apply = context.command(&["apply", &file]);
        let hint = format!("to apply exactly this: {apply}");
        context.console.tell(&FilesWritten { files: vec![file], hint });
    }
    Ok(match in_flight {
        Some(InFlight { open, .. }) if !open.is_empty() => Exit::Open,
        _ if changes && args.detailed_exitcode => Exit::Changes,
        _ => Exit::Done,
    })
}

/// Writes a plan file.
pub(super) fn save(plan: &Plan, path: &Path) -> Result<(), Failure> {
    if let Some(source) = late::lost_source(plan) {
        return Err(Failure::SecretUnsaved(source));
    }
    write("save the plan in", path, &format::plan::encode(plan))
}
