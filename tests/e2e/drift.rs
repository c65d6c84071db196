//! What others do behind Greenroom's back.

use std::process::Command;

use crate::http::get;
use crate::shop::files;
use crate::world::World;

fn kill(pid: i32) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill");
    assert!(killed.success());
}

#[test]
fn a_killed_instance_shows_in_the_plan_and_is_repaired() {
    let world = World::new(&files());
    world.expect(0, &["apply", "test", "--yes"]);
    let [server] = world.servers().try_into().expect("one server");
    kill(server.pid);
    wait_until_gone(server.pid);
    let plan = world.expect(2, &["plan", "test", "--detailed-exitcode"]);
    assert!(plan.stdout.contains("local_instance.web[0]"), "{}", plan.stdout);
    world.expect(0, &["apply", "test", "--yes"]);
    assert_eq!(world.servers().len(), 1);
    let url = world.output("test", "front.url");
    assert_eq!(get(&url, "/health").expect("it answers").status, 200);
    world.expect(0, &["plan", "test", "--detailed-exitcode"]);
}

#[test]
fn killed_supervisors_and_balancers_are_repaired_and_nothing_exists_twice() {
    let world = World::new(&files());
    world.expect(0, &["apply", "test", "--yes"]);
    let around: Vec<i32> = world
        .processes()
        .into_iter()
        .filter(|it| !it.command.contains("shop-server"))
        .map(|it| it.pid)
        .collect();
    assert!(around.len() >= 2, "a supervisor and a balancer: {:?}", world.processes());
    around.iter().for_each(|pid| kill(*pid));
    around.iter().for_each(|pid| wait_until_gone(*pid));
    world.expect(2, &["plan", "test", "--detailed-exitcode"]);
    world.expect(0, &["apply", "test", "--yes"]);
    assert_eq!(world.servers().len(), 1, "{:?}", world.processes());
    let url = world.output("test", "front.url");
    assert_eq!(get(&url, "/health").expect("it answers").status, 200);
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}

/// Waits for the kernel: a killed process is gone from /proc, or a zombie.
fn wait_until_gone(pid: i32) {
    let gone = || match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Err(_) => true,
        Ok(stat) => stat.rsplit(')').next().is_some_and(|rest| rest.trim().starts_with('Z')),
    };
    while !gone() {
        std::thread::yield_now();
    }
}
