//! Apply, no changes, a change, destroy.

use crate::http::get;
use crate::shop::files;
use crate::world::World;

#[test]
fn an_environment_comes_up_answers_changes_and_goes_without_a_trace() {
    let world = World::new(&files());
    world.expect(0, &["apply", "test", "--yes"]);
    let url = world.output("test", "front.url");
    let answer = get(&url, "/").expect("the load balancer answers");
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("hello"), "{}", answer.body);

    world.expect(0, &["plan", "test", "--detailed-exitcode"]);

    let changed = ["--var", "greeting=good day"];
    let plan = world.expect(2, &["plan", "test", "--detailed-exitcode", changed[0], changed[1]]);
    assert!(plan.stdout.contains("SHOP_GREETING"), "{}", plan.stdout);
    assert!(get(&url, "/").expect("still there").body.contains("hello"), "a plan changes nothing");

    world.expect(0, &["apply", "test", "--yes", changed[0], changed[1]]);
    let answer = get(&url, "/").expect("the same address answers");
    assert!(answer.body.contains("good day"), "{}", answer.body);
    world.expect(0, &["plan", "test", "--detailed-exitcode", changed[0], changed[1]]);

    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
    assert!(get(&url, "/").is_err(), "the port is free again");
}

#[test]
fn instances_are_added_and_removed_by_count() {
    let world = World::new(&files());
    world.expect(0, &["apply", "test", "--yes", "--var", "count=3"]);
    assert_eq!(world.servers().len(), 3);
    world.expect(0, &["apply", "test", "--yes", "--var", "count=1"]);
    assert_eq!(world.servers().len(), 1);
    world.expect(0, &["plan", "test", "--detailed-exitcode", "--var", "count=1"]);
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn a_saved_plan_is_applied_as_it_is_and_refused_when_what_it_read_has_changed() {
    let world = World::new(&files());
    world.expect(0, &["plan", "test", "--out", "first.plan"]);
    world.expect(0, &["apply", "first.plan", "--yes"]);
    assert_eq!(world.servers().len(), 1);
    world.expect(0, &["plan", "test", "--var", "greeting=later", "--out", "stale.plan"]);
    world.expect(0, &["apply", "test", "--yes", "--var", "greeting=now"]);
    let refused = world.expect(4, &["apply", "stale.plan", "--yes"]);
    assert!(refused.said().contains("local_instance.web[0]"), "{}", refused.said());
    let url = world.output("test", "front.url");
    assert!(get(&url, "/").expect("it answers").body.contains("now"), "nothing was done");
}

#[test]
fn what_cannot_work_says_why_and_keeps_what_was_done() {
    let world = World::new(&files());
    let broken = crate::shop::ENVIRONMENT.replace("./shop-server", "./no-such-server");
    world.write("environment.toml", &broken);
    let failed = world.expect(1, &["apply", "test", "--yes"]);
    assert!(failed.said().contains("no-such-server"), "{}", failed.said());
    assert_eq!(world.objects().get("balancers"), Some(&1), "{:?}", world.objects());
    world.write("environment.toml", crate::shop::ENVIRONMENT);
    world.expect(0, &["apply", "test", "--yes"]);
    world.expect(0, &["plan", "test", "--detailed-exitcode"]);
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}
