//! `greenroom apply`: make the environment as the specs, or a plan file, say.

use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::{ApplyError, Session};
use greenroom_delivery::project::{Place, Project};
use greenroom_delivery::promotion::{PromotionError, plan_standing};
use greenroom_delivery::wanted::{Sight, buildable, wanted};
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::planner::{AskGates, Refresh};
use greenroom_engine::resolve::Missing;
use greenroom_model::plan::Plan;

use super::carry_out::Undertaking;
use super::plan_file::{self, Subject};
use super::prepare::{planned, tell_newer, warned};
use crate::cli::{ApplyArgs, Inputs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

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
    project: Project,
) -> Result<Exit, Failure> {
    let stage = buildable(&project, &args.target)?;
    let ttl = stage.ttl.as_ref().map(|it| it.value);
    let promotes = stage.promotion.is_some();
    let place = context.place(&project, &args.target, args.environment.env.as_deref())?;
    if promotes && context.reader(&project).await?.view(&place.state).await?.state.is_none() {
        return Err(PromotionError::Nothing(args.target).into());
    }
    let make = Make {
        stage: args.target,
        place,
        inputs: args.inputs,
        refresh: args.refresh.into(),
        ttl,
        waits: false,
    };
    let undertaking =
        Undertaking::begin(context, &project, None, args.execution, args.detail).await?;
    make.carry_out(undertaking, project).await
}

/// An environment to make as the specs say.
pub(super) struct Make {
    pub(super) stage: String,
    pub(super) place: Place,
    pub(super) inputs: Inputs,
    pub(super) refresh: Refresh,
    /// How long it may live.
    pub(super) ttl: Option<Duration>,
    /// Whether it waits for a place if there are as many environments as there may be.
    pub(super) waits: bool,
}

impl Make {
    /// Makes it.
    pub(super) async fn carry_out(
        self,
        mut undertaking: Undertaking<'_>,
        mut project: Project,
    ) -> Result<Exit, Failure> {
        undertaking.move_in(&project, &self.place.state, self.ttl, self.waits).await?;
        let session = undertaking.open(&self.place.state).await?;
        match self.plan(&undertaking, &mut project, &session).await {
            Ok((plan, secrets)) => undertaking.carry_out(session, plan, secrets).await,
            Err(failure) => {
                undertaking.progress.quiet();
                session.close().await?;
                Err(failure)
            }
        }
    }

    /// What is to be done, and the secrets that it takes.
    async fn plan(
        &self,
        undertaking: &Undertaking<'_>,
        project: &mut Project,
        session: &Session,
    ) -> Result<(Plan, Secrets), Failure> {
        undertaking.progress.busy("planning");
        let Undertaking { context, workbench, cancel, .. } = undertaking;
        let state = session.state();
        if project.stage(&self.stage).is_some_and(|it| it.promotion.is_some()) {
            let (state, inputs) = (Arc::new(state.clone()), self.inputs.given());
            let (stage, refresh) = (&self.stage, self.refresh);
            let standing = plan_standing(project, workbench, stage, &inputs, state, refresh);
            let (planned, secrets) = standing.await?;
            return Ok((warned(planned, context, project), secrets));
        }
        let inputs = self.inputs.with_images(workbench, project, &self.stage, Some(state)).await?;
        tell_newer(context, &inputs);
        let environment = self.place.environment.clone();
        let wanted = wanted(project, &self.stage, environment, &inputs, Missing::Refuse);
        let secrets = wanted.secrets();
        let (state, refresh) = (Arc::new(state.clone()), self.refresh);
        let lineage = state.lineage.clone();
        let sight = Sight { lineage, state: Some(state), refresh, gates: AskGates::AfterChanges };
        tokio::select! {
            plan = planned(wanted, context, project, workbench, sight) => Ok((plan?, secrets)),
            () = cancel.cancelled() => Err(ApplyError::Cancelled.into()),
        }
    }
}
