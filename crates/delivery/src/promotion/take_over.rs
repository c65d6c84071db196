//! Plans that shift traffic: a new environment takes it over, or one that is retained takes it back.

use std::sync::Arc;

use greenroom_apply::Workbench;
use greenroom_engine::desired::Desired;
use greenroom_engine::late::lost_source;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::planner::Refresh;
use greenroom_engine::promotion::{
    Admission, GateAsk, Parts, Route, Soaked, Terms, compose, gates_of,
};
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Scope;
use greenroom_model::plan::{Plan, Purpose};
use greenroom_model::roster::{Role, Roster, Weight};
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::project::Stage;
use greenroom_spec::promotion::Promotion;

use super::PromotionError;
use super::passes::{Passes, Standings};
use super::preflight::{self, Preflight};
use super::sealed::all_sealed;
use crate::project::{Inputs, Project};
use crate::wanted::{Wanted, buildable, secrets_in, wanted};

/// A stage that promotes, for which one plan is to be made.
pub struct Promoting<'a> {
    /// The project.
    pub project: &'a mut Project,
    /// What to work with.
    pub workbench: &'a Workbench,
    /// The stage's name.
    pub stage: &'a str,
    /// Its state as it is.
    pub state: Arc<State>,
    /// How much of the world to read first.
    pub refresh: Refresh,
}

/// A plan that shifts traffic, with what it takes to carry it out.
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The sensitive variables' values.
    pub secrets: Secrets,
    /// What was checked before.
    pub preflight: Preflight,
    /// Warnings of the specs and of the plan.
    pub warnings: Vec<Diagnostic>,
}

impl Promoting<'_> {
    /// Plans a new environment that takes the traffic over. `inputs` have their images chosen.
    ///
    /// # Errors
    ///
    /// [`PromotionError`].
    pub async fn promote(self, inputs: &Inputs) -> Result<Prepared, PromotionError> {
        let Promoting { project, workbench, stage, state, refresh } = self;
        let declared = promoted(project, stage)?;
        let roster = state.roster.clone().unwrap_or_default();
        not_open(&roster)?;
        let candidate = next_name(&roster);
        let wanted = wanted(project, stage, Some(candidate.clone()), inputs, Missing::Refuse);
        preflight::images_are_there(project, workbench, inputs).await?;
        let proof = preflight::proof(project, workbench, stage, inputs, &wanted).await?;
        let (mut desired, secrets) = stage_of(wanted, project, &state)?;
        if let Some(made) = desired.scopes.get_mut(&candidate) {
            made.sealed = Some(project.sources.get(made.template.file).text.to_string().into());
        }
        let terms = Terms::of(&declared);
        let journey = Journey {
            purpose: Purpose::Promote,
            route: route(&desired, workbench, candidate, roster),
            terms,
            refresh,
        };
        let mut passes = Passes::new(project, workbench, desired, &state);
        let parts = journey.parts(&mut passes).await?;
        let Passes { warnings, ahead, .. } = passes;
        let preflight = Preflight::of(&parts, proof, ahead.traps);
        Ok(Prepared { plan: whole(compose(parts))?, secrets, preflight, warnings })
    }

    /// Plans that `to`, or the environment that had the traffic last, takes it back.
    ///
    /// # Errors
    ///
    /// [`PromotionError`].
    pub async fn roll_back(self, to: Option<&str>) -> Result<Prepared, PromotionError> {
        let Promoting { project, workbench, stage, state, refresh } = self;
        let declared = promoted(project, stage)?;
        let roster = state.roster.clone().unwrap_or_default();
        not_open(&roster)?;
        let candidate = target(&roster, stage, to)?;
        let wanted = wanted(project, stage, None, &Inputs::default(), Missing::Refuse);
        let (desired, secrets) = stage_of(wanted, project, &state)?;
        let journey = Journey {
            purpose: Purpose::Rollback,
            route: route(&desired, workbench, candidate.clone(), roster),
            terms: Terms::of(&declared).at_once(),
            refresh,
        };
        let mut passes = Passes::new(project, workbench, desired, &state);
        let parts = journey.parts(&mut passes).await?;
        if parts.ready.is_empty() {
            return Err(PromotionError::Unprovable(candidate));
        }
        let Passes { warnings, ahead, .. } = passes;
        let preflight = Preflight::of(&parts, None, ahead.traps);
        Ok(Prepared { plan: whole(compose(parts))?, secrets, preflight, warnings })
    }
}

/// The plan, if the state can keep it.
pub(super) fn whole(plan: Plan) -> Result<Plan, PromotionError> {
    match lost_source(&plan) {
        Some(source) => Err(PromotionError::SecretLost(source)),
        None => Ok(plan),
    }
}

/// How a stage promotes, if it does.
pub(super) fn promoted(project: &Project, stage: &str) -> Result<Promotion, PromotionError> {
    let Stage { promotion, template, front, .. } = buildable(project, stage)?;
    let not_promoted = || PromotionError::NotPromoted(stage.to_owned());
    let promotion = promotion.clone().ok_or_else(not_promoted)?;
    for (what, there) in [("template", template), ("front", front)] {
        if there.is_none() {
            return Err(PromotionError::Lacks { stage: stage.to_owned(), what });
        }
    }
    Ok(promotion)
}

/// Refuses where a promotion is open.
pub(super) fn not_open(roster: &Roster) -> Result<(), PromotionError> {
    match &roster.promotion {
        Some(open) => Err(PromotionError::Open {
            candidate: open.candidate.clone(),
            phase: open.phase.to_string(),
        }),
        None => Ok(()),
    }
}

/// The whole stage, what is wanted beside the environments that there are, and the values of its
/// sensitive variables.
pub(super) fn stage_of(
    wanted: Wanted,
    project: &mut Project,
    state: &State,
) -> Result<(Desired, Secrets), PromotionError> {
    let Wanted { desired, diagnostics } = wanted;
    let mistakes = diagnostics.iter().any(Diagnostic::is_error);
    let Some(desired) = desired.filter(|_| !mistakes) else {
        let sources = Box::new(project.sources.clone());
        return Err(crate::wanted::WantedError::Mistakes { diagnostics, sources }.into());
    };
    let mut desired = Arc::unwrap_or_clone(desired);
    desired.environment = None;
    desired.scopes.extend(all_sealed(project, state)?);
    let secrets = secrets_in(&desired);
    Ok((desired, secrets))
}

/// The name of the stage's next environment: never one that it has had.
fn next_name(roster: &Roster) -> Scope {
    Scope::environment(&format!("r{}", roster.count + 1)).expect("`r` and a number is a name")
}

/// The environment that is to take the traffic back.
fn target(roster: &Roster, stage: &str, to: Option<&str>) -> Result<Scope, PromotionError> {
    let Some(name) = to else {
        let retained = roster.entries.iter().filter(|(_, it)| it.role == Role::Retained);
        // Names count up: of those kept equally long, the longest and last is the newest.
        let last = retained.max_by_key(|(scope, it)| {
            (it.retained_until, scope.as_str().len(), scope.as_str().to_owned())
        });
        return last
            .map(|(scope, _)| scope.clone())
            .ok_or_else(|| PromotionError::NothingRetained(stage.to_owned()));
    };
    let found = roster.entries.iter().find(|(scope, _)| scope.as_str() == name);
    match found {
        None => {
            let known = roster.entries.keys().map(Scope::as_str);
            Err(PromotionError::no_environment(stage, name, known))
        }
        Some((scope, entry)) if entry.role == Role::Live => {
            Err(PromotionError::IsLive(scope.clone()))
        }
        Some((scope, _)) => Ok(scope.clone()),
    }
}

/// Who takes the traffic over from whom, as the front that is wanted allows.
pub(super) fn route(
    desired: &Desired,
    workbench: &Workbench,
    candidate: Scope,
    roster: Roster,
) -> Route {
    let front = desired.scopes.get(&Scope::front()).map(|it| &it.template);
    let admission = front.map(|it| Admission::of(it, &workbench.schemas));
    Route {
        candidate,
        live: roster.live().cloned(),
        admission: admission.unwrap_or(Admission::WithFirstWeight),
        roster,
    }
}

/// A shift of traffic that is to be planned.
struct Journey {
    purpose: Purpose,
    route: Route,
    terms: Terms,
    refresh: Refresh,
}

impl Journey {
    /// Looks at the front at each place on the way.
    async fn parts(self, passes: &mut Passes<'_>) -> Result<Parts, PromotionError> {
        let Journey { purpose, route, terms, refresh } = self;
        // With nothing live, all of it is made at once, and only who sends traffic comes last.
        let terms = match route.live {
            Some(_) => terms,
            None => Terms { watch: terms.watch, ..terms.at_once() },
        };
        let head = passes.look(&beginning(&route), refresh).await?;
        if route.live.is_some() {
            preflight::front_is_applied(&head)?;
        }
        if purpose == Purpose::Rollback {
            preflight::is_whole(&head, &route.candidate)?;
        }
        let (gates, hooks) = gates_of(&head);
        let head = without_gates(head);
        let is_new = purpose == Purpose::Promote;
        passes.done(&head, |it| it.is_front() || (is_new && *it == route.candidate));
        let (withdrawn, admitted) = match admits_first(&route) {
            true => {
                let withdrawn = passes.look_ahead(&route.given_up()).await?;
                (Some(withdrawn), Some(passes.go(&route.at(Weight::ZERO)).await?))
            }
            false => (None, None),
        };
        let soaks = terms.soak.is_some() && route.admits(Weight::ZERO) && route.live.is_some();
        let soaked = match soaks {
            true => soaked(passes, &route, terms.mirror).await?,
            false => None,
        };
        let mut steps = Vec::new();
        for (weight, _) in &terms.steps {
            steps.push(passes.go(&route.at(*weight)).await?);
            passes.look_out(&route.candidate).await;
        }
        let given_up = passes.look_ahead(&route.given_up()).await?;
        let asks = Asks::of(&gates, &route, &terms);
        let counted = route.live.as_ref().map(|live| passes.counted(live)).unwrap_or_default();
        Ok(Parts {
            purpose,
            route,
            terms,
            head,
            admitted,
            withdrawn,
            soaked,
            steps,
            given_up,
            ready: asks.ready,
            watched: asks.watched,
            live: asks.live,
            hooks,
            counted,
            horizons: passes.ahead.horizons.clone(),
        })
    }
}

/// Which gates are asked when.
pub(super) struct Asks {
    ready: Vec<GateAsk>,
    watched: Vec<GateAsk>,
    pub(super) live: Vec<GateAsk>,
}

impl Asks {
    pub(super) fn of(gates: &[GateAsk], route: &Route, terms: &Terms) -> Asks {
        let of = |scope: &Scope| {
            let own = gates.iter().filter(move |it| it.scope == *scope);
            own.filter(|it| !it.gate.probe.needs_traffic()).cloned().collect::<Vec<_>>()
        };
        let live = route.live.as_ref().map(of).unwrap_or_default();
        // Before the first promotion there is nothing yet that looks at the candidate's health.
        let (late, ready): (Vec<GateAsk>, Vec<GateAsk>) = of(&route.candidate)
            .into_iter()
            .partition(|it| route.live.is_none() && it.gate.probe.needs_front());
        let is_named = |it: &&GateAsk| {
            let is_its = it.scope.is_front() || it.scope == route.candidate;
            is_its && terms.gates.contains(&it.name)
        };
        let mut watched: Vec<GateAsk> = gates.iter().filter(is_named).cloned().collect();
        watched.extend(late.into_iter().filter(|it| !terms.gates.contains(&it.name)));
        Asks { ready, watched, live }
    }
}

/// What the front is told while the candidate is made: nothing of it, unless it is the first.
fn beginning(route: &Route) -> Standings {
    match route.live {
        Some(_) => route.before(),
        None => route.at(Weight::FULL),
    }
}

/// Whether the front is to know of the candidate before it gets traffic, and does not yet.
fn admits_first(route: &Route) -> bool {
    let is_known = route.roster.entries.get(&route.candidate).is_some_and(|it| it.admitted);
    route.live.is_some() && route.admits(Weight::ZERO) && !is_known
}

fn without_gates(mut plan: Plan) -> Plan {
    plan.phases.retain(|it| !it.asks_gates());
    plan
}

/// The front while the candidate gets copies of traffic, if that makes a difference to it.
async fn soaked(
    passes: &mut Passes<'_>,
    route: &Route,
    mirror: Weight,
) -> Result<Option<Soaked>, PromotionError> {
    let mirrored = passes.look_ahead(&route.mirroring(mirror)).await?;
    if mirrored.is_empty() {
        return Ok(None);
    }
    passes.done(&mirrored, Scope::is_front);
    let ended = passes.go(&route.mirroring(Weight::ZERO)).await?;
    Ok(Some(Soaked { mirrored, ended }))
}
