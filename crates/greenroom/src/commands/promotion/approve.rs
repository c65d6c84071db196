//! `greenroom approve`: let a promotion go on that waits for a person.

use greenroom_apply::Asking;
use greenroom_delivery::promotion::PromotionError;
use greenroom_model::plan::{Action, Plan, Wait};

use super::open::{Wish, open};
use crate::cli::RequestArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(in crate::commands) async fn run(
    args: RequestArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let place = context.place(&project, &args.stage, None)?;
    let RequestArgs { stage, report, execution, detail } = args;
    let wish = Wish { context, project: &project, state: &place.state, execution, detail, report };
    let open =
        open(context, &project, &place.state).await?.ok_or(PromotionError::NoneOpen(stage))?;
    let phase = open.promotion.phase.to_string();
    if !waits_for_approval(&open.plan, &phase) {
        let candidate = open.promotion.candidate;
        return Err(PromotionError::NothingToApprove { candidate, phase }.into());
    }
    wish.ask(open, Asking::Approve { phase }).await
}

fn waits_for_approval(plan: &Plan, phase: &str) -> bool {
    let phase = plan.phases.iter().find(|it| *it.name == *phase);
    let operations = phase.into_iter().flat_map(|it| &it.operations);
    operations.into_iter().any(|it| matches!(it.action, Action::Wait(Wait::Approval)))
}
