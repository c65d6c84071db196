//! One `check` for all tests: specs, a state as what was applied before, and the plan as text.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_engine::desired::Desired;
use greenroom_engine::planner::{
    Answers, AskGates, Asks, FilesRead, Look, PlanInput, Planner, ReadSeen, Refined, Refresh, Step,
};
use greenroom_engine::replay::replay;
use greenroom_engine::resolve::{Given, GivenVariable, Missing, ResolveRequest, resolve};
use greenroom_model::address::Scope;
use greenroom_model::identity::{Digest, Lineage, Sequence};
use greenroom_model::journal::{Effect, Entry, Intent, Made, Outcome, Subject};
use greenroom_model::plan::{Action, Plan};
use greenroom_model::state::{Image, State, Status};
use greenroom_model::value::{Object, Value};
use greenroom_sim::cloud::Cloud;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::parse::{Parsed, parse_project, parse_template};
use greenroom_spec::schemas::Schemas;
use greenroom_spec::source::Sources;
use greenroom_spec::template::TemplateKind;

use super::render::{mistakes, plan};
use crate::replaying::empty;

/// What a refresh sees of objects by address; others are as recorded.
pub(crate) type Seen = BTreeMap<&'static str, ReadSeen>;

/// A state, and what a refresh of it sees.
#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) state: Option<State>,
    pub(super) seen: Seen,
    pub(super) variables: Vec<(&'static str, &'static str)>,
}

impl World {
    pub(super) fn sees(mut self, address: &'static str, seen: ReadSeen) -> World {
        self.seen.insert(address, seen);
        self
    }

    pub(super) fn given(mut self, name: &'static str, value: &'static str) -> World {
        self.variables.push((name, value));
        self
    }

    /// With something else changed in the state.
    pub(super) fn with(mut self, change: impl FnOnce(&mut State)) -> World {
        change(self.state.as_mut().expect("something was applied before"));
        self
    }
}

/// Plans `front` and `environment` over `world`, and renders what comes of it.
pub(super) fn check(front: &str, environment: &str, world: &World) -> String {
    match planned(front, environment, world) {
        Ok(it) => plan(&it),
        Err(text) => text,
    }
}

/// The same for an environment alone, over nothing.
pub(super) fn fresh(environment: &str) -> String {
    check("", environment, &World::default())
}

/// The world after these specs were applied to an empty one, every object ready.
pub(super) fn applied(front: &str, environment: &str) -> World {
    applied_with(front, environment, World::default())
}

pub(super) fn applied_with(front: &str, environment: &str, world: World) -> World {
    let plan = planned(front, environment, &world).unwrap_or_else(|text| panic!("{text}"));
    World { state: Some(state_after(&plan)), seen: Seen::new(), variables: world.variables }
}

pub(super) fn planned(front: &str, environment: &str, world: &World) -> Result<Plan, String> {
    planned_with_files(front, environment, world, &[]).map(|(plan, _)| plan)
}

/// The plan of specs that may read these files, and which of them each scope has read.
pub(super) fn planned_with_files(
    front: &str,
    environment: &str,
    world: &World,
    files: &[(&str, &str)],
) -> Result<(Plan, FilesRead), String> {
    let mut sources = Sources::default();
    let schemas = Schemas::new([Cloud::new().schema()]);
    let desired = desired(&mut sources, &schemas, front, environment, &world.variables)
        .map_err(|found| mistakes(&sources, &found))?;
    let input = PlanInput {
        desired: Arc::new(desired),
        schemas: Arc::new(schemas),
        state: world.state.clone().map(Arc::new),
        lineage: lineage(),
        refresh: Refresh::Bulk,
        look: Look::World,
        gates: AskGates::AfterChanges,
    };
    plan_of(input, &world.seen, files).map_err(|found| mistakes(&sources, &found))
}

/// The plan of what is asked for, and the files that it read.
pub(crate) fn plan_of(
    input: PlanInput,
    seen: &Seen,
    files: &[(&str, &str)],
) -> Result<(Plan, FilesRead), Vec<Diagnostic>> {
    let mut planner = Planner::new(input);
    let mut answers = Answers::default();
    loop {
        match planner.next(answers) {
            Step::Ask(asks) => answers = answer(asks, seen, files),
            Step::Plan(plan, _) => return Ok((*plan, planner.files_read())),
            Step::Mistakes(found) => return Err(found),
        }
    }
}

fn desired(
    sources: &mut Sources,
    schemas: &Schemas,
    front: &str,
    environment: &str,
    variables: &[(&str, &str)],
) -> Result<Desired, Vec<Diagnostic>> {
    let front_line = if front.is_empty() { "" } else { "front = \"front.toml\"\n" };
    let project = format!(
        "[project]\nname = \"shop\"\n[image.web]\nid = \"ami-1\"\n[stage.test]\ntemplate = \"environment.toml\"\n{front_line}"
    );
    let project_file = sources.add("greenroom.toml", project);
    let Parsed { value: project, diagnostics: mut found } =
        parse_project(sources, project_file, schemas);
    let mut template = |name: &str, text: &str, kind| {
        let file = sources.add(name, text);
        let Parsed { value, diagnostics } = parse_template(sources, file, kind, schemas);
        found.extend(diagnostics);
        Arc::new(value)
    };
    let environment = template("environment.toml", environment, TemplateKind::Environment);
    let front = (!front.is_empty()).then(|| template("front.toml", front, TemplateKind::Front));
    let resolved = resolve(ResolveRequest {
        project: &project,
        stage: "test",
        environment: Some(scope()),
        environment_template: Some(environment),
        front_template: front,
        given: variables
            .iter()
            .map(|(name, value)| GivenVariable {
                name: (*name).to_owned(),
                value: Given::Text((*value).to_owned()),
                origin: "--var".to_owned(),
            })
            .collect(),
        images: BTreeMap::from([("web".into(), image())]),
        image_set: None,
        missing: Missing::Refuse,
    });
    found.extend(resolved.diagnostics);
    match resolved.desired {
        Some(desired) if !found.iter().any(Diagnostic::is_error) => Ok(desired),
        _ => Err(found),
    }
}

/// An image that has another id in the west, and is not in the north.
fn image() -> Image {
    let at = [("sim.west".into(), Some("ami-2".into())), ("sim.north".into(), None)];
    Image { at: at.into(), digest: Some(Digest("d1".into())), ..Image::everywhere("ami-1") }
}

fn answer(asks: Asks, seen: &Seen, there: &[(&str, &str)]) -> Answers {
    let Asks { reads, data, proposals, checks, files, file_list: _ } = asks;
    assert!(checks.is_empty(), "no type of the simulated cloud is checked");
    Answers {
        reads: reads
            .into_iter()
            .map(|ask| {
                let scripted = seen.get(&*ask.address.to_string()).cloned();
                scripted.unwrap_or(ReadSeen::Present(ask.attributes))
            })
            .collect(),
        checks: Vec::new(),
        data: data
            .into_iter()
            .map(|ask| {
                let name = ask.config.get("name").and_then(Value::as_str).unwrap_or_default();
                let id = Value::from(format!("image-of-{name}"));
                Ok(Value::object([("name", Value::from(name)), ("id", id)]))
            })
            .collect(),
        proposals: proposals
            .into_iter()
            .map(|ask| Refined { planned: ask.planned, replace: vec![], wrong: vec![] })
            .collect(),
        files: files
            .into_iter()
            .map(|path| {
                let content = there.iter().find(|(name, _)| *name == &*path);
                let content = content.map(|(_, text)| text.as_bytes().into());
                (path, content.ok_or_else(|| "there is no such file here".to_owned()))
            })
            .collect(),
        file_list: Some(Vec::new()),
    }
}

pub(super) fn scope() -> Scope {
    Scope::environment("pr").expect("a name")
}

pub(crate) fn lineage() -> Lineage {
    Lineage("0123456789abcdef0123456789abcdef".into())
}

/// The state after every create and update of a plan, as a cloud would have answered: pending
/// attributes of the object `kind.name` are `NAME.attribute`.
fn state_after(plan: &Plan) -> State {
    state_from(empty(), plan)
}

/// The same, on top of what there was before.
pub(crate) fn state_from(mut state: State, plan: &Plan) -> State {
    let mut record = |entry| {
        let next = Sequence(state.sequence.0 + 1);
        replay(&mut state, next, entry).expect("entries that fit");
        next
    };
    for operation in plan.operations() {
        let (change, effect) = match &operation.action {
            Action::Create(change) => (change, Effect::Create),
            Action::Update(change) => (change, Effect::Update),
            _ => continue,
        };
        let intent = record(Entry::Intent(Box::new(Intent {
            operation: None,
            effect,
            subjects: vec![Subject {
                address: change.address.clone(),
                uid: change.uid.clone(),
                incarnation: change.incarnation,
            }],
            provider: change.provider.clone(),
            handle: change.handle.clone(),
            arguments: Value::Null,
            lifecycle: change.lifecycle.clone(),
            deadline: 0,
        })));
        let attributes = known(plan, &change.planned);
        let outcome = match effect {
            Effect::Update => Outcome::Updated { attributes },
            _ => {
                let id = format!("id-of-{}", change.address).into();
                Outcome::Created(vec![Made { id, status: Status::Ready, attributes }])
            }
        };
        record(Entry::Outcome { intent, outcome });
    }
    state
}

/// What becomes of residuals: a reference's text, so that equal references come out equal.
fn known(plan: &Plan, value: &Value) -> Value {
    match value {
        Value::Pending(_) => {
            let text = format!("{value:?}").replace("pending(", "");
            let text = text.trim_end_matches(')');
            output_of(plan, text).unwrap_or_else(|| Value::from(text))
        }
        Value::List(elements) => Value::list(elements.iter().map(|it| known(plan, it))),
        Value::Object(entries) => Value::from(
            entries.iter().map(|(name, it)| (name.clone(), known(plan, it))).collect::<Object>(),
        ),
        other => other.clone(),
    }
}

/// The value of an output that crosses between front and environment.
fn output_of(plan: &Plan, text: &str) -> Option<Value> {
    let (scope, name) = match text.strip_prefix("front.") {
        Some(name) => (Scope::front(), name),
        None => {
            let (scope, name) = text.strip_prefix("environments.")?.split_once(".outputs.")?;
            (Scope::environment(scope).ok()?, name)
        }
    };
    Some(known(plan, &plan.outputs.get(&scope)?.get(name)?.value))
}
