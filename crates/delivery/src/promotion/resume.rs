//! A promotion that is open: its plan is in the state, so that any command can go on with it.

use std::sync::Arc;

use greenroom_engine::format;
use greenroom_engine::outcomes::Secrets;
use greenroom_model::plan::{Next, Phase, Plan, Purpose};
use greenroom_model::roster::Promotion;
use greenroom_model::state::State;

use super::PromotionError;

/// A promotion that is open, ready to be gone on with.
pub struct Resumed {
    /// Its plan.
    pub plan: Arc<Plan>,
    /// The sensitive variables' values.
    pub secrets: Secrets,
}

/// The promotion that is open.
#[must_use]
pub fn open_promotion(state: &State) -> Option<&Promotion> {
    state.roster.as_ref()?.promotion.as_ref()
}

impl Resumed {
    /// What a state keeps of the promotion that is open; `None` if none is.
    ///
    /// # Errors
    ///
    /// [`PromotionError::Unreadable`].
    pub fn of(state: &State) -> Result<Option<Resumed>, PromotionError> {
        let text = state.run.as_ref().and_then(|it| it.text.as_ref());
        let Some(text) = open_promotion(state).and(text) else { return Ok(None) };
        let plan = format::plan::decode(text.as_bytes()).map_err(PromotionError::Unreadable)?;
        Ok(Some(Resumed { plan: Arc::new(plan), secrets: secrets_of(state) }))
    }
}

/// Whether an open promotion can be given up in the phase that it is in, or is on its way back.
///
/// # Errors
///
/// [`PromotionError::NoWayBack`].
pub fn can_give_up(plan: &Plan, promotion: &Promotion) -> Result<(), PromotionError> {
    let phase = plan.phases.iter().find(|it| it.name == promotion.phase);
    let has_way = phase.is_some_and(|it| it.on_fail != Next::Halt || leads_back(plan, it));
    // Of a way back that is planned anew, the first phase may not be noted yet.
    match has_way || plan.purpose == Purpose::Abort {
        true => Ok(()),
        false => Err(PromotionError::NoWayBack(promotion.candidate.clone())),
    }
}

/// Whether a promotion is rolled back when this phase and all that follow it pass.
fn leads_back(plan: &Plan, phase: &Phase) -> bool {
    let following = |it: &&Phase| match &it.on_pass {
        Next::Phase(name) => plan.phases.iter().find(|it| it.name == *name),
        _ => None,
    };
    // A plan of another make may lead in a circle.
    let mut way = std::iter::successors(Some(phase), following).take(plan.phases.len());
    way.any(|it| it.on_pass == Next::RolledBack)
}

/// The sensitive variables' values that a state keeps.
#[must_use]
fn secrets_of(state: &State) -> Secrets {
    let secrets = state.scopes.iter().map(|(scope, it)| {
        let variables = it.inputs.variables.iter().filter(|(_, value)| value.has_sensitive());
        (scope.clone(), variables.map(|(name, it)| (name.clone(), it.clone())).collect())
    });
    secrets.collect()
}
