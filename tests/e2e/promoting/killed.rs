//! SIGKILL at every fail point of a promotion and of a rollback, under traffic.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::load::Load;
use super::stage::{STAGE, front_weights, project, stages};
use crate::points::{About, EFFECTS, LEASE, Point, SHIFTS, SNAPSHOT, passed, together};
use crate::world::World;

/// How many stages are at work at a time.
const AT_A_TIME: usize = 4;
const CLIENTS: usize = 2;
const TERMS: &str = "steps = [50, 100]\n";

/// What brings a stage into the state before, what is killed, and what helps afterwards.
struct Scenario {
    name: &'static str,
    before: usize,
    killed: &'static str,
}

const PROMOTION: Scenario = Scenario { name: "promotion", before: 1, killed: "promote" };
const ROLLBACK: Scenario = Scenario { name: "rollback", before: 2, killed: "rollback" };

impl Scenario {
    fn kill_at_every_point(&self, recover: &'static str) {
        let world = project(TERMS, &[STAGE]);
        self.prepare(&world, STAGE);
        let probe = world.command(&[self.killed, STAGE, "--yes"]);
        let groups: [&[&str]; 4] = [LEASE, EFFECTS, SHIFTS, SNAPSHOT];
        let points = passed(probe, &world.path().join("points"), &groups);
        world.expect(0, &["destroy", STAGE, "--yes", "--including-live"]);
        let names: Vec<String> = (0..points.len()).map(|it| format!("p{it}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        stages(&world, TERMS, &names);
        let (killed, sent) = (AtomicUsize::new(0), AtomicUsize::new(0));
        together(&points, AT_A_TIME, |number, point| {
            let stage = names[number];
            let _about = About((stage, point));
            let load = Load::default();
            self.prepare(&world, stage);
            let url = world.output(stage, "front.url");
            load.during(&url, CLIENTS, || {
                let command = world.command(&[self.killed, stage, "--yes"]);
                if kill(point, command) {
                    killed.fetch_add(1, Ordering::Relaxed);
                }
                let ran = world.greenroom(&[recover, stage, "--yes"]);
                // Given up, there is nothing to give up, or it was over: each ends well.
                assert!(matches!(ran.code, Some(0 | 1 | 6)), "{ran:?}");
                assert_one_live(&world, stage);
            });
            load.assert_no_failures();
            sent.fetch_add(usize::try_from(load.sent()).expect("a count"), Ordering::Relaxed);
            world.expect(0, &["destroy", stage, "--yes", "--including-live"]);
        });
        world.assert_nothing_left();
        println!(
            "killed at {} fail points, {}, then {recover}: {} requests, none failed",
            killed.into_inner(),
            self.name,
            sent.into_inner()
        );
    }

    fn prepare(&self, world: &World, stage: &str) {
        for _ in 0..self.before {
            world.expect(0, &["promote", stage, "--yes"]);
        }
    }
}

/// Runs a command until it comes to a point; whether it was killed there.
fn kill(point: &Point, command: std::process::Command) -> bool {
    point.kill(command, STAGE)
}

/// One environment has all traffic, by its roster and by the listener itself, and none is open.
fn assert_one_live(world: &World, stage: &str) {
    let ran = world.expect(0, &["status", stage, "--json"]);
    let status: serde_json::Value = serde_json::from_str(ran.stdout.trim()).expect("JSON");
    assert!(status["promotion"].is_null(), "{status}");
    let environments = status["environments"].as_array().expect("a list");
    let verified: Vec<u64> =
        environments.iter().map(|it| it["verified"].as_u64().expect("a weight")).collect();
    assert_eq!(verified.iter().filter(|it| **it == 100).count(), 1, "{status}");
    assert_eq!(verified.iter().sum::<u64>(), 100, "{status}");
    let live = environments.iter().find(|it| it["verified"] == 100).expect("one is live");
    assert_eq!(live["role"], "live", "{status}");
    let weights = front_weights(world, stage);
    assert_eq!(weights.iter().sum::<u64>(), 100, "{weights:?}");
    assert_eq!(weights.iter().filter(|it| **it == 100).count(), 1, "{weights:?}");
    let again = world.expect(0, &["plan", stage]);
    assert!(again.stdout.contains("No changes."), "{}", again.said());
}

#[test]
fn a_promotion_killed_at_every_point_is_gone_on_with() {
    PROMOTION.kill_at_every_point("promote");
}

#[test]
fn a_promotion_killed_at_every_point_is_rolled_back() {
    PROMOTION.kill_at_every_point("rollback");
}

#[test]
fn a_rollback_killed_at_every_point_is_gone_on_with() {
    ROLLBACK.kill_at_every_point("promote");
}
