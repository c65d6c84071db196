//! What gates say decides where the traffic goes.

use super::stage::{await_phase, entries, mend, phase, roster, set_terms, spoil, weights, world};

const PROMOTE: &[&str] = &["promote", "production", "--yes"];

#[test]
fn a_candidate_takes_the_traffic_over_and_the_old_one_is_kept_and_retired() {
    let world = world("steps = [50, 100]\nretain = \"1h\"");
    world.expect(0, PROMOTE);
    assert_eq!(roster(&world), entries(&[("r1", "live", 100)]));
    world.expect(0, PROMOTE);
    assert_eq!(roster(&world), entries(&[("r1", "retained", 0), ("r2", "live", 100)]));
    assert_eq!(weights(&world), [0, 100]);
    let plan = world.expect(0, &["plan", "production", "--detailed-exitcode"]);
    assert!(plan.stdout.contains("No changes."), "{}", plan.stdout);
    let kept = world.expect(0, &["retire", "production", "--expired", "--yes"]);
    assert!(kept.stderr.contains("Nothing to do"), "its hour is not over: {}", kept.stderr);
    world.expect(0, &["retire", "production", "--yes"]);
    assert_eq!(roster(&world), entries(&[("r2", "live", 100)]));
    assert_eq!(world.processes().len(), 3, "a balancer, and one instance with its supervisor");
    // A name is never used again.
    world.expect(0, PROMOTE);
    assert_eq!(roster(&world), entries(&[("r2", "retained", 0), ("r3", "live", 100)]));
}

#[test]
fn a_candidate_that_fails_at_its_first_weight_leaves_the_traffic_where_it_was() {
    let world = world("steps = [5, 100]\npause = \"1m\"");
    world.expect(0, PROMOTE);
    let mut promotion = world.command(PROMOTE).spawn().expect("greenroom starts");
    await_phase(&world, "weight-5");
    spoil(&world, "r2");
    assert_eq!(promotion.wait().expect("it ends").code(), Some(6), "rolled back");
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "failed", 0)]));
    assert_eq!(weights(&world), [100, 0]);
    let history = world.expect(0, &["history", "production"]).stdout;
    assert!(history.contains("sound: fail"), "{history}");
    assert!(history.contains("r2 rolled back, in place of r1"), "{history}");
}

#[test]
fn a_candidate_that_fails_before_it_has_traffic_never_gets_any() {
    let world = world("steps = [100]");
    world.expect(0, PROMOTE);
    spoil(&world, "r2");
    world.expect(6, PROMOTE);
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "failed", 0)]));
    assert_eq!(weights(&world), [100, 0]);
}

#[test]
fn a_candidate_that_turns_bad_with_all_traffic_gives_it_back() {
    let world = world("steps = [100]");
    world.expect(0, PROMOTE);
    set_terms(&world, "steps = [100]\nwatch = \"1m\"");
    let mut promotion = world.command(PROMOTE).spawn().expect("greenroom starts");
    await_phase(&world, "watch");
    assert_eq!(weights(&world), [0, 100]);
    spoil(&world, "r2");
    assert_eq!(promotion.wait().expect("it ends").code(), Some(6), "rolled back");
    assert_eq!(weights(&world), [100, 0]);
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "failed", 0)]));
}

#[test]
fn the_first_promotion_has_nothing_to_go_back_to() {
    let world = world("steps = [100]\nwatch = \"1m\"");
    let mut promotion = world.command(PROMOTE).spawn().expect("greenroom starts");
    await_phase(&world, "watch");
    spoil(&world, "r1");
    assert_eq!(promotion.wait().expect("it ends").code(), Some(7), "halted");
    for replan in [None, Some("--replan")] {
        let abort = ["abort", "production", "--yes"].into_iter().chain(replan);
        let refused = world.expect(1, &abort.collect::<Vec<_>>());
        assert!(refused.stderr.contains("nothing to go back to"), "{}", refused.stderr);
    }
    world.expect(0, &["destroy", "production", "--yes", "--including-live"]);
    assert!(world.processes().is_empty());
}

#[test]
fn with_both_sides_bad_nothing_is_changed_until_one_is_sound() {
    let world = world("steps = [50, 100]\npause = \"1m\"");
    world.expect(0, PROMOTE);
    let mut promotion = world.command(PROMOTE).spawn().expect("greenroom starts");
    await_phase(&world, "weight-50");
    spoil(&world, "r1");
    spoil(&world, "r2");
    assert_eq!(promotion.wait().expect("it ends").code(), Some(7), "halted");
    assert_eq!(weights(&world), [50, 50], "nothing was changed");
    assert_eq!(phase(&world).as_deref(), Some("prove"));
    world.expect(1, &["destroy", "production", "--yes", "--including-live"]);
    world.expect(7, PROMOTE);
    assert_eq!(weights(&world), [50, 50], "asked again, it halts again");
    mend(&world, "r1");
    world.expect(6, PROMOTE);
    assert_eq!(weights(&world), [100, 0]);
}

#[test]
fn a_retained_environment_takes_the_traffic_back_if_it_proves_sound() {
    let world = world("steps = [100]");
    world.expect(0, PROMOTE);
    world.expect(0, PROMOTE);
    spoil(&world, "r1");
    world.expect(6, &["rollback", "production", "--yes"]);
    assert_eq!(weights(&world), [0, 100], "it did not prove sound");
    assert_eq!(roster(&world), entries(&[("r1", "failed", 0), ("r2", "live", 100)]));
    mend(&world, "r1");
    world.expect(0, &["rollback", "production", "r1", "--yes"]);
    assert_eq!(weights(&world), [100, 0]);
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "retained", 0)]));
}

#[test]
fn what_has_traffic_is_destroyed_only_on_purpose() {
    let world = world("steps = [100]");
    world.expect(0, PROMOTE);
    let refused = world.expect(1, &["destroy", "production", "--yes"]);
    assert!(refused.stderr.contains("r1 has traffic"), "{}", refused.stderr);
    world.expect(0, &["destroy", "production", "--yes", "--including-live"]);
    assert!(world.processes().is_empty());
    world.expect(0, PROMOTE);
}
