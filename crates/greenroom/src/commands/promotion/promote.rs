//! `greenroom promote`: a new environment beside the live one, which takes the traffic over.

use std::path::Path;
use std::sync::Arc;

use greenroom_apply::{Session, View, Workbench};
use greenroom_delivery::project::{Inputs, Place, Project};
use greenroom_delivery::promotion::{Prepared, Promoting, PromotionError, open_promotion};
use greenroom_delivery::wanted::{WantedError, new_lineage};
use greenroom_model::identity::EnvironmentKind;
use greenroom_model::roster::Promotion;
use greenroom_model::state::State;

use super::open::open;
use crate::cli::PromoteArgs;
use crate::commands::carry_out::Undertaking;
use crate::commands::plan::save;
use crate::commands::prepare::tell_warnings;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::files::FilesWritten;
use crate::view::notice::Notice;
use crate::view::plan::PlanView;

pub(in crate::commands) async fn run(
    args: PromoteArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let project = context.project()?;
    let place = context.place(&project, &args.stage, None)?;
    match &args.out {
        Some(file) => save_plan(&args, context, project, &place, file).await,
        None => promote(args, context, project, place).await,
    }
}

async fn promote(
    args: PromoteArgs,
    context: &Context,
    mut project: Project,
    place: Place,
) -> Result<Exit, Failure> {
    let (execution, detail) = (args.execution, args.detail);
    if let Some(open) = open(context, &project, &place.state).await? {
        going_on(&args, context, &open.promotion)?;
    }
    let mut undertaking = Undertaking::begin(context, &project, None, execution, detail).await?;
    undertaking.report_to(args.report.clone());
    if args.no_wait {
        undertaking.leave_to_approve();
    }
    let session = undertaking.open(&place.state).await?;
    if let Some(resumed) = greenroom_delivery::promotion::Resumed::of(session.state())? {
        return undertaking.finish(session, resumed.plan, resumed.secrets).await;
    }
    undertaking.progress.busy("planning");
    let workbench = undertaking.workbench.clone();
    let state = Arc::new(session.state().clone());
    let prepared = prepare(&args, &mut project, &workbench, state).await;
    carry_out(undertaking, session, &project, prepared).await
}

/// Goes on with the promotion that is open, unless another image set was asked for.
fn going_on(args: &PromoteArgs, context: &Context, open: &Promotion) -> Result<(), Failure> {
    let Promotion { candidate, phase, .. } = open;
    if args.image_set.is_some() {
        let (candidate, phase) = (candidate.clone(), phase.to_string());
        return Err(PromotionError::Open { candidate, phase }.into());
    }
    let text = format!("going on with the promotion of {candidate}, in the phase {phase}");
    context.console.tell(&Notice(text));
    Ok(())
}

async fn prepare(
    args: &PromoteArgs,
    project: &mut Project,
    workbench: &Workbench,
    state: Arc<State>,
) -> Result<Prepared, Failure> {
    let PromoteArgs { stage, image_set, var, var_file, .. } = args;
    let (image_set, var, var_file) = (image_set.clone(), var.clone(), var_file.clone());
    let mut inputs = Inputs { image_set, var, var_file, ..Inputs::default() };
    let chosen = inputs.choose_images(workbench, &project.spec, stage, None).await;
    chosen.map_err(WantedError::from)?;
    let promoting = Promoting { project, workbench, stage, state, refresh: args.refresh.into() };
    Ok(promoting.promote(&inputs).await?)
}

/// Says what was found out before: warnings, and what the plan cannot change.
fn tell(context: &Context, project: &Project, prepared: &Prepared) {
    let Prepared { warnings, preflight, .. } = prepared;
    tell_warnings(context, project, warnings);
    for note in &preflight.notes {
        context.console.tell(&Notice(format!("note: {note}")));
    }
}

/// Shows the plan, if there is one, asks, and carries it out.
pub(super) async fn carry_out(
    undertaking: Undertaking<'_>,
    session: Session,
    project: &Project,
    prepared: Result<Prepared, Failure>,
) -> Result<Exit, Failure> {
    undertaking.progress.quiet();
    match prepared {
        Ok(prepared) => {
            tell(undertaking.context, project, &prepared);
            let Prepared { plan, secrets, .. } = prepared;
            undertaking.carry_out(session, plan, secrets).await
        }
        Err(failure) => {
            session.close().await?;
            Err(failure)
        }
    }
}

async fn save_plan(
    args: &PromoteArgs,
    context: &Context,
    mut project: Project,
    place: &Place,
    file: &Path,
) -> Result<Exit, Failure> {
    let reader = context.reader(&project).await?;
    let View { state, .. } = reader.view(&place.state).await?;
    if let Some(open) = state.as_ref().and_then(open_promotion) {
        let (candidate, phase) = (open.candidate.clone(), open.phase.to_string());
        return Err(PromotionError::Open { candidate, phase }.into());
    }
    let state = match state {
        Some(state) => state,
        None => {
            let (project, stage) = (project.spec.name.value.clone(), &*args.stage);
            State::new(project, stage, EnvironmentKind::Promoted, new_lineage()?)
        }
    };
    let prepared = prepare(args, &mut project, &reader, Arc::new(state)).await?;
    tell(context, &project, &prepared);
    context.console.data(&PlanView::of(&prepared.plan, args.detail.verbose));
    save(&prepared.plan, file)?;
    let file = file.display().to_string();
    let hint = format!("to carry out exactly this: {}", context.command(&["apply", &file]));
    context.console.tell(&FilesWritten { files: vec![file], hint });
    Ok(Exit::Done)
}
