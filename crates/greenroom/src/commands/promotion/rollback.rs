//! `greenroom rollback`: give the traffic back to an environment that is retained.

use std::sync::Arc;

use greenroom_apply::Asking;
use greenroom_delivery::promotion::Promoting;

use super::open::{Wish, open};
use super::promote::{carry_out, tell};
use crate::cli::RollbackArgs;
use crate::commands::carry_out::Undertaking;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(in crate::commands) async fn run(
    args: RollbackArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let mut project = context.sound_project()?;
    let place = context.place(&project, &args.stage, None)?;
    let RollbackArgs { stage, to, refresh, report, execution, detail } = args;
    if let Some(open) = open(context, &project, &place.state).await? {
        let state = &place.state;
        let wish = Wish { context, project: &project, state, execution, detail, report };
        return wish.ask(open, Asking::GiveUp).await;
    }
    let mut undertaking = Undertaking::begin(context, &project, None, execution, detail).await?;
    undertaking.report_to(report);
    let session = undertaking.open(&place.state).await?;
    undertaking.progress.busy("planning");
    let workbench = undertaking.workbench.clone();
    let promoting = Promoting {
        project: &mut project,
        workbench: &workbench,
        stage: &stage,
        state: Arc::new(session.state().clone()),
        refresh: refresh.into(),
    };
    let prepared = promoting.roll_back(to.as_deref()).await;
    undertaking.progress.quiet();
    match prepared {
        Ok(prepared) => {
            tell(context, &project, &prepared);
            carry_out(undertaking, session, prepared).await
        }
        Err(error) => {
            session.close().await?;
            Err(error.into())
        }
    }
}
