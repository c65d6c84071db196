//! The way back of a promotion that is open, planned anew: for when its own does not lead through
//! what the front has become since.

use std::sync::Arc;

use greenroom_engine::promotion::{
    Admission, GateAsk, Route, Terms, WayBack, compose_back, forecast, gates_of, waits_for_front,
};
use greenroom_engine::resolve::Missing;
use greenroom_model::address::{Address, Scope};
use greenroom_model::gate::Probe;
use greenroom_model::plan::{Operation, Plan};
use greenroom_model::state::{Remote, State};
use greenroom_model::value::Value;

use super::PromotionError;
use super::passes::Passes;
use super::preflight::Preflight;
use super::take_over::{Asks, Prepared, Promoting, promoted, route, stage_of, whole};
use crate::project::Inputs;
use crate::wanted::wanted;

impl Promoting<'_> {
    /// Plans that the front gives all traffic to the environment that had it before, whatever it
    /// is now, and that the promotion is over. What is missing of that environment is made first.
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
        let (desired, secrets) = stage_of(wanted, project, &state)?;
        let mut route = route(&desired, workbench, candidate, roster);
        if !is_known {
            // What the front has not heard of, it does not hear of now.
            route.admission = Admission::WithFirstWeight;
        }
        let terms = Terms::of(&declared);
        let mut passes = Passes::new(project, workbench, desired, &state);
        let plan = passes.look(&route.given_up(), refresh).await?;
        let (gates, hooks) = gates_of(&plan);
        let asks = Asks::of(&gates, &route, &terms);
        let repaired = of_live(&passes, &route, &plan);
        let is_late = |it: &GateAsk| {
            waits_for_front(&it.gate)
                || it.gate.probe.needs_front() && !is_in_use(&passes, &repaired, it)
        };
        let (late, live): (Vec<_>, Vec<_>) = asks.live.into_iter().partition(is_late);
        let unchanged = unchanged(&passes, &plan);
        let warnings = passes.warnings;
        let way = WayBack { route, terms, plan, live, late, hooks, unchanged };
        let preflight = Preflight::of_way_back(&way);
        Ok(Prepared { plan: whole(compose_back(way))?, secrets, preflight, warnings })
    }
}

/// The state once the side that had the traffic is repaired.
fn of_live(passes: &Passes<'_>, route: &Route, plan: &Plan) -> State {
    let scope = |it: &Operation| it.action.address().map(|it| it.scope.clone());
    forecast(&passes.forecast, plan.operations().filter(|it| scope(it) == route.live))
}

/// Whether anything sends traffic to the object that a gate looks at: the front as it is found, or
/// something of the gate's own environment, once that is repaired.
fn is_in_use(passes: &Passes<'_>, repaired: &State, ask: &GateAsk) -> bool {
    let Probe::TargetHealth { block, .. } = &ask.gate.probe else { return true };
    let is_it = |it: &Address| it.scope == ask.scope && it.block == *block;
    let found = passes.forecast.instances().filter(|(at, _)| is_it(at));
    let ids = found.filter_map(|(_, it)| Some(it.current.as_ref()?.id.clone()));
    let ids: Vec<Arc<str>> = ids.collect();
    let (front, own) = (Scope::front(), ask.scope.clone());
    let senders = |state: &State, scope: &Scope| -> Vec<Remote> {
        let all = state.instances_of(scope).filter(|(at, _)| is_guarded(passes, at));
        all.filter_map(|(_, it)| it.current.clone()).collect()
    };
    senders(&passes.forecast, &front)
        .iter()
        .any(|it| ids.iter().any(|id| it.attributes.mentions(id)))
        || senders(repaired, &own).iter().any(|it| it.reads.keys().any(is_it))
}

/// Whether an object says who gets traffic: nobody else's change of it is written over.
fn is_guarded(passes: &Passes<'_>, address: &Address) -> bool {
    let known = passes.workbench.schemas.of_block(&address.block);
    known.is_some_and(|it| it.schema.guarded)
}

/// What of the front says who gets the traffic, and stays as it was found.
fn unchanged(passes: &Passes<'_>, plan: &Plan) -> Vec<(Address, Value)> {
    let changes = |it: &Address| plan.operations().any(|op| op.action.address() == Some(it));
    let scope = Scope::front();
    let found = passes.forecast.instances_of(&scope);
    let unchanged = found.filter_map(|(address, it)| {
        let stays = is_guarded(passes, &address) && !changes(&address);
        let current = it.current.as_ref().filter(|_| stays)?;
        Some((address, current.attributes.clone()))
    });
    unchanged.collect()
}
