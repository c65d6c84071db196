//! `pipeline`: stages as the graph that their needs make.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::shop;
use crate::world::World;

const HEAD: &str =
    "[project]\nname = \"e2e\"\n[state]\nurl = \"state\"\n[image.web]\nid = \"image\"\n";

/// Notes that a stage ran, and waits until another has run, too.
fn meets(own: &str, other: &str) -> String {
    format!("echo x >> ran-{own}; while ! test -e ran-{other}; do sleep 0.05; done")
}

/// build, then two stages with environments that wait for each other, then one that needs both.
fn stages(right: &str) -> String {
    format!(
        r#"{HEAD}
[stage.build]
run = ["echo x >> ran-build"]

[stage.left]
needs    = ["build"]
template = "environment.toml"
front    = "front.toml"
run      = ["{}"]

[stage.right]
needs    = ["build"]
template = "environment.toml"
front    = "front.toml"
run      = ["{}", "{right}"]

[stage.last]
needs = ["left", "right"]
run   = ["echo x >> ran-last"]
"#,
        meets("left", "right"),
        meets("right", "left"),
    )
}

fn world(stages: &str) -> World {
    let world = World::new(&shop::files());
    world.write("greenroom.toml", stages);
    world
}

fn folder(world: &World, name: &str) -> PathBuf {
    world.path().join(".greenroom/pipelines").join(name)
}

fn record(world: &World, name: &str) -> Value {
    let text = fs::read_to_string(folder(world, name).join("record.json")).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

fn job<'a>(record: &'a Value, name: &str) -> &'a Value {
    let jobs = record["jobs"].as_array().expect("jobs");
    jobs.iter().find(|it| it["name"] == name).expect("the job")
}

/// How often a stage ran.
fn ran(world: &World, stage: &str) -> usize {
    let text = fs::read_to_string(world.path().join(format!("ran-{stage}")));
    text.map_or(0, |text| text.lines().count())
}

#[test]
fn independent_stages_overlap_and_the_reports_say_how_all_went() {
    let world = world(&stages("true"));
    let junit = world.path().join("junit.xml").display().to_string();
    let ended = world.expect(0, &["pipeline", "--junit", &junit]);
    assert!(ended.stdout.contains("Passed: 4 of 4 jobs"), "{}", ended.said());
    // Each waited for the other: had they not overlapped, it would not have ended.
    assert_eq!(["left", "right", "last"].map(|it| ran(&world, it)), [1, 1, 1]);
    let record = record(&world, "pipeline");
    let times = |name: &str| {
        let run = &job(&record, name)["run"];
        let time = |key: &str| {
            run[key].as_str().expect("a time").parse::<jiff::Timestamp>().expect("RFC 3339")
        };
        (time("started"), time("ended"))
    };
    let (left, right) = (times("left"), times("right"));
    assert!(left.0 < right.1 && right.0 < left.1);
    let junit = fs::read_to_string(junit).expect("JUnit XML");
    assert_eq!(junit.matches("<testsuite ").count(), 4, "{junit}");
    let page = fs::read_to_string(folder(&world, "pipeline").join("report.html")).expect("a page");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("left.log"));
    let log = fs::read_to_string(folder(&world, "pipeline").join("left.log")).expect("a log");
    assert!(log.contains("is up") && log.contains("is gone"), "{log}");
    world.assert_nothing_left();
}

#[test]
fn a_stage_that_fails_stops_only_what_needs_it() {
    let world = world(&stages("exit 9"));
    let ended = world.expect(1, &["pipeline"]);
    let record = record(&world, "pipeline");
    let standing = |name: &str| job(&record, name)["standing"].clone();
    assert_eq!(standing("left"), "passed", "{}", ended.said());
    assert_eq!(standing("right"), "failed");
    assert_eq!(standing("last"), "skipped");
    assert_eq!(ran(&world, "last"), 0);
    world.expect(1, &["pipeline", "--keep-going"]);
    assert_eq!(ran(&world, "last"), 1);
    world.assert_nothing_left();
}

#[test]
fn some_stages_alone_can_be_run() {
    let world = world(&stages("true"));
    world.expect(0, &["pipeline", "--only", "build", "--only", "last"]);
    world.expect(0, &["pipeline", "--from", "last"]);
    assert_eq!(["build", "left", "last"].map(|it| ran(&world, it)), [1, 0, 2]);
    let unknown = world.expect(1, &["pipeline", "--from", "lats"]);
    assert!(unknown.stderr.contains("did you mean `last`?"), "{}", unknown.stderr);
}

#[test]
fn mistakes_in_any_stage_come_before_anything_is_made() {
    let broken = stages("true").replacen(
        "front    = \"front.toml\"\nrun      = [\"echo x >> ran-right",
        "front    = \"front.toml\"\nvariables = { cuont = 1 }\nrun      = [\"echo x >> ran-right",
        1,
    );
    let world = world(&broken);
    let refused = world.expect(1, &["pipeline"]);
    assert!(refused.stderr.contains("cuont"), "{}", refused.stderr);
    assert_eq!(ran(&world, "build"), 0);
}

/// Makes the project a repository of Git, so that what a job depends on is known.
fn repository(world: &World) {
    world.write(".gitignore", "/state\n/root\n/ran-*\n/image\n");
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "t"],
    ] {
        let git = Command::new("git").arg("-C").arg(world.path()).args(arguments).status();
        assert!(git.expect("git starts").success(), "{arguments:?}");
    }
}

/// Kills a pipeline when its last stage runs.
fn killed_in_its_last_stage(world: &World) {
    let mut command = world.command(&["pipeline"]);
    let mut pipeline =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    while ran(world, "last") == 0 {
        assert!(pipeline.try_wait().expect("a child").is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(10));
    }
    pipeline.kill().expect("it runs");
    pipeline.wait().expect("a child");
}

#[test]
fn after_a_crash_what_passed_with_the_same_inputs_is_not_run_again() {
    let slow =
        stages("true").replace("echo x >> ran-last", "echo x >> ran-last; test -e go || sleep 600");
    let world = world(&slow);
    repository(&world);
    killed_in_its_last_stage(&world);
    fs::write(world.path().join(".git/info/exclude"), "/go\n").expect("ignored");
    world.write("go", "");
    world.expect(0, &["pipeline"]);
    assert_eq!(["build", "left", "right", "last"].map(|it| ran(&world, it)), [1, 1, 1, 2]);
    // One that came to its end is not gone on with.
    world.expect(0, &["pipeline"]);
    assert_eq!(ran(&world, "build"), 2);
    world.assert_nothing_left();
}

#[test]
fn after_a_crash_what_has_other_inputs_is_run_again() {
    let slow =
        stages("true").replace("echo x >> ran-last", "echo x >> ran-last; test -e go || sleep 600");
    let world = world(&slow);
    repository(&world);
    killed_in_its_last_stage(&world);
    world.write("go", "");
    world.expect(0, &["pipeline"]);
    assert_eq!(["build", "left", "last"].map(|it| ran(&world, it)), [2, 2, 2]);
    world.assert_nothing_left();
}
