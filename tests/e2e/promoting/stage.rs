//! A stage that promotes, small enough for tests.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::World;

/// One environment: an instance behind a target group, and a gate that a file turns.
const ENVIRONMENT: &str = r#"
[resource.local_instance.web]
image       = "${image.web.id}"
command     = ["./shop-server"]
environment = { SHOP_ENVIRONMENT = "${environment.name}" }
readiness   = { type = "http", path = "/health" }

[resource.local_target_group.web]
targets      = "${[{ address = local_instance.web.private_ip, port = local_instance.web.port }]}"
health_check = { path = "/health", interval = 0.2, unhealthy_threshold = 10 }

[output.target_group]
value = "${local_target_group.web.id}"

[gate.sound]
command       = ["sh", "-c", "! test -e DIR/${environment.name}.bad"]
interval      = "100ms"
failure_limit = 0
"#;

const FRONT: &str = r#"
[resource.local_load_balancer.front]

[resource.local_listener.http]
load_balancer = "${local_load_balancer.front.id}"

[resource.local_listener.http.default_action]
type    = "forward"
forward = { target_group = "${[for e in environments : { id = e.outputs.target_group, weight = e.weight, mirror = e.mirror }]}" }

[output.url]
value = "${local_listener.http.url}"
"#;

const PROJECT: &str = r#"
[project]
name = "e2e"

[state]
url = "state"

[image.web]
id = "image"
"#;

const PROMOTING: &str = r#"
[stage.STAGE]
template = "environment.toml"
front    = "front.toml"

[stage.STAGE.promotion]
gates   = ["sound"]
require = []
"#;

/// How the old side is drained, where the terms do not say it.
const DRAIN: &str = "drain = { quiet = \"100ms\", limit = \"30s\" }\n";

/// The stage of most tests.
pub(super) const STAGE: &str = "production";

/// A world with a stage `production` that promotes on these terms.
pub(super) fn world(terms: &str) -> World {
    project(terms, &[STAGE])
}

/// A world with stages that promote on these terms.
pub(super) fn project(terms: &str, names: &[&str]) -> World {
    let world = World::new(&[("front.toml", FRONT)]);
    let folder = world.path().display().to_string();
    world.write("environment.toml", &ENVIRONMENT.replace("DIR", &folder));
    stages(&world, terms, names);
    world
}

/// Lets the project have these stages, which promote on these terms, from now on.
pub(super) fn stages(world: &World, terms: &str, names: &[&str]) {
    let drain = if terms.contains("drain") { "" } else { DRAIN };
    let stage = |name: &&str| format!("{}{terms}\n{drain}", PROMOTING.replace("STAGE", name));
    let stages = names.iter().map(stage);
    world.write("greenroom.toml", &format!("{PROJECT}{}", stages.collect::<String>()));
}

/// Lets the stage promote on other terms from now on.
pub(super) fn set_terms(world: &World, terms: &str) {
    stages(world, terms, &[STAGE]);
}

/// Waits until the promotion that is open is in a phase.
pub(super) fn await_phase(world: &World, wanted: &str) {
    let limit = Instant::now() + Duration::from_secs(30);
    while phase(world).as_deref() != Some(wanted) {
        assert!(Instant::now() < limit, "it is in {:?}", phase(world));
    }
}

/// Makes the gate of an environment say no from now on.
pub(super) fn spoil(world: &World, environment: &str) {
    world.write(&format!("{environment}.bad"), "");
}

/// Makes it say yes again.
pub(super) fn mend(world: &World, environment: &str) {
    std::fs::remove_file(world.path().join(format!("{environment}.bad"))).expect("it was spoilt");
}

/// What the roster says, by environment: role and verified weight.
pub(super) fn roster(world: &World) -> Vec<(String, String, u64)> {
    let status = status(world);
    let environments = status["environments"].as_array().expect("a list").iter();
    let entry = |it: &Value| {
        let text = |key: &str| it[key].as_str().expect("a text").to_owned();
        assert_eq!(it["weight"], it["verified"], "the front has what is meant");
        (text("name"), text("role"), it["verified"].as_u64().expect("a weight"))
    };
    environments.map(entry).collect()
}

/// What `status` says.
pub(super) fn status(world: &World) -> Value {
    let ran = world.expect(0, &["status", "production", "--json"]);
    last_line(&ran.stdout)
}

/// The phase of the promotion that is open.
pub(super) fn phase(world: &World) -> Option<String> {
    Some(status(world)["promotion"]["phase"].as_str()?.to_owned())
}

/// What the listener gives each environment, in the order of their names.
pub(super) fn weights(world: &World) -> Vec<u64> {
    front_weights(world, STAGE)
}

/// What the listener of a stage gives each environment, in the order of their names.
pub(super) fn front_weights(world: &World, stage: &str) -> Vec<u64> {
    let object = object(world, stage, "front/local_listener.http");
    let action = &object["current"]["attributes"]["default_action"];
    let groups = action["forward"]["target_group"].as_array();
    let groups = groups.unwrap_or_else(|| panic!("{object}")).iter();
    groups.map(|it| it["weight"].as_u64().expect("a weight")).collect()
}

/// An object as the state of a stage has it.
pub(super) fn object(world: &World, stage: &str, address: &str) -> Value {
    last_line(&world.expect(0, &["state", "show", stage, address, "--json"]).stdout)
}

/// What was said last: while a command runs, it is said first that it does.
fn last_line(text: &str) -> Value {
    let last = text.lines().next_back().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The expected roster, written shortly.
pub(super) fn entries(expected: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    expected
        .iter()
        .map(|(name, role, weight)| ((*name).to_owned(), (*role).to_owned(), *weight))
        .collect()
}
