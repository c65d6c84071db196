//! `plan` and `apply` of a promoted stage: the front from today's template at the roster's weights,
//! each environment from what it was sealed with. They repair and never make or remove one.

use std::sync::Arc;

use greenroom_apply::Workbench;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::planner::{AskGates, Refresh};
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Scope;
use greenroom_model::plan::Plan;
use greenroom_model::roster::{Role, Roster};
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;

use super::PromotionError;
use super::sealed::all_sealed;
use crate::project::{Inputs, Project};
use crate::wanted::{Sight, WantedPlan, wanted};

/// Plans a promoted stage as it stands.
///
/// # Errors
///
/// [`PromotionError::Open`] while a promotion is; [`PromotionError::Nothing`] before the first.
pub async fn plan_standing(
    project: &mut Project,
    workbench: &Workbench,
    stage: &str,
    inputs: &Inputs,
    state: Arc<State>,
    refresh: Refresh,
) -> Result<(WantedPlan, Secrets), PromotionError> {
    let roster = state.roster.clone().unwrap_or_default();
    if let Some(open) = &roster.promotion {
        let (candidate, phase) = (open.candidate.clone(), open.phase.to_string());
        return Err(PromotionError::Open { candidate, phase });
    }
    if !roster.entries.values().any(|it| it.admitted) {
        return Err(PromotionError::Nothing(stage.to_owned()));
    }
    let mut wanted = wanted(project, stage, None, inputs, Missing::Refuse);
    if let Some(desired) = wanted.desired.take() {
        let mut desired = Arc::unwrap_or_clone(desired);
        desired.scopes.extend(all_sealed(project, &state)?);
        wanted.desired = Some(Arc::new(desired));
    }
    let secrets = wanted.secrets();
    let lineage = state.lineage.clone();
    let gates = AskGates::AfterChanges;
    let sight = Sight { state: Some(state), lineage, refresh, gates };
    let mut planned = wanted.plan(project, workbench, sight).await?;
    planned.warnings.extend(half_gone(&roster, &planned.plan, stage));
    Ok((planned, secrets))
}

/// Environments of which the front is to know and which it cannot list, because what failed is not
/// repaired: of a destroy that was interrupted, for example.
fn half_gone(roster: &Roster, plan: &Plan, stage: &str) -> Vec<Diagnostic> {
    let failed = roster.entries.iter().filter(|(_, it)| it.role == Role::Failed && it.admitted);
    let lacks = |scope: &Scope| {
        plan.outputs.get(scope).is_some_and(|it| it.values().any(|it| it.value.has_pending()))
    };
    let half_gone = failed.filter(|(scope, _)| lacks(scope)).map(|(scope, _)| {
        let message =
            format!("{scope} failed and is not whole: the front cannot be as it should with it");
        Diagnostic::warning("plan::half_gone", message)
            .help(format!("remove it: `greenroom retire {stage} {scope}`"))
    });
    half_gone.collect()
}
