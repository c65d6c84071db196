//! Environments whose time is over, with their state and without it.

#[cfg(feature = "fail-points")]
mod killed;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::shop::{ENVIRONMENT, FRONT, PROJECT};
use crate::world::World;

/// How long an environment may take to be over that lives for a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// The stage `test`, whose environments live for a second, and the stage `kept`.
fn world() -> World {
    let kept = "[stage.kept]\ntemplate = \"environment.toml\"\nfront    = \"front.toml\"\n";
    let project = format!("{PROJECT}ttl = \"1s\"\n{kept}");
    let files =
        [("greenroom.toml", &*project), ("environment.toml", ENVIRONMENT), ("front.toml", FRONT)];
    World::new(&files)
}

/// Makes an environment of the stage `test` and waits until its time is over.
fn expired(world: &World, environment: &str) {
    world.expect(0, &["apply", "test", "--env", environment, "--yes"]);
    let until = Instant::now() + PATIENCE;
    while world.greenroom(&["reap", "test"]).code != Some(2) {
        assert!(Instant::now() < until, "it does not expire");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Takes the states of a stage away, as somebody does who deletes a folder.
fn lose_states(world: &World, stage: &str) {
    fs::remove_dir_all(world.path().join("state/e2e").join(stage)).expect("there are states");
}

#[test]
fn an_environment_goes_when_its_time_is_over_and_no_other_does() {
    let world = world();
    world.expect(0, &["apply", "kept", "--env", "stays", "--yes"]);
    let before = (world.processes(), world.objects());
    world.expect(0, &["reap", "--yes"]);
    expired(&world, "goes");
    let listed = world.expect(2, &["reap"]);
    assert!(listed.stdout.contains("e2e/test/goes: "), "{}", listed.stdout);
    assert!(listed.stdout.contains("1 environment to reap."), "{}", listed.stdout);
    assert!(!listed.stdout.contains("e2e/kept/stays"), "{}", listed.stdout);
    let reaped = world.expect(0, &["reap", "--yes"]);
    assert!(reaped.stderr.contains("e2e/test/goes: gone"), "{}", reaped.stderr);
    assert_eq!((world.processes(), world.objects()), before);
    world.expect(0, &["reap"]);
    world.expect(0, &["state", "verify"]);
    world.expect(0, &["destroy", "kept", "--env", "stays", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn an_environment_whose_state_is_lost_goes_when_its_time_is_over() {
    let world = world();
    world.expect(0, &["apply", "kept", "--env", "stays", "--yes"]);
    let before = (world.processes(), world.objects());
    expired(&world, "goes");
    lose_states(&world, "test");
    let listed = world.expect(2, &["reap", "test", "--json"]);
    let event = listed.stdout.lines().find(|it| it.contains("\"type\":\"reapable\""));
    let listed: serde_json::Value =
        serde_json::from_str(event.expect("the event")).expect("a JSON line");
    assert_eq!(listed["lost"].as_array().expect("a list").len(), 1, "{listed}");
    world.expect(0, &["reap", "--yes"]);
    assert_eq!((world.processes(), world.objects()), before);
    world.expect(0, &["state", "verify"]);
    world.expect(0, &["destroy", "kept", "--env", "stays", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn what_is_lost_stays_until_its_time_is_over() {
    let world = world();
    world.expect(0, &["apply", "kept", "--env", "stays", "--yes"]);
    let before = (world.processes(), world.objects());
    lose_states(&world, "kept");
    let listed = world.expect(0, &["reap"]);
    assert!(listed.stdout.contains("Lost, and not to be reaped yet:"), "{}", listed.stdout);
    world.expect(0, &["reap", "--yes"]);
    assert_eq!((world.processes(), world.objects()), before);
}

#[test]
fn a_service_reaps_until_it_is_told_to_end() {
    let world = world();
    let mut service = world.command(&["reap", "--yes", "--watch", "--every", "50ms"]);
    let mut service =
        service.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("greenroom starts");
    world.expect(0, &["apply", "test", "--env", "goes", "--yes"]);
    let until = Instant::now() + PATIENCE;
    while !world.processes().is_empty() || !world.objects().is_empty() {
        assert!(Instant::now() < until, "it is not reaped");
        std::thread::sleep(Duration::from_millis(50));
    }
    let pid = rustix::process::Pid::from_child(&service);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let ended = service.wait().expect("it ends");
    assert_eq!(ended.code(), Some(0), "{ended}");
    world.assert_nothing_left();
}

#[test]
fn a_stage_that_nobody_knows_is_a_mistake() {
    let ran = world().expect(1, &["reap", "tset"]);
    assert!(ran.stderr.contains("did you mean `test`?"), "{}", ran.stderr);
}
