//! `greenroom apply`: make the environment as the specs, or a plan file, say.

use std::sync::Arc;

use greenroom_apply::{ApplyError, Session};
use greenroom_engine::resolve::Missing;
use greenroom_model::plan::Plan;

use super::carry_out::Undertaking;
use super::plan_file::{self, Subject};
use super::prepare::planned;
use crate::cli::ApplyArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use greenroom_delivery::project::Project;
use greenroom_delivery::wanted::{Sight, Wanted, buildable, wanted};

pub(super) async fn run(args: ApplyArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.project()?;
    match plan_file::subject(&project, &args.target)? {
        Subject::Stage => apply_stage(args, context, project).await,
        Subject::File(file) => plan_file::apply(&args, context, project, &file).await,
    }
}

async fn apply_stage(
    args: ApplyArgs,
    context: &Context,
    mut project: Project,
) -> Result<Exit, Failure> {
    let stage = &args.target;
    buildable(&project, stage)?;
    let place = context.place(&project, stage, args.environment.env.as_deref())?;
    let environment = place.environment.clone();
    let wanted = wanted(&mut project, stage, environment, &args.inputs.given(), Missing::Refuse);
    let secrets = wanted.secrets();
    let undertaking =
        Undertaking::begin(context, &project, None, args.execution, args.detail).await?;
    let session = undertaking.open(&place.state).await?;
    match plan(&args, &undertaking, &project, wanted, &session).await {
        Ok(plan) => undertaking.carry_out(session, plan, secrets).await,
        Err(failure) => {
            undertaking.progress.quiet();
            session.close().await?;
            Err(failure)
        }
    }
}

async fn plan(
    args: &ApplyArgs,
    undertaking: &Undertaking<'_>,
    project: &Project,
    wanted: Wanted,
    session: &Session,
) -> Result<Plan, Failure> {
    undertaking.progress.busy("planning");
    let sight = Sight {
        state: Some(Arc::new(session.state().clone())),
        lineage: session.state().lineage.clone(),
        refresh: args.refresh.into(),
    };
    let Undertaking { context, workbench, cancel, .. } = undertaking;
    tokio::select! {
        plan = planned(wanted, context, project, workbench, sight) => plan,
        () = cancel.cancelled() => Err(ApplyError::Cancelled.into()),
    }
}
