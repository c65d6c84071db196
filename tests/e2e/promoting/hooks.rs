//! Hooks: what must run on one side only.

use std::fs;

use super::stage::{STAGE, entries, roster, world};
use crate::world::World;

/// Each hook writes what it is and of whom; that of an environment that is spoilt fails.
const HOOKS: &str = r#"
[hook.promoted]
command = ["sh", "-c", "echo promoted ${environment.name} >> DIR/hooks; ! test -e DIR/${environment.name}.stuck"]

[hook.demoted]
command = ["sh", "-c", "echo demoted ${environment.name} >> DIR/hooks"]
"#;

fn with_hooks() -> World {
    let world = world("steps = [50, 100]\nretain = \"1h\"");
    let template = fs::read_to_string(world.path().join("environment.toml")).expect("the template");
    let hooks = HOOKS.replace("DIR", &world.path().display().to_string());
    world.write("environment.toml", &format!("{template}{hooks}"));
    world
}

/// What ran since the last time.
fn ran(world: &World) -> Vec<String> {
    let file = world.path().join("hooks");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_old_side_stops_before_the_new_one_starts_and_the_other_way_round_on_the_way_back() {
    let world = with_hooks();
    world.expect(0, &["promote", STAGE, "--yes"]);
    assert_eq!(ran(&world), ["promoted r1"]);
    world.expect(0, &["promote", STAGE, "--yes"]);
    assert_eq!(ran(&world), ["demoted r1", "promoted r2"]);
    world.expect(0, &["rollback", STAGE, "--yes"]);
    assert_eq!(ran(&world), ["demoted r2", "promoted r1"]);
    world.expect(0, &["apply", STAGE, "--yes"]);
    assert!(ran(&world).is_empty(), "nothing was promoted");
}

#[test]
fn a_hook_that_fails_turns_the_promotion_back() {
    let world = with_hooks();
    world.expect(0, &["promote", STAGE, "--yes"]);
    ran(&world);
    world.write("r2.stuck", "");
    let back = world.expect(6, &["promote", STAGE, "--yes"]);
    assert!(back.stderr.contains("promoted"), "{}", back.stderr);
    assert_eq!(ran(&world), ["demoted r1", "promoted r2", "demoted r2", "promoted r1"]);
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "failed", 0)]));
}
