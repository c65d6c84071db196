//! From what the planner found for each weight to the one plan that a promotion is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use greenroom_model::address::{Address, Scope};
use greenroom_model::gate::{
    Bounds, Gate, Hook, Measure, OnInconclusive, Pace, Probe, TrafficProbe,
};
use greenroom_model::plan::{
    Action, Asked, Drain, Expectation, Horizon, Next, Operation, OperationId, Phase, PhaseName,
    Plan, Purpose, Wait,
};
use greenroom_model::roster::{Course, Ending, Mark, Placing, Role, Weight};
use greenroom_model::value::Value;
use greenroom_spec::promotion::Pause;

use super::draft::{GateAsk, PhaseDraft};
use super::route::{Route, Terms};
use crate::world::names_in;

/// What a promotion is made of. Each plan is against the forecast of the one before it.
pub struct Parts {
    /// A promotion, or a rollback.
    pub purpose: Purpose,
    /// Who takes over from whom.
    pub route: Route,
    /// How.
    pub terms: Terms,
    /// Makes the candidate, and what of the front is missing.
    pub head: Plan,
    /// The front with the candidate at weight 0, where it is to know of it then.
    pub admitted: Option<Plan>,
    /// The same with the candidate failed, against the front before that.
    pub withdrawn: Option<Plan>,
    /// The front with copies of traffic to the candidate, and without them again.
    pub soaked: Option<Soaked>,
    /// The front at each weight.
    pub steps: Vec<Plan>,
    /// The front as it was, from the last weight.
    pub given_up: Plan,
    /// What the candidate must show before it gets traffic.
    pub ready: Vec<GateAsk>,
    /// What is watched while it gets traffic.
    pub watched: Vec<GateAsk>,
    /// What shows that the side that has the traffic now serves.
    pub live: Vec<GateAsk>,
    /// What is run when an environment gets all traffic, or has lost it.
    pub hooks: Vec<GateAsk>,
    /// What of that side is counted.
    pub counted: Vec<Address>,
    /// What lets clients come to it for longer.
    pub horizons: Vec<Horizon>,
}

impl Parts {
    /// When clients have stopped to come to the old side, from the beginning of its drain on.
    #[must_use]
    pub fn not_drained_before(&self) -> Duration {
        let longest = self.horizons.iter().map(|it| it.lasts).max().unwrap_or_default();
        longest.saturating_sub(self.terms.at_full_weight())
    }
}

/// What the way back of a promotion that is open is made of, when it is planned anew.
pub struct WayBack {
    /// Who was to take over from whom.
    pub route: Route,
    /// How.
    pub terms: Terms,
    /// The stage with the candidate failed, against what there is now.
    pub plan: Plan,
    /// What shows that the side that had the traffic serves.
    pub live: Vec<GateAsk>,
    /// The same, where it can be asked only when the front sends traffic there again, or looks at it.
    pub late: Vec<GateAsk>,
    /// What is run when an environment gets all traffic, or has lost it.
    pub hooks: Vec<GateAsk>,
    /// What of the front stays as it was found, with its attributes. It is looked at once more, as
    /// a read may have lagged.
    pub unchanged: Vec<(Address, Value)>,
}

/// The front while the candidate soaks, and after that.
pub struct Soaked {
    /// With copies of traffic to the candidate.
    pub mirrored: Plan,
    /// Without.
    pub ended: Plan,
}

/// How long copies that are under way when the soak is over are waited for.
const COVERAGE_PATIENCE: Duration = Duration::from_secs(15);

const BEGIN: &str = "begin";
const CREATE: &str = "create";
const ADMIT: &str = "admit";
const READY: &str = "ready";
const SOAK: &str = "soak";
const SOAKED: &str = "soaked";
const HAND_OVER: &str = "hand-over";
const WATCH: &str = "watch";
const DRAIN: &str = "drain";
const FINISH: &str = "finish";
const ABANDON: &str = "abandon";
const WITHDRAW: &str = "withdraw";
const REPAIR: &str = "repair";
const PROVE: &str = "prove";
const ROLL_BACK: &str = "roll-back";

/// The plan of a promotion: all phases, each with its way back.
#[must_use]
pub fn compose(parts: Parts) -> Plan {
    Composer { parts }.plan()
}

/// The plan of a way back for a promotion that is open, where its own does not lead through what
/// the front has become: the side that had the traffic is made whole, shows that it serves, and gets
/// all of it.
#[must_use]
pub fn compose_back(way: WayBack) -> Plan {
    let WayBack { route, terms, plan, live, late, hooks, unchanged } = way;
    let parts = Parts {
        purpose: Purpose::Abort,
        route,
        terms,
        head: plan.clone(),
        admitted: None,
        withdrawn: None,
        soaked: None,
        steps: Vec::new(),
        given_up: plan,
        ready: Vec::new(),
        watched: Vec::new(),
        live,
        hooks,
        counted: Vec::new(),
        horizons: Vec::new(),
    };
    let composer = Composer { parts };
    let last = Last { repairs: composer.repairs_behind_front(), gates: late, unchanged };
    let mut phases: Vec<Phase> = composer.repair(&last.repairs).into_iter().collect();
    phases.push(composer.prove());
    phases.push(composer.roll_back(last));
    expect(&mut phases);
    let Parts { purpose, route, given_up, .. } = composer.parts;
    let ours: Vec<Scope> = std::iter::once(route.candidate).chain(route.live).collect();
    concerning(&ours, Plan { purpose, phases, ..given_up })
}

/// The gates that a plan asks, and its hooks.
#[must_use]
pub fn gates_of(plan: &Plan) -> (Vec<GateAsk>, Vec<GateAsk>) {
    let (mut gates, mut hooks) = (Vec::new(), Vec::new());
    for operation in plan.operations() {
        let Action::Gate { scope, name, gate, asked } = &operation.action else { continue };
        let found = if *asked == Asked::Hook { &mut hooks } else { &mut gates };
        found.push(GateAsk { scope: scope.clone(), name: name.clone(), gate: gate.clone() });
    }
    (gates, hooks)
}

struct Composer {
    parts: Parts,
}

impl Composer {
    fn plan(self) -> Plan {
        let mut main = vec![self.create()];
        main.extend(self.admit());
        main.push(self.ready());
        main.extend(self.soak());
        for (number, plan) in self.parts.steps.iter().enumerate() {
            main.push(self.step(number, plan));
        }
        main.extend(self.hand_over());
        main.extend(self.watch());
        main.extend(self.drain());
        main.push(self.finish());
        follow(&mut main);
        let fallbacks = self.fallbacks(&main);
        main.extend(fallbacks);
        expect(&mut main);
        let Parts { purpose, route, head, steps, .. } = self.parts;
        let last = steps.into_iter().next_back().map(|it| it.outputs).unwrap_or_default();
        let mut outputs = head.outputs.clone();
        outputs.extend(last);
        concerning(&[route.candidate], Plan { purpose, phases: main, outputs, ..head })
    }

    fn create(&self) -> Phase {
        let candidate = self.parts.route.candidate.clone();
        let mark = Mark {
            entries: BTreeMap::from([self.candidate(Weight::ZERO, self.was_admitted())]),
            verified: false,
            course: Course::Opens { candidate },
        };
        // Who takes the traffic back is there already.
        let name = if self.parts.purpose == Purpose::Rollback { BEGIN } else { CREATE };
        let mut draft = PhaseDraft::marked(name, mark);
        let late = self.late();
        draft.graft(
            &self.parts.head,
            |it| self.is_ours(it) && !late.contains(&it.id),
            PhaseDraft::BEGIN,
        );
        draft.finish(Next::Done, to(ABANDON))
    }

    fn admit(&self) -> Option<Phase> {
        let plan = self.parts.admitted.as_ref()?;
        let entries = BTreeMap::from([self.candidate(Weight::ZERO, true)]);
        let (draft, _) = self.front(ADMIT, entries, plan);
        Some(draft.finish(Next::Done, to(WITHDRAW)))
    }

    /// What the candidate itself says before it gets traffic.
    fn ready(&self) -> Phase {
        let mut draft = PhaseDraft::marked(READY, goes_on());
        draft.gates(&self.parts.ready, Asked::Once, &[PhaseDraft::BEGIN]);
        draft.finish(Next::Done, to(self.back_without_weight()))
    }

    fn soak(&self) -> Vec<Phase> {
        let Some(time) = self.parts.terms.soak.filter(|_| self.parts.route.live.is_some()) else {
            return Vec::new();
        };
        let entries = || BTreeMap::from([self.candidate(Weight::ZERO, self.is_admitted())]);
        let (mut draft, begun) = match &self.parts.soaked {
            Some(soaked) => self.front(SOAK, entries(), &soaked.mirrored),
            None => (PhaseDraft::marked(SOAK, goes_on()), PhaseDraft::BEGIN),
        };
        draft.wait("soak", Wait::For(time), begun);
        let gates = self.parts.watched.iter().filter(|it| !it.gate.probe.needs_traffic());
        draft.gates(gates, Asked::Watching, &[begun]);
        let demanded = self.parts.terms.coverage > Weight::ZERO;
        let coverage = self.parts.soaked.as_ref().filter(|_| demanded).map(|_| self.coverage());
        draft.gates(&coverage, Asked::Watching, &[begun]);
        let soak = draft.finish(Next::Done, to(self.back_without_weight()));
        let ended = self.parts.soaked.as_ref().map(|soaked| {
            let (draft, _) = self.front(SOAKED, entries(), &soaked.ended);
            draft.finish(Next::Done, to(WITHDRAW))
        });
        std::iter::once(soak).chain(ended).collect()
    }

    /// Whether enough of the traffic was copied for the soak to prove anything.
    fn coverage(&self) -> GateAsk {
        let min = Some(i64::from(self.parts.terms.coverage.percent()).into());
        let probe = Probe::Traffic(TrafficProbe {
            measure: Measure::Coverage,
            bounds: Bounds { max: None, min },
            max_over_live: None,
            min_samples: 1,
            window: None,
        });
        let pace = Pace { deadline: COVERAGE_PATIENCE, ..Pace::default() };
        let gate = Box::new(Gate { probe, pace, on_inconclusive: OnInconclusive::Halt });
        let scope = self.parts.route.candidate.clone();
        GateAsk { scope, name: "coverage".into(), gate }
    }

    fn step(&self, number: usize, plan: &Plan) -> Phase {
        let (weight, pause) = self.parts.terms.steps[number];
        let mut entries = BTreeMap::from([self.candidate(weight, true)]);
        entries.extend(self.live(weight.rest()));
        let (mut draft, begun) = self.front(&weight_phase(weight), entries, plan);
        let asked = match pause {
            Some(Pause::For(time)) => {
                draft.wait("pause", Wait::For(time), begun);
                Asked::Watching
            }
            Some(Pause::Approval) => {
                draft.wait("approval", Wait::Approval, begun);
                Asked::Watching
            }
            None => Asked::Once,
        };
        draft.gates(&self.parts.watched, asked, &[begun]);
        draft.finish(Next::Done, self.back())
    }

    /// The candidate has all traffic: what must run on one side only stops on the old one, and
    /// starts on the new.
    fn hand_over(&self) -> Option<Phase> {
        let Route { candidate, live, .. } = &self.parts.route;
        let hooks = self.hooks(live.as_ref(), Some(candidate));
        if hooks.is_empty() {
            return None;
        }
        let mut draft = PhaseDraft::marked(HAND_OVER, goes_on());
        draft.hooks(hooks, &[PhaseDraft::BEGIN]);
        Some(draft.finish(Next::Done, self.back()))
    }

    /// The hooks of who has lost all traffic, then those of who has it.
    fn hooks(&self, from: Option<&Scope>, to: Option<&Scope>) -> Vec<&GateAsk> {
        let of = |scope: Option<&Scope>, hook: Hook| {
            let hooks = self.parts.hooks.iter();
            hooks.filter(move |it| Some(&it.scope) == scope && &*it.name == hook.as_str()).collect()
        };
        let (stop, start): (Vec<_>, Vec<_>) = (of(from, Hook::Demoted), of(to, Hook::Promoted));
        stop.into_iter().chain(start).collect()
    }

    fn watch(&self) -> Option<Phase> {
        let time = self.parts.terms.watch?;
        let mut draft = PhaseDraft::marked(WATCH, goes_on());
        draft.wait("watch", Wait::For(time), PhaseDraft::BEGIN);
        draft.gates(&self.parts.watched, Asked::Watching, &[PhaseDraft::BEGIN]);
        Some(draft.finish(Next::Done, self.back()))
    }

    fn drain(&self) -> Option<Phase> {
        let scope = self.parts.route.live.clone()?;
        let Parts { terms, counted, horizons, .. } = &self.parts;
        let Terms { quiet, drain, at_limit, .. } = *terms;
        let wait = Drain {
            scope,
            counted: counted.clone(),
            horizons: horizons.clone(),
            not_before: self.parts.not_drained_before(),
            quiet,
            limit: drain,
            at_limit,
        };
        let mut draft = PhaseDraft::marked(DRAIN, goes_on());
        draft.wait("drain", Wait::Drain(Box::new(wait)), PhaseDraft::BEGIN);
        // The candidate has all traffic: it goes on being watched.
        draft.gates(&self.parts.watched, Asked::Watching, &[PhaseDraft::BEGIN]);
        Some(draft.finish(Next::Done, self.back()))
    }

    fn finish(&self) -> Phase {
        let Route { candidate, live, .. } = &self.parts.route;
        let placing = |role, weight, retain| Placing { role, weight, admitted: true, retain };
        let taken = (candidate.clone(), Some(placing(Role::Live, Weight::FULL, None)));
        let left = live.as_ref().map(|live| {
            let retain = self.parts.terms.retain;
            (live.clone(), Some(placing(Role::Retained, Weight::ZERO, retain)))
        });
        let mark = Mark {
            entries: std::iter::once(taken).chain(left).collect(),
            verified: false,
            course: Course::Closes(Ending::Promoted),
        };
        PhaseDraft::marked(FINISH, mark).finish(Next::Done, Next::Halt)
    }

    /// The phases that lead back; only those that something leads to.
    fn fallbacks(&self, main: &[Phase]) -> Vec<Phase> {
        let wanted: BTreeSet<&PhaseName> = main
            .iter()
            .filter_map(|phase| match &phase.on_fail {
                Next::Phase(name) => Some(name),
                _ => None,
            })
            .collect();
        let is_wanted = |name: &str| wanted.iter().any(|it| ***it == *name);
        let mut phases = Vec::new();
        if is_wanted(ABANDON) {
            let mark = self.gives_up(self.was_admitted(), false);
            phases.push(PhaseDraft::marked(ABANDON, mark).finish(Next::RolledBack, Next::Halt));
        }
        if is_wanted(WITHDRAW) {
            phases.push(self.withdraw());
        }
        if is_wanted(PROVE) {
            phases.push(self.prove());
            phases.push(self.roll_back(Last::default()));
        }
        phases
    }

    /// Whether an operation is about the side that has the traffic, or had it.
    fn is_of_live(&self, operation: &Operation) -> bool {
        let scope = operation.action.address().map(|it| &it.scope);
        scope.is_some() && scope == self.parts.route.live.as_ref()
    }

    /// What of that side can be repaired only behind the front.
    fn repairs_behind_front(&self) -> BTreeSet<OperationId> {
        let crosses =
            |operation: &Operation, need: &Operation| !in_front(operation) && in_front(need);
        let behind = behind(&self.parts.given_up, crosses);
        let operations = self.parts.given_up.operations().filter(|it| self.is_of_live(it));
        operations.map(|it| it.id.clone()).filter(|it| behind.contains(it)).collect()
    }

    /// The side that is to have all traffic again is made whole, but for what comes `later`.
    fn repair(&self, later: &BTreeSet<OperationId>) -> Option<Phase> {
        let mut draft = PhaseDraft::marked(REPAIR, goes_on());
        let wanted = |it: &Operation| self.is_of_live(it) && !later.contains(&it.id);
        let repairs = draft.graft(&self.parts.given_up, wanted, PhaseDraft::BEGIN);
        (!repairs.is_empty()).then(|| draft.finish(to(PROVE), Next::Halt))
    }

    /// The side that has the traffic now, or had it, shows that it serves.
    fn prove(&self) -> Phase {
        let mut draft = PhaseDraft::marked(PROVE, goes_on());
        draft.gates(&self.parts.live, Asked::Once, &[PhaseDraft::BEGIN]);
        draft.finish(to(ROLL_BACK), Next::Halt)
    }

    /// The candidate stays in the front without weight, and gets no copies any more.
    fn withdraw(&self) -> Phase {
        let entries = BTreeMap::from([self.failed(true)]);
        let mark = Mark { entries, verified: false, course: Course::GoesOn };
        let mut draft = PhaseDraft::marked(WITHDRAW, mark);
        let mut held = vec![PhaseDraft::BEGIN];
        if let Some(plan) = &self.parts.withdrawn {
            let changes = draft.graft(plan, in_front, PhaseDraft::BEGIN);
            held.extend(draft.verify(&changes));
            held.extend(changes);
        }
        draft.mark("holds", self.gives_up(true, true), &held);
        draft.finish(Next::RolledBack, Next::Halt)
    }

    /// All traffic goes back, with what comes only then.
    fn roll_back(&self, last: Last) -> Phase {
        let Last { repairs, gates, unchanged } = last;
        let admitted = self.is_admitted();
        let mut entries = BTreeMap::from([self.failed(admitted)]);
        entries.extend(self.live(Weight::FULL));
        let mark = Mark { entries, verified: false, course: Course::GoesOn };
        let mut draft = PhaseDraft::marked(ROLL_BACK, mark);
        let wanted = |it: &Operation| in_front(it) || repairs.contains(&it.id);
        let changes = draft.graft(&self.parts.given_up, wanted, PhaseDraft::BEGIN);
        draft.remove_with_others(&changes);
        let mut held = draft.verify(&changes);
        held.extend(changes);
        for (address, expected) in unchanged {
            held.push(draft.look(address, expected, PhaseDraft::BEGIN));
        }
        held.push(PhaseDraft::BEGIN);
        held.extend(draft.gates(&gates, Asked::Once, &held));
        let Route { candidate, live, .. } = &self.parts.route;
        let last = draft.hooks(self.hooks(Some(candidate), live.as_ref()), &held);
        held.extend(last);
        draft.mark("holds", self.gives_up(admitted, true), &held);
        draft.finish(Next::RolledBack, Next::Halt)
    }

    /// A phase that changes the front: meant, done, seen to hold. Returns the position from which
    /// it holds.
    fn front(
        &self,
        name: &str,
        entries: BTreeMap<Scope, Option<Placing>>,
        plan: &Plan,
    ) -> (PhaseDraft, u32) {
        let mark = Mark { entries, verified: false, course: Course::GoesOn };
        let mut draft = PhaseDraft::marked(name, mark);
        let late = self.late();
        let begin = PhaseDraft::BEGIN;
        let mut changes = match late.is_empty() {
            true => Vec::new(),
            false => draft.graft(&self.parts.head, |it| late.contains(&it.id), begin),
        };
        changes.extend(draft.graft(plan, in_front, begin));
        let mut held = draft.verify(&changes);
        held.extend(changes);
        held.push(begin);
        let holds = Mark { verified: true, course: Course::GoesOn, ..Mark::default() };
        let begun = draft.mark("holds", holds, &held);
        (draft, begun)
    }

    /// Whether an operation is about the front, or makes the candidate: what else is to be repaired
    /// is not a promotion's business. Who takes the traffic back is not changed before.
    fn is_ours(&self, operation: &Operation) -> bool {
        let makes = |scope: &Scope| {
            self.parts.purpose != Purpose::Rollback && *scope == self.parts.route.candidate
        };
        let scope = operation.action.address().map(|it| &it.scope);
        scope.is_some_and(|it| it.is_front() || makes(it))
    }

    /// Operations of the front that need the candidate, and what needs those: with nothing live,
    /// the front as a whole is made, and who sends traffic is made last.
    fn late(&self) -> BTreeSet<OperationId> {
        if self.parts.route.live.is_some() {
            return BTreeSet::new();
        }
        behind(&self.parts.head, |operation, need| in_front(operation) && !in_front(need))
    }

    /// Where a failure leads to once the candidate has traffic.
    fn back(&self) -> Next {
        // Nobody goes back to nothing, nor to what nothing can prove.
        match self.parts.route.live.is_some() && !self.parts.live.is_empty() {
            true => to(PROVE),
            false => Next::Halt,
        }
    }

    /// Where a failure leads to before that.
    fn back_without_weight(&self) -> &'static str {
        if self.parts.admitted.is_some() { WITHDRAW } else { ABANDON }
    }

    /// Whether the front knew of the candidate before.
    fn was_admitted(&self) -> bool {
        let Route { roster, candidate, .. } = &self.parts.route;
        roster.entries.get(candidate).is_some_and(|it| it.admitted)
    }

    fn is_admitted(&self) -> bool {
        self.parts.route.admits(Weight::ZERO) && self.parts.route.live.is_some()
    }

    fn candidate(&self, weight: Weight, admitted: bool) -> (Scope, Option<Placing>) {
        let placing = Placing { role: Role::Candidate, weight, admitted, retain: None };
        (self.parts.route.candidate.clone(), Some(placing))
    }

    fn failed(&self, admitted: bool) -> (Scope, Option<Placing>) {
        let retain = self.parts.terms.retain;
        let placing = Placing { role: Role::Failed, weight: Weight::ZERO, admitted, retain };
        (self.parts.route.candidate.clone(), Some(placing))
    }

    fn live(&self, weight: Weight) -> Option<(Scope, Option<Placing>)> {
        let placing = Placing { role: Role::Live, weight, admitted: true, retain: None };
        Some((self.parts.route.live.clone()?, Some(placing)))
    }

    fn gives_up(&self, admitted: bool, verified: bool) -> Mark {
        let entries = BTreeMap::from([self.failed(admitted)]);
        Mark { entries, verified, course: Course::Closes(Ending::RolledBack) }
    }
}

/// What waits until the traffic is back, on a way back that is planned anew.
#[derive(Default)]
struct Last {
    /// Operations on the side that gets it.
    repairs: BTreeSet<OperationId>,
    /// Gates that can be asked only then.
    gates: Vec<GateAsk>,
    /// What must be so already.
    unchanged: Vec<(Address, Value)>,
}

/// The operations that need something across the border of `crosses`, and what needs those.
fn behind(plan: &Plan, crosses: impl Fn(&Operation, &Operation) -> bool) -> BTreeSet<OperationId> {
    let mut behind = BTreeSet::new();
    for phase in plan.phases.iter().filter(|it| !it.asks_gates()) {
        loop {
            let before = behind.len();
            for operation in &phase.operations {
                let needs = operation.needs.iter();
                let mut needs = needs.map(|it| &phase.operations[it.operation as usize]);
                if needs.any(|need| behind.contains(&need.id) || crosses(operation, need)) {
                    behind.insert(operation.id.clone());
                }
            }
            if behind.len() == before {
                break;
            }
        }
    }
    behind
}

/// Whether a gate asks something of the front that is not known yet.
#[must_use]
pub fn waits_for_front(gate: &Gate<Value>) -> bool {
    let mut waits = false;
    gate.probe.map(&mut |text: &Value| waits |= names_front(text));
    waits
}

fn names_front(value: &Value) -> bool {
    match value {
        Value::Pending(residual) => names_in(residual).contains("front"),
        Value::List(elements) => elements.iter().any(names_front),
        Value::Object(entries) => entries.values().any(names_front),
        _ => false,
    }
}

/// A plan with what it says of the front and of these environments: the others stay as they are.
fn concerning(environments: &[Scope], mut plan: Plan) -> Plan {
    let is_ours = |scope: &Scope| scope.is_front() || environments.contains(scope);
    plan.outputs.retain(|scope, _| is_ours(scope));
    plan.lifecycles.retain(|it| is_ours(&it.address.scope));
    plan.inputs.retain(|scope, _| is_ours(scope));
    plan
}

/// The name of the phase that brings the candidate to a weight.
#[must_use]
pub fn weight_phase(weight: Weight) -> String {
    format!("weight-{}", weight.percent())
}

fn goes_on() -> Mark {
    Mark { course: Course::GoesOn, ..Mark::default() }
}

fn to(phase: &str) -> Next {
    Next::Phase(phase.into())
}

pub(super) fn in_front(operation: &Operation) -> bool {
    operation.action.address().is_some_and(|it| it.scope.is_front())
}

/// Makes each phase lead to the next one.
fn follow(phases: &mut [Phase]) {
    let names: Vec<PhaseName> = phases.iter().skip(1).map(|it| it.name.clone()).collect();
    for (phase, next) in phases.iter_mut().zip(names) {
        phase.on_pass = Next::Phase(next);
    }
}

/// Lets each operation on an object that an earlier phase touches expect what that made of it.
pub(super) fn expect(phases: &mut [Phase]) {
    let mut touched: BTreeMap<Address, OperationId> = BTreeMap::new();
    for phase in phases {
        for operation in &mut phase.operations {
            if matches!(operation.action, Action::Verify { .. }) {
                continue;
            }
            let Some(address) = operation.action.address().cloned() else { continue };
            if let Some(earlier) = touched.insert(address, operation.id.clone()) {
                operation.expects = Expectation::After(earlier);
            }
        }
    }
}

/// How long a promotion waits at least, if nobody has to approve; `None` if somebody has to.
#[must_use]
pub fn shortest(plan: &Plan) -> Option<Duration> {
    let mut total = Duration::ZERO;
    for operation in plan.operations() {
        match &operation.action {
            Action::Wait(Wait::For(time)) => total += *time,
            Action::Wait(Wait::Drain(drain)) => total += drain.quiet.max(drain.not_before),
            Action::Wait(Wait::Approval) => return None,
            _ => {}
        }
    }
    Some(total)
}
