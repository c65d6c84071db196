//! Signals to a run, at any moment.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::chance::random;
use crate::points::together;
use crate::shop;
use crate::world::World;

/// How many runs are at work at a time: they mostly wait.
const AT_A_TIME: usize = 6;

/// How many moments.
const MOMENTS: u64 = 50;

const RUN: [&str; 7] = ["run", "test", "--", "sh", "-c", "sleep 0.2; exit 0", "run"];

fn start(world: &World, environment: &str) -> Child {
    let mut command = world.command(&RUN);
    command.env("GREENROOM_ENV", environment).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("greenroom starts")
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
    // It may have ended; it is not waited for yet, so that the pid is its own.
    let _ = kill_process(pid, signal);
}

/// Runs with one signal each, at random moments of their lives, beside an environment that nobody
/// may touch. `each` sees every environment when its run has ended, `all` the world after all.
fn signalled(
    signal: Signal,
    each: impl Fn(&World, &str, Option<i32>) + Sync,
    all: impl FnOnce(&World),
) {
    let world = World::new(&shop::files());
    world.write(
        "greenroom.toml",
        &shop::PROJECT.replace("[stage.test]\n", "[stage.test]\nttl = \"1s\"\n"),
    );
    world.expect(0, &["up", "test", "--env", "neighbour", "--ttl", "1h"]);
    let neighbour = world.objects_of("neighbour");
    let started = Instant::now();
    world.expect(0, &RUN);
    // Beside others a run takes longer than alone.
    let longest = started.elapsed() * 2;
    let seeds: Vec<u64> = (0..MOMENTS).collect();
    together(&seeds, AT_A_TIME, |_, seed| {
        let environment = format!("seed-{seed}");
        let mut child = start(&world, &environment);
        let share = u32::try_from(random(*seed) % 1_000).expect("below 1,000");
        std::thread::sleep(longest * share / 1_000);
        send(&child, signal);
        let status = child.wait().expect("a child");
        each(&world, &environment, status.code());
    });
    all(&world);
    assert_eq!(world.objects_of("neighbour"), neighbour);
    world.expect(0, &["down", "test", "--env", "neighbour"]);
    // Who is killed before the first record leaves a lock and an empty journal, which are no state.
    world.assert_nothing_exists();
}

fn leaves_nothing(world: &World, environment: &str, code: Option<i32>) {
    assert_eq!(world.objects_of(environment), [], "{environment}");
    // Before it listens, a signal ends it as any process; after its end there is none to take it.
    assert!(matches!(code, None | Some(0 | 125)), "{environment}: {code:?}");
}

#[test]
fn a_run_that_is_terminated_at_any_moment_leaves_nothing() {
    signalled(Signal::TERM, leaves_nothing, |_| {});
}

#[test]
fn a_run_that_is_interrupted_at_any_moment_leaves_nothing() {
    signalled(Signal::INT, leaves_nothing, |_| {});
}

#[test]
fn what_a_run_that_is_killed_at_any_moment_leaves_is_reaped() {
    let reaped = |world: &World| {
        // By then the time of all of them is over: they may live for a second.
        std::thread::sleep(Duration::from_millis(1_500));
        world.expect(0, &["reap", "--yes"]);
        let listed = world.expect(0, &["env", "list", "--json"]).stdout;
        let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
        let names: Vec<&serde_json::Value> = listed["environments"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| &it["name"])
            .collect();
        assert_eq!(names, ["neighbour"]);
        assert_eq!(world.servers().len(), 1, "the neighbour's");
    };
    signalled(Signal::KILL, |_, _, _| {}, reaped);
}

#[test]
fn a_second_signal_leaves_at_once_and_says_what_finishes_it() {
    let world = World::new(&shop::files());
    let line = "trap '' TERM; touch up; while :; do sleep 1; done";
    let mut command = world.command(&["run", "test", "--env", "pr", "--", "sh", "-c", line]);
    let mut child =
        command.current_dir(world.path()).stderr(Stdio::piped()).spawn().expect("it starts");
    while !world.path().join("up").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    send(&child, Signal::TERM);
    let said = send_when_first_is_told(&mut child);
    assert_eq!(child.wait().expect("a child").code(), Some(125));
    let said = said.join().expect("what it said");
    assert!(said.contains("down test --env pr"), "{said}");
    world.expect(0, &["down", "test", "--env", "pr"]);
    world.assert_nothing_left();
}

/// Sends the second signal once the first is taken. Returns what is said after that.
fn send_when_first_is_told(child: &mut Child) -> JoinHandle<String> {
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains("cancelled by a signal") {
        assert_ne!(stderr.read_line(&mut said).expect("text"), 0, "{said}");
    }
    send(child, Signal::TERM);
    spawn(move || {
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).expect("text");
        rest
    })
}
