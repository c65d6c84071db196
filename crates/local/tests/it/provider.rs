//! The provider through its trait, as the driver calls it.

use std::sync::Arc;

use greenroom_local::runtime::ObjectType;
use greenroom_local::{LocalOptions, LocalProvider};
use greenroom_model::expr::Expr;
use greenroom_model::identity::{EnvironmentKind, Lineage, Owner, Uid};
use greenroom_model::journal::Handle;
use greenroom_model::schema::{Presence, TypeSchema};
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{
    CheckRequest, CreateRequest, DeleteRequest, Deleted, Failure, FailureKind, FindRequest, Object,
    Proposal, ProposeRequest, Provider, ReadAnswer, ReadDepth, ReadRequest, UpdateRequest,
    WorldEffect, WrongArgument,
};

use crate::site::{Site, eventually, kill};
use crate::traffic::{client, get};

pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) provider: LocalProvider,
}

impl World {
    pub(crate) fn new() -> World {
        let site = Site::new();
        let provider = LocalProvider::new(LocalOptions {
            root: site.root.clone(),
            launcher: site.launcher.clone(),
            base: site.temp().to_owned(),
        });
        World { site, provider }
    }

    pub(crate) fn propose(
        &self,
        kind: &str,
        uid: &str,
        prior: Option<&Value>,
        config: &Value,
    ) -> Proposal {
        let schema = &self.provider.schema().resources[kind];
        let request = ProposeRequest {
            kind: kind.into(),
            address: address(kind, uid),
            uid: Uid(uid.into()),
            prior: prior.cloned(),
            config: config.clone(),
            planned: planned(schema, prior, config),
        };
        self.provider.propose(vec![request]).remove(0)
    }

    /// What is wrong with objects beside each other, which have the names `o0`, `o1` and so on.
    pub(crate) fn check(&self, planned: &[(&str, Value)]) -> Vec<Vec<String>> {
        let request = |(index, (kind, planned)): (usize, &(&str, Value))| CheckRequest {
            kind: (*kind).into(),
            address: address(kind, &format!("o{index}")),
            planned: planned.clone(),
        };
        let requests: Vec<CheckRequest> = planned.iter().enumerate().map(request).collect();
        let told = |it: &WrongArgument| format!("{}: {}", it.path, it.message);
        let wrong = self.provider.check(&requests);
        wrong.iter().map(|wrong| wrong.iter().map(told).collect()).collect()
    }

    pub(crate) async fn create(
        &self,
        kind: &str,
        uid: &str,
        config: &Value,
    ) -> Result<Object, Failure> {
        let proposal = self.propose(kind, uid, None, config);
        assert_eq!(proposal.wrong, vec![]);
        let request = CreateRequest {
            kind: kind.into(),
            address: address(kind, uid),
            uid: Uid(uid.into()),
            owner: owner("lineage"),
            handle: handle(uid),
            planned: proposal.planned.clone(),
            timeout: None,
            company: None,
        };
        let created = self.provider.create(request).await?;
        let mut object = object(kind, uid, created.attributes);
        if !created.ready {
            object.attributes = self.provider.ready(object.clone()).await?;
        }
        // What was known at plan came true.
        for (name, value) in proposal.planned.as_object().unwrap() {
            if !value.has_pending() {
                assert_eq!(object.attributes.get(name), Some(value), "{kind}.{name}");
            }
        }
        Ok(object)
    }

    pub(crate) async fn read(&self, object: &Object) -> ReadAnswer {
        let request = ReadRequest { object: object.clone(), depth: ReadDepth::Full };
        self.provider.read(vec![request]).await.remove(0).unwrap()
    }

    pub(crate) async fn attributes(&self, object: &Object) -> Value {
        match self.read(object).await {
            ReadAnswer::Present(attributes) => attributes,
            other => panic!("{other:?}"),
        }
    }

    /// Makes sure that an object is as it was, and that its configuration plans no change.
    pub(crate) async fn assert_unchanged(&self, object: &Object, config: &Value) {
        let now = self.attributes(object).await;
        assert_eq!(now, object.attributes, "{}", object.kind);
        let proposal = self.propose(&object.kind, &object.uid.0, Some(&now), config);
        assert_eq!(proposal.planned, now, "{}", object.kind);
    }

    /// What is wrong with a configuration.
    pub(crate) fn wrong(&self, kind: &str, config: &Value) -> Vec<String> {
        let proposal = self.propose(kind, "x", None, config);
        proposal.wrong.iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
    }

    pub(crate) async fn update(&self, object: &Object, config: &Value) -> Result<Value, Failure> {
        let kind = &object.kind;
        let proposal = self.propose(kind, &object.uid.0, Some(&object.attributes), config);
        let request = UpdateRequest {
            object: object.clone(),
            planned: proposal.planned,
            changed: vec![],
            company: None,
        };
        self.provider.update(request).await
    }

    pub(crate) async fn delete(&self, object: &Object) -> Result<Deleted, Failure> {
        self.provider.delete(DeleteRequest { object: object.clone(), company: None }).await
    }

    pub(crate) fn server(&self) -> Value {
        Value::object([
            ("image", Value::from("image")),
            ("command", Value::list(["server", "test-server"])),
            ("environment", Value::object([("NAME", Value::from("a"))])),
            ("readiness", Value::object([("type", Value::from("http"))])),
        ])
    }
}

/// What the engine makes of a configuration from the schema alone.
fn planned(schema: &TypeSchema, prior: Option<&Value>, config: &Value) -> Value {
    let mut attributes = Attributes::new();
    for (name, attribute) in &schema.attributes {
        let configured = config.get(name).filter(|value| !value.is_null()).cloned();
        let prior = prior.and_then(|prior| prior.get(name)).cloned();
        let value = match attribute.presence {
            Presence::Required | Presence::Optional => configured.or(attribute.default.clone()),
            Presence::OptionalComputed => configured.or(prior).or_else(|| Some(pending())),
            Presence::Computed => prior.or_else(|| Some(pending())),
        };
        attributes.insert(name.clone(), value.unwrap_or_default());
    }
    Value::from(attributes)
}

fn pending() -> Value {
    Value::pending(Expr::reference::<&str>("later", []))
}

fn owner(lineage: &str) -> Arc<Owner> {
    Arc::new(Owner {
        project: "shop".into(),
        stage: "integration".into(),
        scope: "front".parse().unwrap(),
        lineage: Lineage(lineage.into()),
        kind: EnvironmentKind::Ephemeral,
        expires: Some("2030-01-01T00:00:00Z".into()),
    })
}

fn address(kind: &str, uid: &str) -> greenroom_model::address::Address {
    format!("front/{kind}.{uid}").parse().unwrap()
}

fn handle(uid: &str) -> Handle {
    Handle { token: uid.into(), natural_key: None }
}

fn object(kind: &str, uid: &str, attributes: Value) -> Object {
    Object {
        kind: kind.into(),
        address: address(kind, uid),
        uid: Uid(uid.into()),
        id: uid.into(),
        attributes,
        owner: owner("lineage"),
        timeout: None,
    }
}

pub(crate) fn number(object: &Object, name: &str) -> u16 {
    let number = object.attributes.get(name).and_then(Value::as_i64);
    u16::try_from(number.unwrap()).unwrap()
}

fn targets(instances: &[&Object]) -> Value {
    let target =
        |instance: &&Object| Value::object([("port", Value::from(number(instance, "port")))]);
    let check = Value::object([("path", Value::from("/health")), ("interval", Value::from(1))]);
    Value::object([
        ("targets", Value::list(instances.iter().map(target))),
        ("health_check", check),
        ("deregistration_delay", Value::from(2)),
    ])
}

fn forward(group: &str) -> Value {
    let action =
        Value::object([("type", Value::from("forward")), ("target_group", Value::from(group))]);
    Value::object([("load_balancer", Value::from("lb")), ("default_action", action)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_environment_comes_up_shows_no_change_and_goes_without_a_trace() {
    let world = World::new();
    let server = world.server();
    let web = world.create("local_instance", "web", &server).await.unwrap();
    let group_config = targets(&[&web]);
    let group = world.create("local_target_group", "tg", &group_config).await.unwrap();
    let lb = world.create("local_load_balancer", "lb", &Value::object::<&str>([])).await.unwrap();
    let front_config = forward("tg");
    let front = world.create("local_listener", "front", &front_config).await.unwrap();
    let port = number(&front, "port");
    eventually("it answers through the front", async || {
        get(&client(0), port, "/").await.is_ok_and(|(_, body)| body == "a")
    })
    .await;

    let nothing = Value::object::<&str>([]);
    let all = [(&web, &server), (&group, &group_config), (&lb, &nothing), (&front, &front_config)];
    for (object, config) in all {
        world.assert_unchanged(object, config).await;
    }

    let error = world.delete(&group).await.unwrap_err();
    assert_eq!((error.kind, error.effect), (FailureKind::Held, WorldEffect::None));
    for object in [&front, &group, &lb, &web, &front, &web] {
        assert_eq!(world.delete(object).await.unwrap(), Deleted::Gone);
        assert_eq!(world.read(object).await, ReadAnswer::Gone);
    }
    assert_eq!(world.site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn a_killed_program_is_drift_that_an_update_repairs_on_the_same_port() {
    let world = World::new();
    let server = world.server();
    let mut web = world.create("local_instance", "web", &server).await.unwrap();
    let healthy = web.attributes.clone();
    kill(&world.site.program("web"), "KILL");
    eventually("the read sees it", async || {
        world.attributes(&web).await.get("state") == Some(&Value::from("exited"))
    })
    .await;
    web.attributes = world.attributes(&web).await;
    let planned = world.propose("local_instance", "web", Some(&web.attributes), &server).planned;
    assert_eq!(planned, healthy);
    assert_eq!(world.update(&web, &server).await.unwrap(), healthy);
}

#[tokio::test]
async fn a_changed_file_is_drift_and_a_damaged_one_makes_the_object_broken() {
    let world = World::new();
    let config = targets(&[]);
    let group = world.create("local_target_group", "tg", &config).await.unwrap();
    let file = world.site.folder(ObjectType::TargetGroup, "tg").join("target-group.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"/health\"", "\"/other\"")).unwrap();
    let read = world.attributes(&group).await;
    assert_eq!(read.get("health_check").unwrap().get("path"), Some(&Value::from("/other")));
    std::fs::write(&file, "{").unwrap();
    let ReadAnswer::Broken { reason, .. } = world.read(&group).await else { panic!("not broken") };
    assert!(reason.starts_with(&format!("`{}` is damaged", file.display())), "{reason}");
}

#[tokio::test]
async fn a_lost_create_is_found_and_another_states_object_is_refused() {
    let world = World::new();
    let find = async |lineage: &str| {
        let request = FindRequest {
            kind: "local_instance".into(),
            address: address("local_instance", "web"),
            uid: Uid("web".into()),
            owner: owner(lineage),
            handle: handle("web"),
            arguments: Value::Null,
        };
        world.provider.find(vec![request]).await.remove(0)
    };
    assert!(find("lineage").await.unwrap().is_none());
    let mut web = world.create("local_instance", "web", &world.server()).await.unwrap();
    let found = find("lineage").await.unwrap().unwrap();
    assert_eq!((&*found.id, found.attributes), ("web", web.attributes.clone()));
    assert_eq!(find("another").await.unwrap_err().kind, FailureKind::Stranger);
    web.owner = owner("another");
    assert_eq!(world.delete(&web).await.unwrap_err().kind, FailureKind::Stranger);
    assert_eq!(world.site.processes_of("web").len(), 1);
}

#[tokio::test]
async fn a_program_that_is_missing_fails_the_create_and_one_that_exits_is_broken() {
    let world = World::new();
    let with = |command: Value| {
        let Value::Object(mut server) = world.server() else { panic!("no object") };
        Arc::make_mut(&mut server).insert("command".into(), command);
        Value::Object(server)
    };
    let missing = with(Value::list(["./missing"]));
    let failure = world.create("local_instance", "web", &missing).await.unwrap_err();
    assert_eq!((failure.kind, failure.effect), (FailureKind::Argument, WorldEffect::None));
    assert_eq!(world.site.contents(), Vec::<String>::new());

    world.site.script("fails", "echo no database\nexit 3");
    let failure =
        world.create("local_instance", "web", &with(Value::list(["fails"]))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Broken);
    assert!(failure.message.contains("exited with status 3"), "{failure}");
    assert!(failure.message.ends_with("no database"), "{failure}");
}

#[test]
fn mistakes_are_found_before_anything_is_made() {
    let world = World::new();
    let wrong = |kind: &str, config: Value| world.wrong(kind, &config);
    let instance = Value::object([
        ("image", Value::from("image")),
        ("command", Value::from(Vec::<Value>::new())),
        ("environment", Value::object([("PORT", Value::from("80"))])),
        ("port", Value::from(70_000)),
        ("readiness", Value::object([("type", Value::from("udp")), ("timeout", Value::from(0))])),
        ("stop_timeout", Value::from(-1)),
    ]);
    assert_eq!(
        wrong("local_instance", instance),
        [
            "command: the command is empty",
            "environment: `PORT` is set by Greenroom",
            "port: 70000 is no port",
            "readiness.type: `udp` is no way to be ready",
            "readiness.timeout: no program is ready within 0 seconds",
            "stop_timeout: -1 is not between 0 and 604800 seconds",
        ]
    );
    let only = |image: &str| Value::object([("image", Value::from(image))]);
    assert_eq!(
        wrong("local_instance", only("image")),
        ["command: a folder does not say what is run in it: `command` must"]
    );
    assert_eq!(
        wrong("local_instance", only("oci://host.example/web:3")),
        [
            "image: `oci://host.example/web:3` has no digest, and a tag may be another image tomorrow"
        ]
    );
    let digest = "oci://host.example/web@sha256:".to_owned() + &"0".repeat(64);
    assert_eq!(wrong("local_instance", only(&digest)), Vec::<String>::new());
    let target = |port: i64| Value::object([("port", Value::from(port))]);
    let group = Value::object([
        ("targets", Value::list([target(80), target(80)])),
        ("protocol", Value::from("https")),
        (
            "health_check",
            Value::object([("path", Value::from("x")), ("matcher", Value::from("2xx"))]),
        ),
    ]);
    assert_eq!(
        wrong("local_target_group", group),
        [
            "protocol: only `http` is spoken",
            "targets: 127.0.0.1:80 is there twice",
            "health_check.path: `x` is no path: it does not begin with `/`",
            "health_check.matcher: `2xx` is no list of statuses",
        ]
    );
    let action = |kind: &str| {
        let action = Value::object([("type", Value::from(kind))]);
        Value::object([("load_balancer", Value::from("lb")), ("default_action", action)])
    };
    assert_eq!(
        wrong("local_listener", action("redirect")),
        ["default_action.type: `redirect` is no type of action"]
    );
    assert_eq!(
        wrong("local_listener", action("forward")),
        ["default_action: it forwards to no target group"]
    );
    let group = Value::object([("id", Value::from("tg")), ("mirror", Value::from(101))]);
    let groups = Value::object([("target_group", Value::list([group]))]);
    let action = Value::object([("type", Value::from("forward")), ("forward", groups)]);
    let listener =
        Value::object([("load_balancer", Value::from("lb")), ("default_action", action)]);
    assert_eq!(
        wrong("local_listener", listener),
        ["default_action.forward.target_group[0].mirror: 101 is no percentage"]
    );
}

#[test]
fn two_objects_of_one_plan_cannot_have_the_same_port() {
    let world = World::new();
    let listener = |balancer: &str| {
        let attributes = [("load_balancer", Value::from(balancer)), ("port", Value::from(8080))];
        ("local_listener", Value::object(attributes))
    };
    let balancer = |id: &str, address: &str| {
        let attributes = [("id", Value::from(id)), ("address", Value::from(address))];
        ("local_load_balancer", Value::object(attributes))
    };
    let wrong = world.check(&[
        balancer("lb", "127.0.0.1"),
        balancer("b1", "own"),
        balancer("b2", "own"),
        listener("lb"),
        ("local_instance", Value::object([("port", Value::from(8080))])),
        listener("b1"),
        listener("b2"),
        listener("b2"),
    ]);
    let told = |other: &str| vec![format!("port: port 8080 is also that of `front/{other}`")];
    let mut expected = vec![Vec::new(); 8];
    expected[4] = told("local_listener.o3");
    expected[7] = told("local_listener.o6");
    assert_eq!(wrong, expected);
}
