//! Artifacts: published once, found wholly, fetched as they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::World;

const PROJECT: &str = r#"
[project]
name = "e2e"
[repository]
url = "file:repository"
[artifact.app]
path = "app"
[artifact.tool]
path    = "tool"
version = "2.0"
"#;

const APP: &str = "#!/bin/sh\necho it runs\n";

fn world() -> World {
    World::new(&[("greenroom.toml", PROJECT), ("app", APP), ("tool", "a tool")])
}

/// What is in the folder of an artifact.
fn entries(world: &World, artifact: &str) -> Vec<String> {
    let folder = world.path().join("repository/e2e").join(artifact);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|it| it.expect("an entry").file_name().into_string().expect("text")).collect()
}

#[test]
fn what_is_published_is_listed_and_fetched_as_it_was() {
    let world = world();
    let published = world.expect(0, &["publish"]);
    assert!(published.stdout.contains("published tool 2.0\n  sha256 "), "{published:?}");
    assert!(published.stderr.contains("publishing tool 2.0, 6 B"), "{published:?}");
    let again = world.expect(0, &["publish", "tool"]).stdout;
    assert!(again.starts_with("published already: tool 2.0\n"), "{again}");
    world.write("app", &APP.replace("it runs", "it runs on"));
    world.expect(0, &["publish", "app", "--version", "1.1"]);
    let listed = world.expect(0, &["artifacts", "app"]).stdout;
    let versions: Vec<&str> =
        listed.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(versions.len(), 2, "{listed}");
    assert_eq!(versions[0], "1.1", "{listed}");
    let to = world.path().join("fetched");
    let first = ["artifacts", "fetch", "app", "--to", "fetched", "--version", versions[1]];
    world.expect(0, &first);
    let ran = Command::new(&to).output().expect("what was fetched runs");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "it runs\n");
    // The newest, under its own name.
    fs::remove_file(world.path().join("app")).unwrap();
    world.expect(0, &["artifacts", "fetch", "app"]);
    assert!(fs::read_to_string(world.path().join("app")).unwrap().contains("it runs on"));
}

#[test]
fn programs_read_what_was_published() {
    let world = world();
    let events = |arguments: &[&str]| -> Vec<serde_json::Value> {
        let ran = world.expect(0, arguments);
        assert_eq!(ran.stderr, "");
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
    };
    let published = events(&["publish", "tool", "--json"]);
    let published = published.iter().find(|it| it["type"] == "published").expect("it is told");
    assert_eq!((&published["version"], &published["new"]), (&"2.0".into(), &true.into()));
    assert!(Path::new(published["place"].as_str().unwrap()).is_file());
    let listed = events(&["artifacts", "--json"]);
    assert_eq!(listed[0]["artifacts"][0]["sha256"], published["sha256"]);
    let again = events(&["publish", "tool", "--json"]);
    assert!(again.iter().any(|it| it["new"] == false));
}

#[test]
fn a_version_is_never_given_other_content() {
    let world = world();
    world.expect(0, &["publish", "tool"]);
    world.write("tool", "another tool");
    let refused = world.expect(1, &["publish", "tool"]).stderr;
    assert!(refused.contains("version 2.0 of `tool` is published already"), "{refused}");
    assert!(refused.contains("help: a version never changes"), "{refused}");
    world.expect(0, &["artifacts", "fetch", "tool"]);
    assert_eq!(fs::read_to_string(world.path().join("tool")).unwrap(), "a tool");
}

#[test]
fn what_cannot_be_published_or_fetched_is_said() {
    let world = world();
    let said = |arguments: &[&str]| world.expect(1, arguments).stderr;
    assert!(said(&["publish", "ap"]).contains("no artifact `ap`"));
    assert!(said(&["publish", "ap"]).contains("did you mean `app`?"));
    assert!(said(&["publish", "--version", "a/b"]).contains("`a/b` cannot be a version"));
    assert!(said(&["artifacts", "fetch", "app"]).contains("no published version `app` in"));
    assert!(world.expect(0, &["artifacts"]).stdout.starts_with("nothing is published in "));
    fs::remove_file(world.path().join("tool")).unwrap();
    let missing = said(&["publish"]);
    assert!(missing.contains("of the artifact `tool` cannot be read"), "{missing}");
    assert!(missing.contains("help: build it first"), "{missing}");
    assert_eq!(entries(&world, "app"), Vec::<String>::new(), "the other one was published");
    world.write("greenroom.toml", &PROJECT.replace("file:repository", "ftp://host"));
    assert!(said(&["artifacts"]).contains("this build has no repository for `ftp://host`"));
    world.write("greenroom.toml", "[project]\nname = \"e2e\"\n");
    let none = said(&["publish"]);
    assert!(none.contains("does not say where its artifacts are published"), "{none}");
}

#[test]
fn a_disk_that_takes_no_more_leaves_nothing_published() {
    let world = world();
    let large = fs::File::create(world.path().join("app")).unwrap();
    large.set_len(4 << 20).unwrap();
    // As if the disk were full: files may have no more than half a megabyte.
    let script = "trap '' XFSZ; ulimit -f 1000; exec \"$0\" -C \"$1\" publish app";
    let ran = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_greenroom")])
        .arg(world.path())
        .output()
        .expect("sh starts");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write") && said.contains("nothing was changed in it"), "{said}");
    assert_eq!(entries(&world, "app"), Vec::<String>::new());
    world.expect(0, &["publish", "app"]);
}

#[test]
fn killed_while_it_publishes_it_leaves_all_or_nothing() {
    let world = world();
    let large = fs::File::create(world.path().join("app")).unwrap();
    large.set_len(256 << 20).unwrap();
    let mut child = world
        .command(&["publish", "app", "--version", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("greenroom starts");
    let until = Instant::now() + Duration::from_secs(120);
    while entries(&world, "app").is_empty() {
        assert!(Instant::now() < until, "it does not begin");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it is our child");
    child.wait().expect("it ends");
    let listed = world.expect(0, &["artifacts", "app"]).stdout;
    let is_there = listed.contains("256.00 MiB");
    assert_ne!(is_there, listed.starts_with("nothing is published"), "{listed}");
    world.write("app", APP);
    world.expect(0, &["publish", "app", "--version", "2"]);
    let left: Vec<String> =
        entries(&world, "app").into_iter().filter(|it| it.starts_with('.')).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_file_that_is_in_the_way_of_the_repository_is_named() {
    let world = world();
    world.write("repository", "a file");
    let said = world.expect(1, &["publish", "tool"]).stderr;
    let folder: PathBuf = ["repository", "e2e", "tool"].iter().collect();
    assert!(said.contains(&folder.display().to_string()), "{said}");
    assert!(said.contains("nothing was changed in it"), "{said}");
}
