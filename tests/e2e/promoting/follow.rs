//! A command that is followed by its events.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::stage::STAGE;
use crate::world::World;

/// Runs a command to its end, which must be a good one. Where it waits for approval, `holds` is told
/// which phase it is in, and then it is approved.
pub(super) fn follow(world: &World, arguments: &[&str], mut holds: impl FnMut(&str)) {
    let child = world.command(arguments).arg("--json").stdout(Stdio::piped()).spawn();
    let mut child = child.expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    for line in lines {
        let event: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        if event["type"] == "waiting" && event["for"] == "approval" {
            let operation = event["operation"].as_str().expect("an operation");
            holds(operation.split(':').next().expect("a phase"));
            world.expect(0, &["approve", STAGE, "--yes"]);
        }
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{arguments:?}");
}
