//! Retiring: environments without traffic leave the front, and go.

use greenroom_engine::desired::Desired;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::promotion::leave;
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Scope;
use greenroom_model::plan::Plan;
use greenroom_model::roster::{Role, Roster, Weight};
use greenroom_spec::diagnostic::Diagnostic;

use super::PromotionError;
use super::passes::{Passes, Standings};
use super::take_over::{Promoting, not_open, promoted, stage_of};
use crate::project::Inputs;
use crate::wanted::wanted;

/// The environments that may go: those named, else all that are retained or failed; of these only
/// those whose time is over, if `expired_at` says what time it is.
///
/// # Errors
///
/// [`PromotionError::NoEnvironment`], [`PromotionError::HasTraffic`].
pub fn retirable(
    roster: &Roster,
    stage: &str,
    names: &[String],
    expired_at: Option<i64>,
) -> Result<Vec<Scope>, PromotionError> {
    for name in names {
        let found = roster.entries.iter().find(|(scope, _)| scope.as_str() == name);
        match found {
            None => {
                let known = roster.entries.keys().map(Scope::as_str);
                return Err(PromotionError::no_environment(stage, name, known));
            }
            Some((scope, entry)) if !may_go(entry.role, entry.weight) => {
                return Err(PromotionError::HasTraffic(scope.clone()));
            }
            Some(_) => {}
        }
    }
    let wanted = roster.entries.iter().filter(|(scope, entry)| {
        let named = names.is_empty() || names.iter().any(|it| it == scope.as_str());
        let expired =
            expired_at.is_none_or(|now| entry.retained_until.is_some_and(|until| until <= now));
        named && expired && may_go(entry.role, entry.weight)
    });
    Ok(wanted.map(|(scope, _)| scope.clone()).collect())
}

fn may_go(role: Role, weight: Weight) -> bool {
    weight == Weight::ZERO && matches!(role, Role::Retained | Role::Failed)
}

impl Promoting<'_> {
    /// Plans that `leaving` leave the front and go.
    ///
    /// # Errors
    ///
    /// [`PromotionError`].
    pub async fn retire(
        self,
        leaving: &[Scope],
    ) -> Result<(Plan, Secrets, Vec<Diagnostic>), PromotionError> {
        let Promoting { project, workbench, stage, state, refresh } = self;
        promoted(project, stage)?;
        let roster = state.roster.clone().unwrap_or_default();
        not_open(&roster)?;
        let wanted = wanted(project, stage, None, &Inputs::default(), Missing::Refuse);
        let (desired, secrets) = stage_of(wanted, project, &state)?;
        let mut stay = standings(&desired);
        stay.retain(|scope, _| !leaving.contains(scope));
        // First without them behind the front, then without them at all.
        let mut passes = Passes::new(project, workbench, desired, &state);
        let front = passes.look(&stay, refresh).await?;
        passes.done(&front, Scope::is_front);
        leaving.iter().for_each(|scope| passes.forget(scope));
        let removed = passes.look_ahead(&stay).await?;
        let warnings = passes.warnings;
        Ok((leave(&roster, leaving, front, &removed), secrets, warnings))
    }
}

/// What the front is told of each environment as it is.
fn standings(desired: &Desired) -> Standings {
    let environments = desired.scopes.iter().filter(|(scope, _)| !scope.is_front());
    environments.map(|(scope, it)| (scope.clone(), it.standing)).collect()
}
