//! `run`, `up`, `down` and `env`: environments that come and go.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::shop::{self, PROJECT};
use crate::world::World;

/// Asks the environment for its greeting, as its user would.
const ASK: &str = "import json, os, urllib.request as u; \
    print(json.load(u.urlopen(os.environ['GREENROOM_OUTPUT_FRONT_URL']))['greeting'])";

/// A world whose stage `test` has these lines more.
fn world(stage: &str) -> World {
    let world = World::new(&shop::files());
    world.write(
        "greenroom.toml",
        &PROJECT.replace("[stage.test]\n", &format!("[stage.test]\n{stage}\n")),
    );
    world
}

fn result(world: &World) -> Value {
    let text = fs::read_to_string(world.path().join("result.json")).expect("a result");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_run_brings_up_runs_and_leaves_nothing_and_its_status_is_the_commands() {
    let world = world("");
    let passed = world.expect(0, &["run", "test", "--", "python3", "-c", ASK]);
    assert_eq!(passed.stdout, "hello\n");
    world.assert_nothing_left();
    world.expect(7, &["run", "test", "--result", "result.json", "--", "sh", "-c", "exit 7"]);
    world.assert_nothing_left();
    let result = result(&world);
    assert_eq!((&result["outcome"], &result["exit"]), (&"command_failed".into(), &7.into()));
    assert_eq!(result["commands"][0]["status"], 7);
    assert_eq!(result["remains"], Value::Null);
    assert!(result["operations"].as_array().is_some_and(|all| all.len() >= 8), "{result}");
}

#[test]
fn a_status_like_one_of_ours_is_told_from_it_by_the_result() {
    let world = world("");
    world.expect(122, &["run", "test", "--result", "result.json", "--", "sh", "-c", "exit 122"]);
    assert_eq!(result(&world)["outcome"], "command_failed");
    world.expect(127, &["run", "test", "--", "no-such-program"]);
    world.expect(120, &["run", "test", "--var", "no_such=1", "--", "true"]);
    world.expect(120, &["run", "tset", "--", "true"]);
    world.assert_nothing_left();
}

#[test]
fn a_stages_own_commands_run_in_the_projects_folder_until_one_fails() {
    let world = world(
        r#"run = ["pwd > seen; echo $GREENROOM_STAGE/$GREENROOM_ENV >> seen", "exit 3", "touch not-reached"]"#,
    );
    world.expect(3, &["run", "test", "--env", "pr-17"]);
    let seen = fs::read_to_string(world.path().join("seen")).expect("it ran");
    let folder = world.path().canonicalize().expect("a folder").display().to_string();
    assert_eq!(seen, format!("{folder}\ntest/pr-17\n"));
    assert!(!world.path().join("not-reached").exists());
    world.assert_nothing_left();
}

#[test]
fn an_environment_goes_down_also_where_nothing_can_be_written_for_its_commands() {
    let world = world("");
    for (code, command) in [(0, &[][..]), (126, &["--", "true"])] {
        let mut run = world.command(&[&["run", "test"], command].concat());
        let ran = run.env("TMPDIR", "/no/such/folder").output().expect("greenroom starts");
        assert_eq!(ran.status.code(), Some(code), "{}", String::from_utf8_lossy(&ran.stderr));
        world.assert_nothing_left();
    }
}

#[test]
fn an_environment_that_does_not_come_up_is_torn_down_or_kept() {
    let broken = |on_failure: &str| {
        let world = world(&format!("on_failure = \"{on_failure}\""));
        let environment = shop::ENVIRONMENT.replace("./shop-server", "./no-such-server");
        world.write("environment.toml", &environment);
        world
    };
    let destroyed = broken("destroy");
    destroyed.expect(120, &["run", "test", "--", "touch", "ran"]);
    destroyed.assert_nothing_left();
    let kept = broken("keep");
    kept.expect(
        120,
        &["run", "test", "--env", "pr", "--result", "result.json", "--", "touch", "ran"],
    );
    assert!(!kept.objects().is_empty());
    assert!(!destroyed.path().join("ran").exists() && !kept.path().join("ran").exists());
    let remains = result(&kept)["remains"].as_str().expect("a command").to_owned();
    assert!(remains.ends_with("down test --env pr"), "{remains}");
    kept.expect(0, &["down", "test", "--env", "pr"]);
    kept.assert_nothing_left();
}

#[test]
fn what_an_earlier_run_left_is_made_anew_unless_it_is_to_be_resumed() {
    for (on_failure, same) in [("keep", false), ("resume", true)] {
        let world = world(&format!("on_failure = \"{on_failure}\""));
        world.expect(1, &["run", "test", "--env", "pr", "--", "false"]);
        let before = world.servers();
        assert_eq!(before.len(), 1);
        world.expect(1, &["run", "test", "--env", "pr", "--", "false"]);
        assert_eq!(world.servers() == before, same, "{on_failure}");
        world.expect(0, &["run", "test", "--env", "pr", "--", "true"]);
        world.assert_nothing_left();
    }
}

#[test]
fn a_gate_that_does_not_pass_ends_a_run_before_its_command() {
    let world = world("");
    let gate = "\n[gate.never]\nhttp = \"http://127.0.0.1:1/\"\nexpect = { status = 200 }\n\
                timeout = \"1s\"\nfailure_limit = 0\n";
    world.write("environment.toml", &format!("{}{gate}", shop::ENVIRONMENT));
    world.expect(121, &["run", "test", "--", "touch", "ran"]);
    assert!(!world.path().join("ran").exists());
    world.assert_nothing_left();
}

#[test]
fn a_command_that_takes_too_long_is_ended_and_the_environment_with_it() {
    let world = world("timeouts = { run = \"300ms\" }");
    world.expect(124, &["run", "test", "--result", "result.json", "--", "sleep", "600"]);
    assert_eq!(result(&world)["outcome"], "timed_out");
    world.assert_nothing_left();
}

#[test]
fn a_matrix_has_an_environment_for_each_combination() {
    let world = world("matrix = { greeting = [\"hi\", \"ho\"] }");
    let ran = world.expect(0, &["run", "test", "--", "python3", "-c", ASK]);
    assert_eq!(ran.stdout, "hi\nho\n");
    let one =
        world.expect(0, &["run", "test", "--matrix", "greeting=ho", "--", "python3", "-c", ASK]);
    assert_eq!(one.stdout, "ho\n");
    world.expect(120, &["run", "test", "--matrix", "greeting=hey", "--", "true"]);
    world.assert_nothing_left();
}

#[test]
fn eight_runs_at_once_share_nothing() {
    let world = world("");
    let script = "printf '%s %s' $GREENROOM_ENV $GREENROOM_OUTPUT_FRONT_URL > seen-$$; \
                  while test $(ls seen-* | wc -l) -lt 8; do sleep 0.05; done";
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let mut command = world.command(&["run", "test", "--", "sh", "-c", script]);
            command.current_dir(world.path()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().expect("greenroom starts")
        })
        .collect();
    for mut run in runs {
        assert!(run.wait().expect("a child").success());
    }
    let seen: Vec<String> = fs::read_dir(world.path())
        .expect("the project's folder")
        .flatten()
        .filter(|it| it.file_name().to_string_lossy().starts_with("seen-"))
        .map(|it| fs::read_to_string(it.path()).expect("what it saw"))
        .collect();
    assert_eq!(seen.len(), 8, "each met all the others");
    for part in [0, 1] {
        let mut all: Vec<&str> =
            seen.iter().map(|it| it.split(' ').nth(part).expect("two")).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8, "{seen:?}");
    }
    world.assert_nothing_left();
}

#[test]
fn up_twice_is_one_environment_and_down_of_nothing_is_success() {
    let world = world("ttl = \"90m\"");
    world.expect(0, &["down", "test"]);
    world.expect(0, &["up", "test", "--env", "pr-17"]);
    let before = world.objects_of("pr-17");
    world.expect(0, &["up", "test", "--env", "pr-17"]);
    assert_eq!(world.objects_of("pr-17"), before);
    let listed = world.expect(0, &["env", "list", "--json"]).stdout;
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let one = &listed["environments"][0];
    assert_eq!((&one["stage"], &one["name"]), (&"test".into(), &"pr-17".into()));
    assert_eq!((&one["health"], &one["objects"]), (&"ready".into(), &4.into()));
    let minutes = minutes_until(&one["expires"]);
    assert!((88..=90).contains(&minutes), "{minutes}");
    world.expect(0, &["env", "extend", "test", "--env", "pr-17", "--ttl", "5h"]);
    let shown = world.expect(0, &["env", "show", "test", "--env", "pr-17", "--json"]).stdout;
    let shown: Value = serde_json::from_str(shown.lines().next().expect("a line")).expect("JSON");
    let minutes = minutes_until(&shown["environments"][0]["expires"]);
    assert!((298..=300).contains(&minutes), "{minutes}");
    assert!(owners_say(&world, &shown["environments"][0]["expires"]));
    world.expect(0, &["down", "test", "--env", "pr-17"]);
    world.expect(0, &["down", "test", "--env", "pr-17"]);
    world.expect(1, &["env", "extend", "test", "--env", "pr-17"]);
    world.assert_nothing_left();
}

fn minutes_until(time: &Value) -> i64 {
    let time: jiff::Timestamp = time.as_str().expect("a time").parse().expect("RFC 3339");
    time.duration_since(jiff::Timestamp::now()).as_mins()
}

/// Whether all objects in the world say this of their end.
fn owners_say(world: &World, expires: &Value) -> bool {
    let folders = fs::read_dir(world.path().join("root")).expect("a root").flatten();
    let objects = folders.flat_map(|kind| fs::read_dir(kind.path()).expect("a folder").flatten());
    let owners = objects.filter_map(|it| fs::read_to_string(it.path().join("owner.json")).ok());
    let said: Vec<Value> = owners
        .map(|text| serde_json::from_str::<Value>(&text).expect("JSON")["expires"].clone())
        .collect();
    said.len() == 4 && said.iter().all(|it| it == expires)
}

#[test]
fn a_build_has_an_environment_of_its_own() {
    let world = world("");
    let run = |tag: &str| {
        let mut command = world.command(&["run", "test", "--", "sh", "-c", "echo $GREENROOM_ENV"]);
        let output = command.env("BUILD_TAG", tag).output().expect("greenroom starts");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    let (one, other) = (run("jenkins-shop-main-17"), run("jenkins-shop-main-18"));
    assert!(one.starts_with("shop-main-17-"), "{one}");
    assert_ne!(one, other);
}

#[test]
fn a_place_is_waited_for_or_refused() {
    let world = world("max_environments = 1");
    world.expect(0, &["up", "test", "--env", "first"]);
    let refused =
        world.expect(123, &["run", "test", "--env", "b", "--no-wait", "--", "touch", "ran"]);
    assert!(refused.stderr.contains("e2e/test/first"), "{}", refused.stderr);
    world.expect(123, &["up", "test", "--env", "b", "--no-wait"]);
    assert!(world.objects_of("b").is_empty() && !world.path().join("ran").exists());
    // What is there already needs no place.
    world.expect(0, &["up", "test", "--env", "first"]);
    let mut waiting = world.command(&["run", "test", "--env", "b", "--", "touch", "ran"]);
    waiting.current_dir(world.path()).stderr(Stdio::piped());
    let mut waiting = waiting.spawn().expect("greenroom starts");
    let mut said = String::new();
    let mut stderr = std::io::BufReader::new(waiting.stderr.take().expect("a pipe"));
    while !said.contains("waits for a place") {
        assert_ne!(std::io::BufRead::read_line(&mut stderr, &mut said).expect("text"), 0, "{said}");
    }
    assert!(world.objects_of("b").is_empty());
    world.expect(0, &["down", "test", "--env", "first"]);
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    assert!(waiting.wait().expect("a child").success());
    assert!(world.path().join("ran").exists());
    world.assert_nothing_left();
}

#[test]
fn an_environment_is_renewed_while_its_command_runs() {
    let world = world("ttl = \"2s\"");
    // Longer than the environment may live, by the clock that counts for it.
    let script = "cd root/instances/*; first=$(grep -o '\"expires\":[^,}]*' owner.json); \
                  while test \"$(grep -o '\"expires\":[^,}]*' owner.json)\" = \"$first\"; do sleep 0.05; done";
    let mut run = world.command(&["run", "test", "--", "sh", "-c", script]);
    let mut run = run.current_dir(world.path()).spawn().expect("greenroom starts");
    let ended = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        run.try_wait().expect("a child")
    });
    let _ = run.kill();
    assert!(ended.is_some_and(|status| status.success()), "it was never renewed");
    world.assert_nothing_left();
}
