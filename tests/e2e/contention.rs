//! Two commands at once on one environment.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::shop::{PROJECT, files};
use crate::world::World;

/// An environment whose only instance is never ready before its long timeout.
const SLOW: &str = r#"
[resource.local_instance.slow]
image     = "${image.web.id}"
command   = ["/bin/sh", "-c", "sleep 600"]
readiness = { type = "tcp", timeout = 600 }
"#;

/// Starts an apply and returns when it holds the lease and has begun its first operation.
fn slow_apply(world: &World) -> Child {
    let mut child = world
        .command(&["apply", "test", "--yes", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("greenroom starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let started = lines.map_while(Result::ok).any(|line| line.contains("operation_started"));
    assert!(started, "the apply ended before it began");
    child
}

fn slow_world() -> World {
    World::new(&[
        ("greenroom.toml", &PROJECT.replace("front    = \"front.toml\"", "")),
        ("environment.toml", SLOW),
    ])
}

#[test]
fn the_second_apply_says_who_holds_the_lease_and_readers_go_on() {
    let world = slow_world();
    let mut first = slow_apply(&world);
    let second = world.expect(3, &["apply", "test", "--yes"]);
    assert!(second.stderr.contains(&first.id().to_string()), "{}", second.stderr);
    assert!(second.stderr.contains("since"), "{}", second.stderr);
    let plan = world.greenroom(&["plan", "test"]);
    assert!(plan.said().contains("in flight"), "{}", plan.said());
    let list = world.greenroom(&["state", "list", "test"]);
    assert!(list.said().contains("local_instance.slow"), "{}", list.said());
    first.kill().expect("SIGKILL");
    first.wait().expect("it ends");
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn the_first_interrupt_keeps_the_state_whole_and_says_how_to_go_on() {
    let world = slow_world();
    let first = slow_apply(&world);
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &first.id().to_string()])
        .status()
        .expect("kill");
    assert!(interrupted.success());
    let ended = first.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(130));
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn environments_of_one_stage_do_not_wait_for_each_other() {
    let world = World::new(&files());
    let names = ["pr-1", "pr-2"];
    let children: Vec<Child> = names
        .iter()
        .map(|name| {
            let mut command = world.command(&["apply", "test", "--yes", "--env", name]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("greenroom starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    assert_eq!(world.servers().len(), 2);
    for name in names {
        world.expect(0, &["destroy", "test", "--yes", "--env", name]);
    }
    world.assert_nothing_left();
}
