//! SIGKILL of the binary, at every numbered point and at random times.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::http::get;
use crate::shop::files;
use crate::world::World;

/// A command, with the flags that it and the commands around it share.
struct Scenario {
    /// What brings the world into the state before.
    before: &'static [&'static [&'static str]],
    /// What is killed, and then run again.
    killed: &'static [&'static str],
    /// How many servers run when it is done.
    servers: usize,
}

const CREATE: Scenario = Scenario { before: &[], killed: &["apply", "test", "--yes"], servers: 1 };
const CHANGE: Scenario = Scenario {
    before: &[&["apply", "test", "--yes", "--var", "count=2"]],
    killed: &["apply", "test", "--yes", "--var", "greeting=changed"],
    servers: 1,
};
const DESTROY: Scenario = Scenario {
    before: &[&["apply", "test", "--yes"]],
    killed: &["destroy", "test", "--yes"],
    servers: 0,
};

impl Scenario {
    fn world(&self) -> World {
        let world = World::new(&files());
        for command in self.before {
            world.expect(0, command);
        }
        world
    }

    /// How many points an undisturbed run passes.
    fn points(&self) -> usize {
        let world = self.world();
        let log = world.path().join("points");
        let run = world.command(self.killed).env("GREENROOM_FAIL_LOG", &log).output();
        assert!(run.expect("greenroom starts").status.success());
        fs::read_to_string(log).expect("points were passed").lines().count()
    }

    /// Kills the run at one point, then does what its user would: run it again. Returns whether
    /// it came to that point: how appends share a write differs from run to run.
    fn kill_at(&self, point: usize) -> bool {
        let world = self.world();
        let status = world
            .command(self.killed)
            .env("GREENROOM_FAIL_AT", point.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("greenroom starts");
        assert!(matches!(status.code(), None | Some(0)), "point {point}: {status}");
        self.recover(&world, &format!("point {point}"));
        status.code().is_none()
    }

    /// Runs the command again; then nothing exists twice, nothing is left over, and a plan is empty.
    fn recover(&self, world: &World, context: &str) {
        let again = world.greenroom(self.killed);
        assert_eq!(again.code, Some(0), "{context}: {}", again.said());
        assert_eq!(world.servers().len(), self.servers, "{context}: {:?}", world.processes());
        if self.servers == 0 {
            return world.assert_nothing_left();
        }
        let objects: usize =
            world.objects().iter().filter(|(kind, _)| *kind != "ports").map(|(_, n)| n).sum();
        assert_eq!(objects, self.servers + 3, "{context}: {:?}", world.objects());
        let url = world.output("test", "front.url");
        assert_eq!(get(&url, "/health").expect("it answers").status, 200, "{context}");
        let mut plan = vec!["plan", "test", "--detailed-exitcode"];
        plan.extend(self.killed.iter().skip(3));
        world.expect(0, &plan);
        world.expect(0, &["destroy", "test", "--yes"]);
        world.assert_nothing_left();
    }

    fn kill_at_every_point(&self) {
        let points = self.points();
        println!("{points} points");
        assert!(points > 20, "only {points} points: are fail points compiled in?");
        let killed = (1..=points).filter(|point| self.kill_at(*point)).count();
        assert!(killed * 10 >= points * 8, "only {killed} of {points} points were reached");
    }
}

#[test]
fn an_apply_killed_at_every_point_converges() {
    CREATE.kill_at_every_point();
}

#[test]
fn a_change_killed_at_every_point_converges() {
    CHANGE.kill_at_every_point();
}

#[test]
fn a_destroy_killed_at_every_point_leaves_nothing() {
    DESTROY.kill_at_every_point();
}

/// Random numbers by seed: SplitMix64.
fn random(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
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
    let world = CREATE.world();
    let started = Instant::now();
    world.expect(0, CREATE.killed);
    let whole = started.elapsed();
    drop(world);
    for seed in 0..200 {
        let world = CREATE.world();
        let share = random(seed) % 1_000;
        let child = world
            .command(CREATE.killed)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("greenroom starts");
        kill_after(child, whole * u32::try_from(share).unwrap_or(0) / 1_000);
        CREATE.recover(&world, &format!("seed {seed}"));
    }
}
