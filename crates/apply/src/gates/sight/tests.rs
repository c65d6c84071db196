//! What a gate sees of a state with several environments.

use async_trait::async_trait;
use greenroom_model::address::InstanceKey;
use greenroom_model::identity::{EnvironmentKind, Lineage, Sequence, Uid};
use greenroom_model::metric::AlarmState;
use greenroom_model::roster::{Entry, Roster, Weight};
use greenroom_model::schema::{Attribute, ProviderSchema, TypeSchema};
use greenroom_model::state::{Instance, Remote, Status};
use greenroom_model::value::Value;
use greenroom_provider::{
    CreateRequest, Created, DataRequest, DeleteRequest, Deleted, FindRequest, Found, ReadAnswer,
    ReadRequest, UpdateRequest,
};

use super::*;
use crate::providers::ProviderFactory;

/// Every object has had as many requests as the number that its id is; half as many targets of it
/// are healthy.
struct Numbers(ProviderSchema);

fn schema() -> ProviderSchema {
    let none: [(&str, Attribute); 0] = [];
    let group = TypeSchema::new("num_group", "Targets.", none.clone());
    let group = group.measures_traffic().reports_health();
    let plain = TypeSchema::new("num_plain", "Nothing to say.", none);
    ProviderSchema {
        name: "num".into(),
        doc: String::new(),
        settings: BTreeMap::new(),
        resources: [group, plain].map(|it| (it.name.clone(), it)).into(),
        data: BTreeMap::new(),
    }
}

fn number(object: &Object) -> u32 {
    object.id.parse().expect("the test gave it a number")
}

const ONLY_LOOKS: &str = "a gate looks at traffic, health and metrics alone";

#[async_trait]
impl Provider for Numbers {
    fn schema(&self) -> &ProviderSchema {
        &self.0
    }

    async fn traffic(&self, objects: Vec<Object>) -> Vec<Result<Traffic, Failure>> {
        let requests = objects.iter().map(|it| Some(u64::from(number(it))));
        requests.map(|requests| Ok(Traffic { requests, ..Traffic::default() })).collect()
    }

    async fn health(&self, objects: Vec<Object>) -> Vec<Result<Health, Failure>> {
        let healthy = objects.iter().map(|it| number(it) / 2);
        healthy.map(|healthy| Ok(Health { healthy, ..Health::default() })).collect()
    }

    async fn metric(&self, query: MetricQuery<String>) -> Result<MetricAnswer, Failure> {
        let MetricQuery::Alarm { name: reason } = query else { panic!("an alarm is asked for") };
        Ok(MetricAnswer::Alarm { state: AlarmState::Quiet, reason })
    }

    async fn read(&self, _: Vec<ReadRequest>) -> Vec<Result<ReadAnswer, Failure>> {
        unreachable!("{ONLY_LOOKS}")
    }

    async fn read_data(&self, _: Vec<DataRequest>) -> Vec<Result<Value, Failure>> {
        unreachable!("{ONLY_LOOKS}")
    }

    async fn find(&self, _: Vec<FindRequest>) -> Vec<Result<Option<Found>, Failure>> {
        unreachable!("{ONLY_LOOKS}")
    }

    async fn create(&self, _: CreateRequest) -> Result<Created, Failure> {
        unreachable!("{ONLY_LOOKS}")
    }

    async fn ready(&self, _: Object) -> Result<Value, Failure> {
        unreachable!("{ONLY_LOOKS}")
    }

    async fn update(&self, _: UpdateRequest) -> Result<Value, Failure> {
        unreachable!("{ONLY_LOOKS}")
    }

    async fn delete(&self, _: DeleteRequest) -> Result<Deleted, Failure> {
        unreachable!("{ONLY_LOOKS}")
    }

    async fn gone(&self, _: Object) -> Result<(), Failure> {
        unreachable!("{ONLY_LOOKS}")
    }
}

struct Factory;

#[async_trait]
impl ProviderFactory for Factory {
    fn schema(&self) -> Arc<ProviderSchema> {
        Arc::new(schema())
    }

    async fn configure(&self, _: &Settings) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::new(Numbers(schema())))
    }
}

fn scope(name: &str) -> Scope {
    name.parse().expect("a scope")
}

fn block(name: &str) -> BlockName {
    name.parse().expect("a block's name")
}

/// A state with these objects: scope, block, configuration and id.
fn state(objects: &[(&str, &str, &str, &str)], live: Option<&str>) -> State {
    let entry = Entry {
        role: Role::Live,
        weight: Weight::FULL,
        verified: Weight::FULL,
        admitted: true,
        retained_until: None,
    };
    let roster =
        live.map(|live| Roster { entries: [(scope(live), entry)].into(), ..Roster::default() });
    let lineage = Lineage("00".into());
    let mut state =
        State { roster, ..State::new("shop", "production", EnvironmentKind::Promoted, lineage) };
    for (number, (of, named, provider, id)) in (0..).zip(objects) {
        let instances = state.scopes.entry(scope(of)).or_default();
        let instances = instances.resources.entry(block(named)).or_default();
        let remote = Remote {
            uid: Uid(format!("u{number}").into()),
            id: (*id).into(),
            provider: (*provider).into(),
            status: Status::Ready,
            attributes: Value::Null,
            reads: Arc::default(),
            version: Sequence(1),
            create_before_destroy: false,
            prevent_destroy: false,
        };
        let instance = Instance { current: Some(remote), ..Instance::default() };
        instances.insert(InstanceKey::Index(number), instance);
    }
    state
}

fn sight(state: &State, of: &str) -> WorldSight {
    let providers = Providers::new([Arc::new(Factory) as Arc<dyn ProviderFactory>]);
    WorldSight::through(&providers, &providers.schemas(), state, &scope(of))
}

const OBJECTS: [(&str, &str, &str, &str); 6] = [
    ("front", "num_group.all", "num", "1000"),
    ("r17", "num_group.web", "num", "100"),
    ("r18", "num_group.web", "num", "10"),
    ("r18", "num_group.web", "num.west", "20"),
    ("r18", "num_group.api", "num", "4"),
    ("r18", "num_plain.web", "num", "none"),
];

#[tokio::test]
async fn each_side_is_the_sum_of_what_counts_in_its_environment() {
    let sight = sight(&state(&OBJECTS, Some("r17")), "r18");
    let requests = async |side| sight.traffic(side).await.expect("it is counted").requests;
    assert_eq!(requests(Side::Own).await, Some(34));
    assert_eq!(requests(Side::Live).await, Some(100));
}

#[tokio::test]
async fn there_is_nothing_to_compare_with_where_no_other_environment_is_live() {
    for live in [None, Some("r18")] {
        let sight = sight(&state(&OBJECTS, live), "r18");
        let failure = sight.traffic(Side::Live).await.expect_err("nothing is live");
        assert_eq!(failure.kind, FailureKind::NotFound);
        assert_eq!(
            failure.to_string(),
            "no other environment is live: there is nothing to compare with"
        );
    }
}

#[tokio::test]
async fn an_environment_in_which_nothing_counts_says_so() {
    let plain = [("r18", "num_plain.web", "num", "none")];
    let failure = sight(&state(&plain, None), "r18").traffic(Side::Own).await.expect_err("none");
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.to_string(), "nothing of `r18` counts what goes through it");
}

#[tokio::test]
async fn health_is_that_of_all_objects_of_the_block() {
    let sight = sight(&state(&OBJECTS, Some("r17")), "r18");
    let healthy = async |name| sight.health(&block(name)).await.expect("it is told").healthy;
    assert_eq!(healthy("num_group.web").await, 15);
    assert_eq!(healthy("num_group.api").await, 2);
    assert_eq!(healthy("num_group.all").await, 0, "it is another scope's");
}

#[tokio::test]
async fn metrics_are_asked_of_the_configuration() {
    let sight = sight(&state(&OBJECTS, None), "r18");
    let alarm = || MetricQuery::Alarm { name: "errors".to_owned() };
    let answer = sight.metric("num.west", alarm()).await.expect("it keeps metrics");
    let reason = "errors".to_owned();
    assert_eq!(answer, MetricAnswer::Alarm { state: AlarmState::Quiet, reason });
    let failure = sight.metric("aws", alarm()).await.expect_err("no such provider");
    assert_eq!(failure.to_string(), "this build has no provider `aws`");
}
