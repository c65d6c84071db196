//! SIGKILL at every fail point. The test binary runs itself as the process that is killed.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use greenroom_store::{FolderStore, Store};

use crate::ledger::{FIRST, judge as judge_ledger, two_writings};
use crate::session::{Progress, block_on, holder, judge, session, state};

const FOLDER: &str = "GREENROOM_TEST_KILLED";

/// Not a test of its own: what the process does that is killed at a state.
#[test]
fn the_killed_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = FolderStore::new(folder);
    block_on(session(&store, &mut Progress::default(), true)).unwrap();
}

/// Not a test of its own: what the process does that is killed at a ledger.
#[test]
fn the_process_killed_at_a_ledger() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    block_on(two_writings(&FolderStore::new(folder))).1.unwrap();
}

fn run(process: &str, folder: &Path, fail_at: &str, log: &Path) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let process = format!("killed::{process}");
    command.args([&*process, "--exact"]).env(FOLDER, folder);
    command.env("GREENROOM_FAIL_AT", fail_at).env("GREENROOM_FAIL_LOG", log);
    command.output().unwrap().status
}

#[test]
fn a_process_killed_at_any_fail_point_leaves_a_state_that_the_next_one_continues() {
    let scratch = tempfile::tempdir().unwrap();
    let log = scratch.path().join("log");
    assert!(run("the_killed_process", &scratch.path().join("whole"), "none", &log).success());
    let points = fs::read_to_string(&log).unwrap();
    let points: Vec<&str> = points.lines().collect();
    assert!(points.len() > 40, "only {} fail points", points.len());
    for (nth, point) in (1..).zip(&points) {
        let folder = scratch.path().join(nth.to_string());
        let status = run("the_killed_process", &folder, point, &scratch.path().join("again"));
        assert_eq!(status.signal(), Some(9), "{point}");
        let store = FolderStore::new(&folder);
        let lease = block_on(store.acquire(&state(), holder("next"))).unwrap();
        judge(lease.loaded(), &progress_at(&points[..nth]), point);
        block_on(lease.remove()).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "{point}: something was left");
    }
}

#[test]
fn a_process_killed_at_a_ledger_leaves_the_old_one_or_the_new_one() {
    const PROCESS: &str = "the_process_killed_at_a_ledger";
    let scratch = tempfile::tempdir().unwrap();
    let log = scratch.path().join("log");
    assert!(run(PROCESS, &scratch.path().join("whole"), "none", &log).success());
    let points = fs::read_to_string(&log).unwrap();
    let points: Vec<&str> = points.lines().collect();
    assert_eq!(points.len(), 6, "{points:?}");
    for (nth, point) in (1..).zip(&points) {
        let folder = scratch.path().join(nth.to_string());
        let status = run(PROCESS, &folder, point, &scratch.path().join("again"));
        assert_eq!(status.signal(), Some(9), "{point}");
        // The second writing begins once the first is acknowledged.
        let acknowledged = (nth > 3).then_some(FIRST);
        block_on(judge_ledger(&FolderStore::new(&folder), acknowledged.as_ref(), point));
    }
}

/// What must be durable once these points were passed.
fn progress_at(points: &[&str]) -> Progress {
    let passed = |name: &str| points.iter().filter(|point| point.ends_with(name)).count();
    let sizes = [1, 3, 2, 1, 1];
    let serial = passed("after snapshot durable") as u64;
    Progress {
        asked: sizes[..passed("before append")].iter().sum(),
        acknowledged: sizes[..passed("store: after append")].iter().sum(),
        serial,
        serial_asked: passed("after snapshot synced") as u64,
        removal_asked: passed("after removal renamed") > 0,
        ..Progress::default()
    }
}
