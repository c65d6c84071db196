//! Rebuilding: a state made of what the world says, where the one that knew it is lost.
//!
//! It serves to take everything down. Addresses are lost with the state, and so is what read what:
//! an object whose attributes hold another's name is taken for one that read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{Address, BlockName, InstanceKey, Mode, Scope};
use greenroom_model::identity::{EnvironmentKind, Incarnation, Lineage, Sequence, Uid};
use greenroom_model::schema::Strength;
use greenroom_model::state::{Instance, Reads, Remote, State, Status};
use greenroom_model::value::{Object, Value};
use greenroom_spec::schemas::Schemas;
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use crate::diff;

/// The name in the addresses of what was found again.
const NAME: &str = "lost";

/// What is known of a lost state, and everything that says it was in it.
#[derive(Clone, Debug)]
pub struct Lost {
    /// The state's identity.
    pub lineage: Lineage,
    /// Its project.
    pub project: Arc<str>,
    /// Its stage.
    pub stage: Arc<str>,
    /// Whether it was an ephemeral environment's.
    pub kind: EnvironmentKind,
    /// When it expires.
    pub expires: Option<Arc<str>>,
    /// The objects.
    pub objects: Vec<Found>,
}

/// An object that was found, and what it was found by.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its type.
    pub kind: Arc<str>,
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Its identity for life.
    pub uid: Uid,
    /// The front or environment that it says it is of.
    pub scope: Scope,
    /// Its attributes as far as they were looked at.
    pub attributes: Value,
    /// The configuration of the provider that found it.
    pub provider: Arc<str>,
    /// That configuration's settings.
    pub settings: Object,
}

/// A state that has these objects, and from which they can be destroyed.
#[must_use]
pub fn rebuild(lost: Lost, schemas: &Schemas) -> State {
    let addresses: Vec<Address> = lost.objects.iter().map(address).collect();
    let reads = reads(&lost.objects, &addresses);
    let mut state = State::new(lost.project, lost.stage, lost.kind, lost.lineage);
    state.lifetime.expires = lost.expires;
    for ((found, address), reads) in lost.objects.into_iter().zip(addresses).zip(reads) {
        let providers = &mut state.scopes.entry(found.scope).or_default().inputs.providers;
        let provider = configuration(providers, &found.provider, &found.settings);
        let schema = schemas.find(Mode::Managed, &address.block.kind).map(|it| it.schema);
        let attributes = diff::marked_like(schema, &address, &found.attributes, &Value::Null);
        *state.instance_mut(&address) = Instance {
            incarnation: Incarnation(1),
            current: Some(Remote {
                uid: found.uid,
                id: found.id,
                provider,
                status: Status::Ready,
                attributes,
                reads: Arc::new(reads),
                version: Sequence(0),
                create_before_destroy: false,
                prevent_destroy: false,
            }),
            deposed: Vec::new(),
            extra: None,
        };
    }
    state
}

/// Where an object stands from now on: two may have stood at the same address, but not with the
/// same uid.
fn address(found: &Found) -> Address {
    Address {
        scope: found.scope.clone(),
        block: BlockName::managed(found.kind.clone(), NAME),
        key: InstanceKey::Name(found.uid.0.clone()),
    }
}

/// The name of a configuration with these settings, which a scope has from now on: stages may have
/// used others under the same name.
fn configuration(
    providers: &mut BTreeMap<Arc<str>, Object>,
    name: &Arc<str>,
    settings: &Object,
) -> Arc<str> {
    let mut chosen = name.clone();
    let mut others = 0;
    while providers.get(&chosen).is_some_and(|it| it != settings) {
        others += 1;
        chosen = format!("{name}.{NAME}{others}").into();
    }
    providers.entry(chosen.clone()).or_insert_with(|| settings.clone());
    chosen
}

/// What each object reads of the others, without circles: in these, each is in the other's way, and
/// no order helps.
fn reads(objects: &[Found], addresses: &[Address]) -> Vec<Reads> {
    let mut named: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for (position, object) in objects.iter().enumerate() {
        named.insert(object.id.clone(), position);
        if let Some(Value::String(arn)) = object.attributes.get("arn").map(Value::unmarked) {
            named.insert(arn.clone(), position);
        }
    }
    let mut graph: DiGraphMap<usize, ()> = DiGraphMap::new();
    for (reader, object) in objects.iter().enumerate() {
        graph.add_node(reader);
        each_text(&object.attributes, &mut |text: &str| {
            if let Some(read) = named.get(text).filter(|it| **it != reader) {
                graph.add_edge(reader, *read, ());
            }
        });
    }
    let mut circle = vec![0; objects.len()];
    for (number, members) in tarjan_scc(&graph).into_iter().enumerate() {
        members.into_iter().for_each(|member| circle[member] = number);
    }
    let read_by = |reader: usize| {
        let others = graph.neighbors(reader).filter(|read| circle[*read] != circle[reader]);
        others.map(|read| (addresses[read].clone(), Strength::Complete)).collect()
    };
    (0..objects.len()).map(read_by).collect()
}

/// Calls `look` with every text in a value.
fn each_text(value: &Value, look: &mut impl FnMut(&str)) {
    match value.unmarked() {
        Value::String(text) => look(text),
        Value::List(elements) => elements.iter().for_each(|it| each_text(it, look)),
        Value::Object(attributes) => attributes.values().for_each(|it| each_text(it, look)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::plan::Operation;
    use greenroom_model::schema::{Attribute, ProviderSchema, Type, TypeSchema};

    use super::*;
    use crate::destroy::plan_destroy;
    use crate::format::snapshot;

    fn schemas() -> Schemas {
        let secret = Attribute::optional(Type::String, "A password.").sensitive();
        let machine = TypeSchema::new("sim_machine", "A machine.", [("secret", secret)]);
        Schemas::new([ProviderSchema {
            name: "sim".into(),
            doc: String::new(),
            settings: BTreeMap::new(),
            resources: [(machine.name.clone(), machine)].into(),
            data: BTreeMap::new(),
        }])
    }

    fn found(kind: &str, id: &str, attributes: &[(&str, Value)]) -> Found {
        Found {
            kind: kind.into(),
            id: id.into(),
            uid: Uid(format!("uid-of-{id}").into()),
            scope: "pr-7".parse().expect("a name"),
            attributes: Value::object(attributes.iter().map(|(key, it)| (*key, it.clone()))),
            provider: "sim".into(),
            settings: Object::new(),
        }
    }

    fn rebuilt(objects: Vec<Found>) -> State {
        let lost = Lost {
            lineage: Lineage("0123456789abcdef".into()),
            project: "shop".into(),
            stage: "it".into(),
            kind: EnvironmentKind::Ephemeral,
            expires: Some("2026-11-26T12:00:00Z".into()),
            objects,
        };
        rebuild(lost, &schemas())
    }

    /// The ids in the order in which they would be deleted.
    fn deletions(state: &State) -> Vec<String> {
        let plan = plan_destroy(state, None).expect("a plan");
        let id = |operation: &Operation| {
            let address = operation.id.subject.parse().expect("an address");
            let instance = state.instance(&address).expect("it is there");
            instance.current.as_ref().expect("it exists").id.to_string()
        };
        plan.operations().map(id).collect()
    }

    #[test]
    fn what_holds_the_name_of_another_goes_before_it() {
        let network = found("sim_network", "a-1", &[("arn", "arn:a-1".into())]);
        let group = found("sim_group", "b-1", &[("in", Value::list(["arn:a-1"]))]);
        let rules = Value::object([("of", Value::from("b-1"))]);
        let machine = found("sim_machine", "c-1", &[("rules", Value::list([rules]))]);
        assert_eq!(deletions(&rebuilt(vec![network, group, machine])), ["c-1", "b-1", "a-1"]);
    }

    #[test]
    fn a_circle_orders_nothing_but_what_is_around_it() {
        let network = found("sim_network", "a-1", &[]);
        let one = found("sim_group", "b-1", &[("to", "b-2".into()), ("in", "a-1".into())]);
        let other = found("sim_group", "b-2", &[("to", "b-1".into())]);
        let machine = found("sim_machine", "c-1", &[("group", "b-2".into())]);
        let state = rebuilt(vec![network, one, other, machine]);
        let order = deletions(&state);
        let at = |id: &str| order.iter().position(|it| it == id).expect("it goes");
        assert!(at("c-1") < at("b-2") && at("b-1") < at("a-1"), "{order:?}");
        let plan = plan_destroy(&state, None).expect("a plan");
        assert_eq!(plan.operations().map(|it| it.needs.len()).sum::<usize>(), 2);
    }

    #[test]
    fn other_settings_of_the_same_name_are_another_configuration() {
        let west = Object::from([("region".into(), Value::from("west"))]);
        let there = Found { settings: west.clone(), ..found("sim_group", "b-1", &[]) };
        let state = rebuilt(vec![found("sim_network", "a-1", &[]), there.clone(), there]);
        let providers = &state.scopes.values().next().expect("one").inputs.providers;
        let expected = [("sim".into(), Object::new()), ("sim.lost1".into(), west)];
        assert_eq!(*providers, BTreeMap::from(expected));
    }

    #[test]
    fn it_is_written_and_read_as_any_state_and_keeps_secrets() {
        let state = rebuilt(vec![found("sim_machine", "c-1", &[("secret", "s3cret".into())])]);
        let (_, instance) = state.instances().next().expect("one");
        let remote = instance.current.as_ref().expect("it exists");
        assert!(remote.attributes.get("secret").is_some_and(Value::has_sensitive));
        assert_eq!(snapshot::decode(&snapshot::encode(&state)).expect("it is sound"), state);
    }
}
