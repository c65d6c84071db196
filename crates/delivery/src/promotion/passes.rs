//! The passes of the planner that a promotion is put together from: one for each weight.
//!
//! Each plans the whole stage, so that what reads what is known in each; of what it finds, only the
//! front is taken, and what makes the candidate.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_apply::Workbench;
use greenroom_engine::desired::{Desired, DesiredScope, Standing};
use greenroom_engine::planner::{AskGates, Refresh};
use greenroom_engine::promotion::{forecast, refreshed};
use greenroom_model::address::Scope;
use greenroom_model::plan::{Operation, Plan};
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;

use super::PromotionError;
use super::ahead::Ahead;
use crate::project::Project;
use crate::wanted::{Sight, Wanted};

/// What the front is told of each environment behind it.
pub(super) type Standings = BTreeMap<Scope, Standing>;

/// What all passes have in common, and the state that the next one starts from.
pub(super) struct Passes<'a> {
    project: &'a Project,
    pub(super) workbench: &'a Workbench,
    /// The front as its template says today, the environments as they were sealed, and the one
    /// that is to be made.
    pub(super) desired: Desired,
    /// The state as it will be.
    pub(super) forecast: State,
    /// Warnings so far.
    pub(super) warnings: Vec<Diagnostic>,
    /// What providers know of the way so far.
    pub(super) ahead: Ahead,
}

impl<'a> Passes<'a> {
    pub(super) fn new(
        project: &'a Project,
        workbench: &'a Workbench,
        desired: Desired,
        state: &State,
    ) -> Passes<'a> {
        Passes {
            project,
            workbench,
            desired,
            forecast: state.clone(),
            warnings: Vec::new(),
            ahead: Ahead::default(),
        }
    }

    /// The first pass: it looks at the world, and at every gate.
    pub(super) async fn look(
        &mut self,
        standings: &Standings,
        refresh: Refresh,
    ) -> Result<Plan, PromotionError> {
        let plan = self.plan(standings, refresh, AskGates::Always).await?;
        self.forecast = refreshed(&self.forecast, &plan.drift);
        Ok(plan)
    }

    /// The front with these standings, as the next thing to be done.
    pub(super) async fn go(&mut self, standings: &Standings) -> Result<Plan, PromotionError> {
        let plan = self.look_ahead(standings).await?;
        self.done(&plan, Scope::is_front);
        Ok(plan)
    }

    /// The same, without going there.
    pub(super) async fn look_ahead(
        &mut self,
        standings: &Standings,
    ) -> Result<Plan, PromotionError> {
        self.plan(standings, Refresh::Skip, AskGates::AfterChanges).await
    }

    /// Starts from what a plan makes of these scopes, from here on: whatever else it finds is not
    /// carried out.
    pub(super) fn done(&mut self, plan: &Plan, is_done: impl Fn(&Scope) -> bool) {
        let done = |it: &&Operation| it.action.address().is_some_and(|it| is_done(&it.scope));
        self.forecast = forecast(&self.forecast, plan.operations().filter(done));
    }

    /// Wants an environment no longer.
    pub(super) fn forget(&mut self, scope: &Scope) {
        self.desired.scopes.remove(scope);
    }

    async fn plan(
        &mut self,
        standings: &Standings,
        refresh: Refresh,
        gates: AskGates,
    ) -> Result<Plan, PromotionError> {
        let mut desired = self.desired.clone();
        for (scope, environment) in &mut desired.scopes {
            place(scope, environment, standings);
        }
        let wanted = Wanted { desired: Some(Arc::new(desired)), diagnostics: Vec::new() };
        let lineage = self.forecast.lineage.clone();
        let state = Some(Arc::new(self.forecast.clone()));
        let sight = Sight { state, lineage, refresh, gates };
        let planned = wanted.plan(self.project, self.workbench, sight).await?;
        let new = planned.warnings.into_iter().filter(|it| !self.warnings.contains(it));
        let new: Vec<Diagnostic> = new.collect();
        self.warnings.extend(new);
        Ok(planned.plan)
    }
}

/// Gives an environment its standing; of one without, the front does not know.
fn place(scope: &Scope, environment: &mut DesiredScope, standings: &Standings) {
    let outside = || Standing { admitted: false, ..environment.standing };
    environment.standing = standings.get(scope).copied().unwrap_or_else(outside);
}
