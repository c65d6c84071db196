//! Two commands about one promotion: one carries it out, others ask something of it.

use super::stage::{await_phase, entries, roster, weights, world};

const PROMOTE: &[&str] = &["promote", "production", "--yes"];

#[test]
fn of_two_promotions_one_runs() {
    let world = world("steps = [50, 100]\npause = \"1m\"");
    world.expect(0, PROMOTE);
    let mut first = world.command(PROMOTE).spawn().expect("greenroom starts");
    await_phase(&world, "weight-50");
    world.expect(3, PROMOTE);
    world.expect(3, &["apply", "production", "--yes"]);
    world.expect(0, &["abort", "production", "--yes"]);
    assert_eq!(first.wait().expect("it ends").code(), Some(6));
    assert_eq!(weights(&world), [100, 0]);
}

#[test]
fn a_promotion_goes_on_when_another_process_approves() {
    let world = world("steps = [{ weight = 50, pause = \"approval\" }, 100]");
    world.expect(0, PROMOTE);
    let mut first = world.command(PROMOTE).spawn().expect("greenroom starts");
    await_phase(&world, "weight-50");
    world.expect(0, &["approve", "production", "--yes"]);
    assert_eq!(first.wait().expect("it ends").code(), Some(0));
    assert_eq!(roster(&world), entries(&[("r1", "retained", 0), ("r2", "live", 100)]));
    let nothing = world.expect(1, &["approve", "production", "--yes"]);
    assert!(nothing.stderr.contains("no promotion of stage `production` is open"));
}

#[test]
fn what_nobody_attends_is_approved_and_carried_on_by_who_approves() {
    let world = world("steps = [{ weight = 50, pause = \"approval\" }, 100]");
    world.expect(0, PROMOTE);
    world.expect(8, &["promote", "production", "--yes", "--no-wait"]);
    assert_eq!(weights(&world), [50, 50]);
    let other = world.expect(1, &["promote", "production", "abcdef", "--yes"]);
    assert!(other.stderr.contains("the promotion of r2 is open"), "{}", other.stderr);
    world.expect(1, &["apply", "production", "--yes"]);
    world.expect(0, &["approve", "production", "--yes"]);
    assert_eq!(roster(&world), entries(&[("r1", "retained", 0), ("r2", "live", 100)]));
}

#[test]
fn what_nobody_attends_is_given_up_by_who_asks() {
    for command in ["abort", "rollback"] {
        let world = world("steps = [50, 100]\npause = \"1m\"");
        world.expect(0, PROMOTE);
        let mut first = world.command(PROMOTE).spawn().expect("greenroom starts");
        await_phase(&world, "weight-50");
        first.kill().expect("it runs");
        first.wait().expect("it was killed");
        world.expect(6, &[command, "production", "--yes"]);
        assert_eq!(weights(&world), [100, 0], "{command}");
        assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "failed", 0)]));
    }
}
