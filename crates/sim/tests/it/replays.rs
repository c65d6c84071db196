//! Replays: what once took the engine to fail, and must not again.

use std::fs;

use greenroom_sim::play::play;
use greenroom_sim::script::Script;

#[test]
fn what_once_failed_does_not_fail_again() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/replays");
    let mut replays = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let script = Script::from_text(&fs::read_to_string(&path).unwrap());
        let script = script.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let violation = play(&script, None).violation;
        assert_eq!(violation, None, "{}", path.display());
        replays += 1;
    }
    assert!(replays > 0);
}
