//! Whether states and world agree: `state verify`.

use std::fs;
use std::path::PathBuf;

use crate::shop::files;
use crate::world::World;

/// The folder of the only object of a kind.
fn only(world: &World, kind: &str) -> PathBuf {
    let folder = world.path().join("root").join(kind);
    let mut found = fs::read_dir(folder).expect("there are some").flatten();
    let path = found.next().expect("one").path();
    assert!(found.next().is_none(), "only one");
    path
}

#[test]
fn what_was_applied_agrees_with_the_world() {
    let world = World::new(&files());
    world.expect(0, &["apply", "test", "--yes"]);
    let ran = world.expect(0, &["state", "verify"]);
    assert!(ran.stdout.contains("they agree with the world"), "{}", ran.stdout);
    world.expect(0, &["state", "verify", "test"]);
    let ran = world.expect(1, &["state", "verify", "tset"]);
    assert!(ran.stderr.contains("did you mean `test`?"), "{}", ran.stderr);
    world.expect(0, &["destroy", "test", "--yes"]);
    world.expect(0, &["state", "verify"]);
}

#[test]
fn without_their_state_objects_are_orphans_of_their_stage() {
    let world = World::new(&files());
    world.expect(0, &["apply", "test", "--yes"]);
    let kinds = world.objects().into_iter().filter(|(kind, _)| kind != "ports");
    let objects: usize = kinds.map(|(_, count)| count).sum();
    let (state, aside) = (world.state_folder("test"), world.path().join("aside"));
    fs::rename(&state, &aside).expect("the state is taken away");
    let ran = world.expect(2, &["state", "verify", "test"]);
    assert!(ran.stdout.contains(&format!("{objects} orphans, 0 phantoms")), "{}", ran.stdout);
    assert!(ran.stdout.contains("local_instance "), "{}", ran.stdout);
    fs::rename(&aside, &state).expect("and put back");
    world.expect(0, &["state", "verify", "test"]);
    world.expect(0, &["destroy", "test", "--yes"]);
}

#[test]
fn what_is_gone_is_a_phantom_and_what_is_anothers_a_stranger() {
    let world = World::new(&files());
    world.expect(0, &["apply", "test", "--yes"]);
    let owner = only(&world, "instances").join("owner.json");
    let ours = fs::read_to_string(&owner).expect("readable");
    let mut theirs: serde_json::Value = serde_json::from_str(&ours).expect("JSON");
    theirs["lineage"] = "somebodys".into();
    fs::write(&owner, theirs.to_string()).expect("written");
    fs::remove_dir_all(only(&world, "target-groups")).expect("removed");
    let ran = world.expect(2, &["state", "verify", "test", "--json"]);
    let found = ran.stdout.lines().find(|it| it.contains("\"type\":\"verified\""));
    let found: serde_json::Value =
        serde_json::from_str(found.expect("the event")).expect("a JSON line");
    let addresses = |kind: &str| {
        let list = found[kind].as_array().expect("a list");
        list.iter().map(|it| it["address"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(addresses("phantoms"), ["\"default/local_target_group.web\""]);
    assert_eq!(addresses("strangers"), ["\"default/local_instance.web[0]\""]);
    fs::write(&owner, ours).expect("put back");
    world.expect(0, &["apply", "test", "--yes"]);
    world.expect(0, &["state", "verify"]);
    world.expect(0, &["destroy", "test", "--yes"]);
}
