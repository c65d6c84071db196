//! A candidate gets copies of the traffic before it gets any of it.

use super::load::Load;
use super::stage::{STAGE, entries, phase, roster, weights, world};

const PROMOTE: &[&str] = &["promote", STAGE, "--yes"];
const TERMS: &str = "steps = [100]\nsoak = { time = \"2s\", mirror = 100, coverage = 90 }";

#[test]
fn a_soak_under_traffic_proves_something_and_no_answer_of_a_copy_is_seen() {
    let world = world(TERMS);
    world.expect(0, PROMOTE);
    let url = world.output(STAGE, "front.url");
    let load = Load::default();
    load.during(&url, 4, || {
        world.expect(0, PROMOTE);
    });
    load.assert_no_failures();
    assert_eq!(roster(&world), entries(&[("r1", "retained", 0), ("r2", "live", 100)]));
    let history = world.expect(0, &["history", STAGE]).stdout;
    assert!(history.contains("coverage: pass"), "{history}");
}

#[test]
fn a_soak_without_traffic_proves_nothing_and_says_so() {
    let world = world(TERMS);
    world.expect(0, PROMOTE);
    let halted = world.expect(7, PROMOTE);
    assert!(halted.stderr.contains("no request came that could have been copied"));
    assert_eq!(phase(&world).as_deref(), Some("soak"));
    assert_eq!(weights(&world), [100, 0]);
    world.expect(6, &["abort", STAGE, "--yes"]);
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "failed", 0)]));
}
