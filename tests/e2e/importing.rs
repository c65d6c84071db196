//! Import by the built binary: the local provider's objects are its own, so it refuses.

use crate::shop::files;
use crate::world::World;

#[test]
fn what_the_provider_cannot_import_is_refused_and_leaves_no_trace() {
    let world = World::new(&files());
    let ran = world.expect(1, &["import", "test", "local_target_group.web", "tg-1"]);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    for part in [
        "`tg-1` was not imported as default/local_target_group.web; nothing was changed",
        "objects of the type `local_target_group` cannot be imported",
    ] {
        assert!(ran.stderr.contains(part), "{part}\n{}", ran.stderr);
    }
    world.assert_nothing_left();
    world.expect(0, &["apply", "test", "--yes"]);
    world.expect(1, &["import", "test", "front/local_listener.htp", "x"]);
    let ran = world.expect(1, &["import", "test", "local_instance.web[0]", "x", "--json"]);
    assert!(ran.stdout.contains("has an object already"), "{}", ran.stdout);
    world.expect(0, &["plan", "test", "--detailed-exitcode"]);
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn an_address_that_no_template_has_is_a_mistake_with_the_near_one() {
    let world = World::new(&files());
    let ran = world.expect(1, &["import", "test", "local_target_group.wep", "tg-1"]);
    assert!(ran.stderr.contains("the specs have no resource default/local_target_group.wep"));
    assert!(
        ran.stderr.contains("did you mean `default/local_target_group.web`?"),
        "{}",
        ran.stderr
    );
    let ran = world.expect(1, &["import", "test", "no address", "tg-1"]);
    assert!(ran.stderr.contains("no address"), "{}", ran.stderr);
    world.assert_nothing_left();
}
