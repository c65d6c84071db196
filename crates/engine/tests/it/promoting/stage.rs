//! A stage that promotes, small enough for snapshots, and its plans as text.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_engine::desired::{Desired, Standing};
use greenroom_engine::planner::{AskGates, Look, PlanInput, Refresh};
use greenroom_engine::promotion::{
    Admission, GateAsk, Parts, Route, Soaked, Terms, WayBack, compose, compose_back, forecast,
    gates_of,
};
use greenroom_engine::resolve::{Missing, ResolveRequest, resolve};
use greenroom_model::address::Scope;
use greenroom_model::plan::{Action, Asked, Horizon, Next, Operation, Phase, Plan, Purpose, Wait};
use greenroom_model::roster::{Course, Entry, Mark, Placing, Role, Roster, Weight};
use greenroom_model::state::{Image, State};
use greenroom_model::value::Value;
use greenroom_sim::cloud::Cloud;
use greenroom_spec::parse::{parse_project, parse_template};
use greenroom_spec::schemas::Schemas;
use greenroom_spec::source::Sources;
use greenroom_spec::template::TemplateKind;

use crate::planning::support::{Seen, lineage, plan_of, state_from};
use crate::replaying::empty;

pub(super) const ENVIRONMENT: &str = r#"
[resource.sim_group.web]
targets = []
[output.group]
value = "${sim_group.web.id}"
[gate.sound]
command = ["sound", "${environment.name}"]
"#;

/// What shares out, and gives nothing to who has weight 0.
pub(super) const BALANCER: &str = r#"
[resource.sim_balancer.front]
groups = "${[for e in environments : { group = e.outputs.group, weight = e.weight, mirror = e.mirror }]}"
"#;

/// A record for each environment.
pub(super) const RECORDS: &str = r#"
[resource.sim_record.www]
for_each = "${{ for e in environments : e.name => e }}"
name     = "www"
group    = "${each.value.outputs.group}"
weight   = "${each.value.weight}"
"#;

/// A stage whose traffic is to go to a candidate.
pub(super) struct Stage {
    schemas: Arc<Schemas>,
    desired: Desired,
    terms: Terms,
    candidate: Scope,
    pub(super) roster: Roster,
    pub(super) state: State,
    pub(super) horizons: Vec<Horizon>,
}

pub(super) fn scope(name: &str) -> Scope {
    Scope::environment(name).expect("a name")
}

/// An entry of a roster whose front is as it is meant to be.
pub(super) fn entry(role: Role, percent: u8) -> Entry {
    let weight = Weight::new(percent).expect("a weight");
    Entry { role, weight, verified: weight, admitted: true, retained_until: None }
}

impl Stage {
    /// A stage in which nothing was promoted yet.
    pub(super) fn new(front: &str, environment: &str, terms: &str, candidate: &str) -> Stage {
        let schemas = Arc::new(Schemas::new([Cloud::new().schema()]));
        let mut sources = Sources::default();
        let project = format!(
            "[project]\nname = \"shop\"\n[image.web]\nid = \"ami-1\"\n\
             [stage.production]\ntemplate = \"environment.toml\"\nfront = \"front.toml\"\n\
             [stage.production.promotion]\ngates = [\"sound\"]\n{terms}\n"
        );
        let file = sources.add("greenroom.toml", project);
        let project = parse_project(&sources, file, &schemas);
        assert!(project.diagnostics.is_empty(), "{:#?}", project.diagnostics);
        let mut template = |name: &str, text: &str, kind| {
            let file = sources.add(name, text);
            let parsed = parse_template(&sources, file, kind, &schemas);
            assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
            Arc::new(parsed.value)
        };
        let resolved = resolve(ResolveRequest {
            project: &project.value,
            stage: "production",
            environment: Some(scope(candidate)),
            environment_template: Some(template(
                "environment.toml",
                environment,
                TemplateKind::Environment,
            )),
            front_template: Some(template("front.toml", front, TemplateKind::Front)),
            given: Vec::new(),
            images: BTreeMap::from([("web".into(), Image::everywhere("ami-1"))]),
            image_set: None,
            missing: Missing::Refuse,
        });
        let desired = resolved.desired.expect("sound specs");
        let promotion = project.value.stages["production"].promotion.as_ref();
        Stage {
            desired: Desired { environment: None, ..desired },
            schemas,
            terms: Terms::of(promotion.expect("it promotes")),
            candidate: scope(candidate),
            roster: Roster::default(),
            state: empty(),
            horizons: Vec::new(),
        }
    }

    /// A stage in which `r1` is live, and `r2` is to be.
    pub(super) fn second(front: &str, environment: &str, terms: &str) -> Stage {
        let first = Stage::new(front, environment, "", "r1");
        let made = first.at(&first.route().at(Weight::FULL), &first.state);
        let mut stage = Stage::new(front, environment, terms, "r2");
        stage.desired.scopes.extend(first.desired.scopes);
        stage.state = state_from(empty(), &made);
        stage.enter("r1", Role::Live, 100);
        stage
    }

    /// A stage in which `r1` is live, and `r2` is retained.
    pub(super) fn retained(front: &str, environment: &str, terms: &str) -> Stage {
        let mut stage = Stage::second(front, environment, terms);
        let made = stage.at(&stage.route().at(Weight::ZERO), &stage.state);
        stage.state = state_from(stage.state.clone(), &made);
        stage.enter("r2", Role::Retained, 0);
        stage
    }

    fn enter(&mut self, name: &str, role: Role, percent: u8) {
        self.roster.entries.insert(scope(name), entry(role, percent));
        self.roster.count += 1;
        self.state.roster = Some(self.roster.clone());
    }

    /// The same, without an environment.
    pub(super) fn without(mut self, name: &str) -> Stage {
        self.desired.scopes.remove(&scope(name));
        self
    }

    pub(super) fn schemas(&self) -> Arc<Schemas> {
        self.schemas.clone()
    }

    pub(super) fn route(&self) -> Route {
        let front = &self.desired.scopes[&Scope::front()].template;
        Route {
            candidate: self.candidate.clone(),
            live: self.roster.live().cloned(),
            admission: Admission::of(front, &self.schemas),
            roster: self.roster.clone(),
        }
    }

    /// The whole plan.
    pub(super) fn plan(&self, purpose: Purpose) -> Plan {
        compose(self.parts(purpose))
    }

    /// The plan of a way back from the state as it is.
    pub(super) fn way_back(&self) -> Plan {
        let route = self.route();
        let plan = self.pass(&route.given_up(), &self.state, AskGates::Always);
        let live = route.live.clone().expect("somebody has the traffic");
        let (gates, hooks) = gates_of(&plan);
        let gates = gates.into_iter().filter(|it| it.scope == live);
        let (late, live) = gates.partition(|it| it.gate.probe.needs_front());
        let terms = self.terms.clone();
        compose_back(WayBack { route, terms, plan, live, late, hooks, unchanged: Vec::new() })
    }

    fn parts(&self, purpose: Purpose) -> Parts {
        let route = self.route();
        let (has_live, is_new) = (route.live.is_some(), purpose == Purpose::Promote);
        let terms = match has_live && is_new {
            true => self.terms.clone(),
            false => {
                Terms { watch: self.terms.watch.filter(|_| is_new), ..self.terms.clone().at_once() }
            }
        };
        let beginning = if has_live { route.before() } else { route.at(Weight::FULL) };
        let mut head = self.pass(&beginning, &self.state, AskGates::Always);
        let (gates, hooks) = gates_of(&head);
        head.phases.retain(|it| !it.asks_gates());
        let mut ahead = forecast(&self.state, head.operations());
        let mut next = |standings: BTreeMap<Scope, Standing>| {
            let plan = self.at(&standings, &ahead);
            let after = forecast(&ahead, plan.operations());
            let before = std::mem::replace(&mut ahead, after);
            (plan, before)
        };
        let at_zero = has_live && route.admission == Admission::AtZero;
        let (admitted, withdrawn) = match at_zero && is_new {
            true => {
                let (admitted, before) = next(route.at(Weight::ZERO));
                (Some(admitted), Some(self.at(&route.given_up(), &before)))
            }
            false => (None, None),
        };
        let soaked = (at_zero && terms.soak.is_some() && terms.mirror > Weight::ZERO).then(|| {
            let mirrored = next(route.mirroring(terms.mirror)).0;
            Soaked { mirrored, ended: next(route.mirroring(Weight::ZERO)).0 }
        });
        let steps = terms.steps.iter().map(|(weight, _)| next(route.at(*weight)).0).collect();
        let given_up = next(route.given_up()).0;
        let of = |scope: &Scope| -> Vec<GateAsk> {
            gates.iter().filter(|it| it.scope == *scope).cloned().collect()
        };
        Parts {
            purpose,
            head,
            admitted,
            withdrawn,
            soaked,
            steps,
            given_up,
            ready: of(&route.candidate),
            watched: of(&route.candidate),
            live: route.live.as_ref().map(of).unwrap_or_default(),
            hooks,
            counted: Vec::new(),
            horizons: self.horizons.clone(),
            route,
            terms,
        }
    }

    /// The stage with these environments behind its front.
    pub(super) fn at(&self, standings: &BTreeMap<Scope, Standing>, state: &State) -> Plan {
        self.pass(standings, state, AskGates::AfterChanges)
    }

    fn pass(&self, standings: &BTreeMap<Scope, Standing>, state: &State, gates: AskGates) -> Plan {
        let mut desired = self.desired.clone();
        for (scope, environment) in &mut desired.scopes {
            let outside = Standing { admitted: false, ..environment.standing };
            environment.standing = standings.get(scope).copied().unwrap_or(outside);
        }
        let input = PlanInput {
            desired: Arc::new(desired),
            schemas: self.schemas.clone(),
            state: Some(Arc::new(state.clone())),
            lineage: lineage(),
            refresh: Refresh::Skip,
            look: Look::World,
            gates,
        };
        let planned = plan_of(input, &Seen::new(), &[]);
        planned.unwrap_or_else(|found| panic!("{found:#?}")).0
    }
}

/// The phases of a plan: what each does, and where it leads.
pub(super) fn phases(plan: &Plan) -> String {
    let phases: Vec<String> = plan.phases.iter().map(phase).collect();
    phases.join("\n")
}

fn phase(phase: &Phase) -> String {
    let mut text = format!(
        "{} | passes: {}, fails: {}",
        phase.name,
        next(&phase.on_pass),
        next(&phase.on_fail)
    );
    for operation in &phase.operations {
        let needs: Vec<String> =
            operation.needs.iter().map(|it| it.operation.to_string()).collect();
        text += &format!("\n  {} <- {}", said(operation), needs.join(" "));
        text.truncate(text.trim_end_matches(" <- ").len());
    }
    text
}

fn next(next: &Next) -> String {
    match next {
        Next::Phase(name) => name.to_string(),
        Next::Done => "done".into(),
        Next::RolledBack => "rolled back".into(),
        Next::Halt => "halt".into(),
    }
}

fn said(operation: &Operation) -> String {
    match &operation.action {
        Action::Create(change) => format!("+ {} {}", change.address, shares(&change.planned)),
        Action::Update(change) => format!("~ {} {}", change.address, shares(&change.planned)),
        Action::Delete(removal) => format!("- {}", removal.address),
        Action::Verify { address, .. } => format!("verify {address}"),
        Action::Gate { scope, name, asked, .. } => match asked {
            Asked::Once => format!("gate {scope}/{name}"),
            Asked::Watching => format!("gate {scope}/{name}, watching"),
            Asked::Hook => format!("hook {scope}/{name}"),
        },
        Action::Wait(Wait::For(time)) => format!("wait {time:?}"),
        Action::Wait(Wait::Approval) => "wait for approval".into(),
        Action::Wait(Wait::Drain(drain)) if drain.not_before.is_zero() => {
            format!("drain {}", drain.scope)
        }
        Action::Wait(Wait::Drain(drain)) => {
            format!("drain {}, not before {:?}", drain.scope, drain.not_before)
        }
        Action::Mark(it) => mark(it),
        other => format!("{other:?}"),
    }
    .trim_end()
    .to_owned()
}

/// The weights that an object of the front gives.
fn shares(planned: &Value) -> String {
    let weight = |it: &Value| format!("{:?}", it.get("weight").cloned().unwrap_or_default());
    let mirror = |it: &Value| match it.get("mirror").and_then(Value::as_i64) {
        Some(mirror) if mirror > 0 => format!(" and {mirror} % copies"),
        _ => String::new(),
    };
    match planned.get("groups").and_then(Value::as_list) {
        Some(groups) => {
            let all: Vec<String> = groups.iter().map(|it| weight(it) + &mirror(it)).collect();
            all.join(", ")
        }
        None => planned.get("weight").map_or_else(String::new, |_| weight(planned)),
    }
}

fn mark(mark: &Mark) -> String {
    let entries = mark.entries.iter().map(|(scope, placing)| match placing {
        None => format!(" {scope} forgotten"),
        Some(Placing { role, weight, admitted, .. }) => {
            let outside = if *admitted { "" } else { ", outside" };
            format!(" {scope} {} {}{outside}", role.as_str(), weight.percent())
        }
    });
    let entries: Vec<String> = entries.collect();
    let course = match &mark.course {
        Course::Unconcerned => "",
        Course::Opens { .. } => " opens",
        Course::GoesOn => "",
        Course::Closes(_) => " closes",
    };
    let verified = if mark.verified { " verified" } else { "" };
    format!("mark{}{verified}{course}", entries.join(","))
}
