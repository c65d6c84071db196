//! Secrets of environments: what a promotion, and every plan after it, is to know and not to show.

use std::fs;

use super::outside::listener;
use super::stage::{set_terms, weights, world};
use crate::world::World;

const SECRETS: &str = r#"
[variable.password]
type      = "string"
sensitive = true

[output.password]
value     = "${var.password}"
sensitive = true

[output.user]
value     = "admin"
sensitive = true

[output.address]
value     = "${local_instance.web.private_ip}:${local_instance.web.port}"
sensitive = true
"#;

/// A stage whose environments take a password.
fn secretive(terms: &str) -> World {
    let world = world(terms);
    let variables = "environment = { PASSWORD = \"${var.password}\", ";
    let environment = world.read("environment.toml").replace("environment = { ", variables);
    world.write("environment.toml", &format!("{environment}{SECRETS}"));
    world
}

fn promote(world: &World, code: i32, password: &str, more: &[&str]) {
    let password = format!("password={password}");
    let arguments = ["promote", "production", "--yes", "--var", &password];
    let ran = world.expect(code, &[&arguments, more].concat());
    assert!(!ran.stderr.contains(&password["password=".len()..]), "{}", ran.stderr);
}

/// Nothing is to be changed, and all that is secret is marked so.
fn is_whole(world: &World) {
    let plan = world.expect(0, &["plan", "production", "--detailed-exitcode"]);
    assert!(plan.stdout.contains("No changes."), "{}", plan.stdout);
    let outputs = world.expect(0, &["output", "production"]).stdout;
    let hidden = outputs.lines().filter(|it| it.ends_with("= (sensitive)")).count();
    assert_eq!(hidden, 3, "{outputs}");
}

#[test]
fn whoever_takes_the_traffic_back_has_the_secrets_that_it_was_made_with() {
    let world = secretive("steps = [100]");
    promote(&world, 0, "first-secret", &[]);
    is_whole(&world);
    promote(&world, 0, "second-secret", &[]);
    world.expect(0, &["rollback", "production", "--yes"]);
    is_whole(&world);
    world.expect(0, &["retire", "production", "--yes"]);
    is_whole(&world);
    set_terms(&world, "steps = [{ weight = 25, pause = \"approval\" }, 100]");
    promote(&world, 8, "third-secret", &["--no-wait"]);
    fs::remove_dir_all(listener(&world)).expect("it was there");
    world.expect(6, &["abort", "production", "--yes", "--replan"]);
    assert_eq!(weights(&world), [100, 0]);
    is_whole(&world);
}

#[test]
fn a_saved_promotion_gives_secret_outputs_back() {
    let world = secretive("steps = [100]");
    let given = ["--var", "password=saved-secret"];
    world.expect(0, &[&["promote", "production", "--out", "saved.plan"], &given[..]].concat());
    let text = world.read("saved.plan");
    assert!(!text.contains("saved-secret"), "{text}");
    let file = world.path().join("saved.plan");
    let file = file.to_str().expect("a name in UTF-8");
    world.expect(0, &[&["apply", file, "--yes"], &given[..]].concat());
    is_whole(&world);
    // What the environments were made with is in the state, and need not be given.
    let front = world.read("front.toml");
    world.write("front.toml", &format!("{front}\n[output.kind]\nvalue = \"shop\"\n"));
    world.expect(0, &["plan", "production", "--out", "saved.plan"]);
    world.expect(0, &["apply", file, "--yes"]);
    is_whole(&world);
}
