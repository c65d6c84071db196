//! SIGKILL of the binary, at every fail point and at random times.
//!
//! Each point has an environment of its own in a world that all points of a scenario share, beside
//! a neighbour that nobody may touch.

use std::fs;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::chance::random;
use crate::points::{
    About, DECISIONS, EFFECTS, LEASE, PROBE, Point, READY, REMOVAL, SNAPSHOT, passed, together,
};
use crate::shop::PROJECT;
use crate::world::World;

/// All types of the local provider, replaced either way.
const ENVIRONMENT: &str = r#"
[variable.count]
type    = "number"
default = 2

[variable.greeting]
type    = "string"
default = "hello"

[resource.local_instance.web]
count       = "${var.count}"
image       = "${image.web.id}"
command     = ["./shop-server"]
environment = { SHOP_GREETING = "${var.greeting}" }
readiness   = { type = "http", path = "/health" }

[resource.local_instance.spare]
image     = "${image.web.id}"
command   = ["./shop-server"]
readiness = { type = "http", path = "/health" }
lifecycle = { create_before_destroy = true }

[resource.local_target_group.web]
targets      = "${[for i in concat(local_instance.web, [local_instance.spare]) : { address = i.private_ip, port = i.port }]}"
health_check = { path = "/health" }

[resource.local_load_balancer.web]

[resource.local_listener.http]
load_balancer  = "${local_load_balancer.web.id}"
default_action = { type = "forward", forward = { target_group = [{ id = "${local_target_group.web.id}", weight = 100 }] } }
"#;

/// How many environments are at work at a time: their commands mostly wait.
const AT_A_TIME: usize = 6;

const APPLY: &[&str] = &["apply", "test", "--yes"];
const DESTROY: &[&str] = &["destroy", "test", "--yes"];

/// A command that is killed, where, and around what.
struct Scenario {
    name: &'static str,
    /// What brings an environment into the state before.
    before: &'static [&'static [&'static str]],
    /// What is killed, and then run again.
    killed: &'static [&'static str],
    /// The points that it must come by.
    comes_by: &'static [&'static [&'static str]],
    /// How many instances there are when it is done.
    instances: usize,
}

const CREATE: Scenario = Scenario {
    name: "apply of a new environment",
    before: &[],
    killed: APPLY,
    comes_by: &[LEASE, EFFECTS, READY, SNAPSHOT],
    instances: 3,
};
const UPDATE: Scenario = Scenario {
    name: "update and removal",
    before: &[APPLY],
    killed: &["apply", "test", "--yes", "--var", "greeting=changed", "--var", "count=1"],
    comes_by: &[LEASE, EFFECTS, SNAPSHOT],
    instances: 2,
};
const REPLACE: Scenario = Scenario {
    name: "replacement, destroyed or created first",
    before: &[APPLY],
    killed: &["apply", "test", "--yes", "--image", "web=next"],
    comes_by: &[LEASE, EFFECTS, READY, SNAPSHOT],
    instances: 3,
};
const REMOVE: Scenario = Scenario {
    name: "destroy",
    before: &[APPLY],
    killed: DESTROY,
    comes_by: &[LEASE, EFFECTS, REMOVAL],
    instances: 0,
};

/// A project with the template above and a second image.
fn world() -> World {
    let without_front = PROJECT.replace("front    = \"front.toml\"\n", "");
    let world =
        World::new(&[("greenroom.toml", &without_front), ("environment.toml", ENVIRONMENT)]);
    let next = world.path().join("next");
    fs::create_dir(&next).expect("a second image");
    let server = world.path().join("image/shop-server");
    fs::hard_link(server, next.join("shop-server")).expect("with the same server");
    world
}

/// The command with the environment that it is about.
fn of<'a>(command: &[&'a str], environment: &'a str) -> Vec<&'a str> {
    [command, &["--env", environment]].concat()
}

impl Scenario {
    /// Kills the command at every point, each time in another environment.
    fn kill_at_every_point(&self) {
        let world = world();
        world.expect(0, &of(APPLY, "neighbour"));
        let neighbour = world.objects_of("neighbour");
        self.prepare(&world, PROBE);
        let probe = world.command(&of(self.killed, PROBE));
        let points = passed(probe, &world.path().join("points"), self.comes_by);
        self.finish(&world, PROBE);
        let killed = AtomicUsize::new(0);
        together(&points, AT_A_TIME, |number, point| {
            let environment = format!("p{number}");
            let _about = About((&environment, point));
            self.prepare(&world, &environment);
            if point.kill(world.command(&of(self.killed, &environment)), &environment) {
                killed.fetch_add(1, Ordering::Relaxed);
            }
            self.recover(&world, &environment);
        });
        assert_eq!(world.objects_of("neighbour"), neighbour);
        world.expect(0, &of(DESTROY, "neighbour"));
        world.assert_nothing_left();
        println!("killed at {} fail points, local, {}", killed.into_inner(), self.name);
    }

    fn prepare(&self, world: &World, environment: &str) {
        for command in self.before {
            world.expect(0, &of(command, environment));
        }
    }

    /// Does what its user would: run it again.
    fn recover(&self, world: &World, environment: &str) {
        world.expect(0, &of(self.killed, environment));
        self.finish(world, environment);
    }

    /// Nothing exists twice, nothing is left over, another apply does nothing, and a destroy leaves
    /// nothing.
    fn finish(&self, world: &World, environment: &str) {
        let objects = world.objects_of(environment);
        if self.instances > 0 {
            let again = world.expect(0, &of(self.killed, environment));
            assert!(again.said().contains("No changes."), "{environment}: {}", again.said());
            assert_eq!(world.objects_of(environment), objects, "{environment}");
            let others = ["balancers", "listeners", "target-groups"];
            let kinds = others.into_iter().chain(vec!["instances"; self.instances]);
            let mut kinds: Vec<&str> = kinds.collect();
            kinds.sort_unstable();
            let found: Vec<&str> = objects.iter().map(|it| &*it.kind).collect();
            assert_eq!(found, kinds, "{environment}: {objects:?}");
            let alive = objects.iter().filter(|it| it.servers.len() == 1).count();
            assert_eq!(alive, self.instances, "{environment}: {objects:?}");
            world.expect(0, &of(DESTROY, environment));
        }
        assert_eq!(world.objects_of(environment), [], "{environment}");
    }
}

#[test]
fn an_apply_killed_at_every_point_converges() {
    CREATE.kill_at_every_point();
}

#[test]
fn an_update_killed_at_every_point_converges() {
    UPDATE.kill_at_every_point();
}

#[test]
fn a_replacement_killed_at_every_point_converges() {
    REPLACE.kill_at_every_point();
}

#[test]
fn a_destroy_killed_at_every_point_leaves_nothing() {
    REMOVE.kill_at_every_point();
}

#[test]
fn a_recovery_killed_while_it_settles_converges() {
    let world = world();
    let points = passed(world.command(&of(APPLY, PROBE)), &world.path().join("points"), &[EFFECTS]);
    CREATE.finish(&world, PROBE);
    let open = ["apply: intent durable", "apply: effect done"];
    let opens = points.into_iter().filter(|point| open.contains(&point.name()));
    let twice: Vec<(Point, Point)> = opens
        .flat_map(|first| DECISIONS.iter().map(move |name| (first.clone(), Point::first(name))))
        .collect();
    together(&twice, AT_A_TIME, |number, (first, second)| {
        let environment = format!("p{number}");
        let _about = About((&environment, first, second));
        first.kill(world.command(&of(APPLY, &environment)), &environment);
        second.kill(world.command(&of(APPLY, &environment)), &environment);
        CREATE.recover(&world, &environment);
    });
    world.assert_nothing_left();
    println!("killed twice at {} pairs of fail points, local, settling", twice.len());
}

/// Kills a child when it has run for a while, unless it has ended by then.
fn kill_after(mut child: Child, time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until && child.try_wait().expect("a child").is_none() {
        std::thread::sleep(Duration::from_micros(200));
    }
    let _ = child.kill();
    child.wait().expect("a child");
}

#[test]
fn an_apply_killed_at_200_random_times_converges() {
    let world = world();
    let started = Instant::now();
    world.expect(0, &of(APPLY, PROBE));
    let whole = started.elapsed();
    CREATE.finish(&world, PROBE);
    let seeds: Vec<u64> = (0..200).collect();
    together(&seeds, AT_A_TIME, |_, seed| {
        let environment = format!("seed-{seed}");
        let share = u32::try_from(random(*seed) % 1_000).expect("below 1,000");
        let mut command = world.command(&of(APPLY, &environment));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        // Beside others a run takes longer than the one alone that was measured.
        let longest = whole * 2;
        kill_after(child.expect("greenroom starts"), longest * share / 1_000);
        CREATE.recover(&world, &environment);
    });
    world.assert_nothing_left();
}
