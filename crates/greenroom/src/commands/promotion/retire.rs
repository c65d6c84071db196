//! `greenroom retire`: remove environments that are retained or failed.

use std::sync::Arc;

use greenroom_delivery::promotion::{Promoting, retirable};
use jiff::Timestamp;

use crate::cli::RetireArgs;
use crate::commands::carry_out::Undertaking;
use crate::commands::prepare::tell_warnings;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::summary::{Outcome, Summary};

pub(in crate::commands) async fn run(args: RetireArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.project()?;
    let place = context.place(&project, &args.stage, None)?;
    let undertaking =
        Undertaking::begin(context, &project, None, args.execution, args.detail).await?;
    let session = undertaking.open(&place.state).await?;
    let state = Arc::new(session.state().clone());
    let workbench = undertaking.workbench.clone();
    let now = args.expired.then(|| Timestamp::now().as_second());
    let roster = state.roster.clone().unwrap_or_default();
    let planned = async {
        let leaving = retirable(&roster, &args.stage, &args.environments, now)?;
        if leaving.is_empty() {
            return Ok(None);
        }
        undertaking.progress.busy("planning");
        let (project, stage) = (&mut project, &*args.stage);
        let refresh = args.refresh.into();
        let stage = Promoting { project, workbench: &workbench, stage, state, refresh };
        stage.retire(&leaving).await.map(Some)
    };
    let planned = planned.await;
    undertaking.progress.quiet();
    match planned {
        Ok(Some((plan, secrets, warnings))) => {
            tell_warnings(context, &project, &warnings);
            undertaking.carry_out(session, plan, secrets).await
        }
        Ok(None) => {
            session.close().await?;
            let summary = Summary::nothing_done(Outcome::Unchanged);
            context.console.tell(&summary);
            Ok(Exit::Done)
        }
        Err(error) => {
            session.close().await?;
            Err(error.into())
        }
    }
}
