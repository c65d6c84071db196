//! The way back of a promotion that is open, planned anew: for when its own does not lead through
//! what the front has become since.

use greenroom_engine::promotion::{Admission, Parts, Terms, compose_back, gates_of};
use greenroom_engine::resolve::Missing;
use greenroom_model::address::{Address, Scope};
use greenroom_model::plan::{Plan, Purpose};
use greenroom_model::value::Value;

use super::PromotionError;
use super::passes::Passes;
use super::preflight::Preflight;
use super::take_over::{Asks, Prepared, Promoting, promoted, route, stage_of, whole};
use crate::project::Inputs;
use crate::wanted::wanted;

impl Promoting<'_> {
    /// Plans that the front gives all traffic to the environment that had it before, whatever it
    /// is now, and that the promotion is over.
    ///
    /// # Errors
    ///
    /// [`PromotionError::NoneOpen`], [`PromotionError::NoWayBack`], and those of specs and world.
    pub async fn abort(self) -> Result<Prepared, PromotionError> {
        let Promoting { project, workbench, stage, state, refresh } = self;
        let declared = promoted(project, stage)?;
        let roster = state.roster.clone().unwrap_or_default();
        let open = roster.promotion.clone();
        let none_open = || PromotionError::NoneOpen(stage.to_owned());
        let candidate = open.ok_or_else(none_open)?.candidate;
        if roster.live().is_none() {
            return Err(PromotionError::NoWayBack(candidate));
        }
        let is_known = roster.entries.get(&candidate).is_some_and(|it| it.admitted);
        let wanted = wanted(project, stage, None, &Inputs::default(), Missing::Refuse);
        let secrets = wanted.secrets();
        let desired = stage_of(wanted, project, &state)?;
        let mut route = route(&desired, workbench, candidate, roster);
        if !is_known {
            // What the front has not heard of, it does not hear of now.
            route.admission = Admission::WithFirstWeight;
        }
        let terms = Terms::of(&declared);
        let mut passes = Passes::new(project, workbench, desired, &state);
        let front = passes.look(&route.given_up(), refresh).await?;
        let (gates, hooks) = gates_of(&front);
        let Asks { live, .. } = Asks::of(&gates, &route, &terms);
        let unchanged = unchanged(&passes, &front);
        let warnings = passes.warnings;
        let parts = Parts {
            purpose: Purpose::Abort,
            route,
            terms,
            head: front.clone(),
            admitted: None,
            withdrawn: None,
            soaked: None,
            steps: Vec::new(),
            given_up: front,
            ready: Vec::new(),
            watched: Vec::new(),
            live,
            hooks,
            counted: Vec::new(),
            horizons: Vec::new(),
        };
        let preflight = Preflight::of_way_back(&parts);
        Ok(Prepared { plan: whole(compose_back(parts, unchanged))?, secrets, preflight, warnings })
    }
}

/// What of the front says who gets the traffic, and stays as it was found.
fn unchanged(passes: &Passes<'_>, front: &Plan) -> Vec<(Address, Value)> {
    let schemas = &passes.workbench.schemas;
    let is_guarded = |it: &Address| schemas.of_block(&it.block).is_some_and(|it| it.schema.guarded);
    let changes = |it: &Address| front.operations().any(|op| op.action.address() == Some(it));
    let scope = Scope::front();
    let found = passes.forecast.instances_of(&scope);
    let unchanged = found.filter_map(|(address, it)| {
        let stays = is_guarded(&address) && !changes(&address);
        let current = it.current.as_ref().filter(|_| stays)?;
        Some((address, current.attributes.clone()))
    });
    unchanged.collect()
}
