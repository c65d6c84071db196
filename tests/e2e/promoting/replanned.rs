//! A way back that is planned anew, because the front is not any more what the promotion made of it.

use std::fs;

use super::outside::{listener, set_weights};
use super::stage::{STAGE, entries, mend, object, roster, spoil, weights, world};
use crate::world::World;

const PROMOTE: &[&str] = &["promote", "production", "--yes"];
const ABORT: &[&str] = &["abort", "production", "--yes"];
const REPLAN: &[&str] = &["abort", "production", "--yes", "--replan"];

/// A stage whose promotion waits for approval, with 25 % on the candidate, attended by nobody.
fn waiting() -> World {
    let world = world("steps = [{ weight = 25, pause = \"approval\" }, 100]");
    world.expect(0, PROMOTE);
    world.expect(8, &["promote", "production", "--yes", "--no-wait"]);
    assert_eq!(weights(&world), [75, 25]);
    world
}

#[test]
fn a_listener_that_somebody_deleted_is_made_anew_for_the_side_that_had_the_traffic() {
    let world = waiting();
    fs::remove_dir_all(listener(&world)).expect("it was there");
    // The promotion's own way back is a change of what is not there.
    let halted = world.expect(7, ABORT);
    assert!(halted.stderr.contains("abort production --replan"), "{}", halted.stderr);
    let back = world.expect(6, REPLAN);
    assert!(back.stderr.contains("front/local_listener.http is gone"), "{}", back.stderr);
    assert_eq!(weights(&world), [100, 0]);
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "failed", 0)]));
    let history = world.expect(0, &["history", "production"]).stdout;
    assert!(history.contains("r2 rolled back, in place of r1"), "{history}");
    let plan = world.expect(0, &["plan", "production", "--detailed-exitcode"]);
    assert!(plan.stdout.contains("No changes."), "{}", plan.stdout);
    world.expect(8, &["promote", "production", "--yes", "--no-wait"]);
    world.expect(0, &["approve", "production", "--yes"]);
    assert_eq!(weights(&world), [0, 0, 100]);
}

#[test]
fn weights_that_somebody_else_gave_are_taken_back_once_the_plan_has_shown_them() {
    let world = waiting();
    set_weights(&world, &[40, 60]);
    world.expect(7, ABORT);
    let back = world.expect(6, REPLAN);
    assert!(back.stderr.contains("front/local_listener.http changed"), "{}", back.stderr);
    assert_eq!(weights(&world), [100, 0]);
}

#[test]
fn what_is_missing_of_the_side_that_had_the_traffic_is_made_before_it_is_asked() {
    let world = waiting();
    let group = object(&world, STAGE, "r1/local_target_group.web");
    let group = group["current"]["id"].as_str().expect("an id");
    fs::remove_dir_all(world.path().join("root/target-groups").join(group)).expect("it was there");
    fs::remove_dir_all(listener(&world)).expect("it was there");
    let back = world.expect(6, REPLAN);
    let at = |text: &str| back.stderr.find(text).unwrap_or_else(|| panic!("{}", back.stderr));
    assert!(at("created r1/local_target_group.web") < at("gate sound: pass"), "{}", back.stderr);
    assert!(at("gate sound: pass") < at("created front/local_listener.http"), "{}", back.stderr);
    assert_eq!(weights(&world), [100, 0]);
    let plan = world.expect(0, &["plan", "production", "--detailed-exitcode"]);
    assert!(plan.stdout.contains("No changes."), "{}", plan.stdout);
}

#[test]
fn nobody_goes_back_to_a_side_that_does_not_prove_sound() {
    let world = waiting();
    fs::remove_dir_all(listener(&world)).expect("it was there");
    spoil(&world, "r1");
    world.expect(7, REPLAN);
    assert!(!listener_is_there(&world), "nothing was changed");
    mend(&world, "r1");
    // What was planned anew is the promotion's plan from then on.
    world.expect(6, PROMOTE);
    assert_eq!(weights(&world), [100, 0]);
}

#[test]
fn without_a_promotion_there_is_nothing_to_give_up() {
    let world = world("steps = [100]");
    spoil(&world, "r1");
    world.expect(6, PROMOTE);
    let none = world.expect(1, REPLAN);
    assert!(none.stderr.contains("no promotion of stage `production` is open"), "{}", none.stderr);
}

fn listener_is_there(world: &World) -> bool {
    fs::read_dir(world.path().join("root/listeners"))
        .is_ok_and(|it| it.flatten().any(|it| it.path().is_dir()))
}
