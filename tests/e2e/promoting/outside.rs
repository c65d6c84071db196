//! Somebody else changes the listener while a promotion shifts its weights.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use super::stage::{await_phase, status, world};
use crate::world::World;

const PROMOTE: &[&str] = &["promote", "production", "--yes"];

/// The folder of the only listener.
pub(super) fn listener(world: &World) -> PathBuf {
    let listeners = fs::read_dir(world.path().join("root/listeners")).expect("listeners");
    let mut folders = listeners.map(|it| it.expect("an entry").path()).filter(|it| it.is_dir());
    folders.next().expect("a listener")
}

/// Gives the groups of the only listener other weights, past Greenroom.
pub(super) fn set_weights(world: &World, weights: &[u64]) {
    let file = listener(world).join("listener.json");
    let text = fs::read_to_string(&file).expect("its file");
    let mut content: Value = serde_json::from_str(&text).expect("JSON");
    let shares = content["spec"]["action"]["forward"].as_array_mut().expect("shares");
    for (share, weight) in shares.iter_mut().zip(weights) {
        share["weight"] = (*weight).into();
    }
    fs::write(&file, content.to_string()).expect("its file");
}

#[test]
fn a_listener_that_somebody_else_changed_is_left_alone_and_the_difference_is_shown() {
    let world = world("steps = [{ weight = 25, pause = \"approval\" }, 100]");
    world.expect(0, PROMOTE);
    let promotion = world.command(PROMOTE).stderr(Stdio::piped()).spawn();
    let promotion = promotion.expect("greenroom starts");
    await_phase(&world, "weight-25");
    while status(&world)["environments"][1]["verified"] != 25 {}
    set_weights(&world, &[40, 60]);
    world.expect(0, &["approve", "production", "--yes"]);
    let ended = promotion.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(7), "{said}");
    assert!(said.contains("target_group[1].weight: 25 expected, 60 found"), "{said}");
}
