//! The fail points of the built binary: which there are, which a run came by, how to be killed there.
//!
//! Each scenario names the groups of points that it must come by, and every point of the source is
//! in a group: so none is forgotten, and none is lost unseen.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The environment in whose run points are looked for.
pub(crate) const PROBE: &str = "probe";

/// What every command passes that changes a state.
pub(crate) const LEASE: &[&str] = &[
    "store: after lock taken",
    "store: after holder written",
    "store: after lease taken",
    "store: before append",
    "store: after append, before sync",
    "store: after append",
];

/// The first record of a new state, and the first after a snapshot.
const JOURNAL: &[&str] = &[
    "store: before journal started",
    "store: after new journal synced",
    "store: after new journal renamed",
    "store: after journal started",
];

/// The end of a command that leaves a state.
pub(crate) const SNAPSHOT: &[&str] = &[
    "store: before snapshot",
    "store: after snapshot written",
    "store: after snapshot synced",
    "store: after snapshot renamed",
    "store: after snapshot durable",
    JOURNAL[0],
    JOURNAL[1],
    JOURNAL[2],
    JOURNAL[3],
    "store: before release",
    "store: before lock released",
];

/// The end of a command that leaves none.
pub(crate) const REMOVAL: &[&str] = &[
    "store: before removal",
    "store: after removal renamed",
    "store: after removal durable",
    "store: after removal deleted",
];

/// A plan that is carried out.
pub(crate) const EFFECTS: &[&str] = &[
    "apply: run opened",
    "apply: before intent",
    "apply: intent durable",
    "apply: before effect",
    "apply: effect done",
    "apply: outcome durable",
    "apply: run closed",
];

/// Traffic that goes elsewhere.
pub(crate) const SHIFTS: &[&str] = &["apply: before mark"];

/// Objects that take their time to be ready.
pub(crate) const READY: &[&str] = &["apply: object ready"];

/// Objects that take their time to be gone.
pub(crate) const GONE: &[&str] = &["apply: object gone"];

/// An import.
pub(crate) const IMPORT: &[&str] = &[
    "import: before intent",
    "import: intent durable",
    "import: effect done",
    "import: outcome durable",
];

/// The command after one that was killed.
pub(crate) const DECISIONS: &[&str] = &["settle: before decisions", "settle: decisions durable"];

/// The command that finds what turned up after it was given up.
pub(crate) const LATE: &[&str] = &[
    "settle: before late object removed",
    "settle: late object removed",
    "settle: late object forgotten",
];

/// Requests, which no command of the binary makes yet: the store's own tests kill there.
const REQUESTS: &[&str] =
    &["store: before request", "store: after request", "store: after request removed"];

/// The ledger, which is written only where environments are limited: no scenario limits them.
const LEDGER: &[&str] =
    &["store: before ledger", "store: after ledger synced", "store: after ledger renamed"];

/// What a command passes that leaves a state in a bucket.
pub(crate) const BUCKET: &[&str] = &[
    "store: after lease taken",
    "store: after state named",
    "store: before append",
    "store: after append",
    "store: before snapshot",
    "store: after snapshot",
    "store: after folded slots deleted",
    "store: before release",
    "store: after lease given back",
];

/// What a command passes that leaves none there.
pub(crate) const BUCKET_REMOVAL: &[&str] = &[
    "store: before removal",
    "store: after removal durable",
    "store: after removal deleted",
    "store: after lease given back",
];

/// What a command passes that takes a lease in a bucket from one that did not give it back.
pub(crate) const TAKEOVER: &[&str] = &["store: after snapshot fenced", "store: after epoch fenced"];

const GROUPS: &[&[&str]] = &[
    LEASE,
    JOURNAL,
    SNAPSHOT,
    REMOVAL,
    EFFECTS,
    SHIFTS,
    READY,
    GONE,
    IMPORT,
    DECISIONS,
    LATE,
    REQUESTS,
    LEDGER,
    BUCKET,
    BUCKET_REMOVAL,
    TAKEOVER,
];

/// A hit of a fail point.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// As the log has it: `1 apply: effect done @ create:probe/aws_vpc.main`.
    line: String,
}

impl Point {
    /// Where a run first comes by the point of this name.
    pub(crate) fn first(name: &str) -> Point {
        Point { line: format!("1 {name}") }
    }

    /// What it is called in the source.
    pub(crate) fn name(&self) -> &str {
        self.parts().1
    }

    /// Whether a run must come here, in whatever order its answers arrive. How many appends share
    /// a write differs from run to run, and so does how often the store's points are passed.
    pub(crate) fn is_certain(&self) -> bool {
        self.parts().0 == "1"
    }

    /// Runs `command`, which is about `environment`, until it comes here; whether it did. It is
    /// killed then; else it must succeed.
    pub(crate) fn kill(&self, mut command: Command, environment: &str) -> bool {
        let (probed, meant) = (format!(":{PROBE}/"), format!(":{environment}/"));
        let here = self.renamed(|line| line.replace(&probed, &meant));
        command.env("GREENROOM_FAIL_AT", here.line);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let status = status.expect("the binary starts");
        assert!(matches!(status.code(), None | Some(0)), "{environment}, {self:?}: {status}");
        let killed = status.code().is_none();
        assert!(killed || !self.is_certain(), "{environment}: it never came to {self:?}");
        killed
    }

    /// The same point of a run that is about things with other names.
    pub(crate) fn renamed(&self, rename: impl Fn(&str) -> String) -> Point {
        Point { line: rename(&self.line) }
    }

    /// How often, where, and what about.
    pub(crate) fn parts(&self) -> (&str, &str, &str) {
        let (nth, point) = self.line.split_once(' ').expect("a number and a name");
        let (name, about) = point.split_once(" @ ").unwrap_or((point, ""));
        (nth, name, about)
    }
}

/// The points that a command comes by in [`PROBE`], which must be all of these groups.
pub(crate) fn passed(mut command: Command, log: &Path, groups: &[&[&str]]) -> Vec<Point> {
    let output = command.env("GREENROOM_FAIL_LOG", log).output().expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    let text = fs::read_to_string(log).expect("points were passed: they are compiled in");
    fs::remove_file(log).expect("it was just read");
    let points: Vec<Point> = text.lines().map(|line| Point { line: line.to_owned() }).collect();
    let names: BTreeSet<&str> = points.iter().map(Point::name).collect();
    let missed: Vec<&&str> =
        groups.iter().copied().flatten().filter(|name| !names.contains(**name)).collect();
    assert!(missed.is_empty(), "{command:?} did not come by {missed:?}");
    points
}

/// Says what a test was about when it failed.
pub(crate) struct About<T: Debug>(pub(crate) T);

impl<T: Debug> Drop for About<T> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("failed: {:?}", self.0);
        }
    }
}

/// Does `work` for each item, so many at a time.
pub(crate) fn together<T: Sync>(items: &[T], at_a_time: usize, work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    let take = || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        items.get(number).map(|item| (number, item))
    };
    let serve = || {
        while let Some((number, item)) = take() {
            work(number, item);
        }
    };
    thread::scope(|scope| (0..at_a_time).for_each(|_| drop(scope.spawn(serve))));
}

#[test]
fn every_fail_point_of_the_source_is_in_a_group_that_scenarios_must_come_by() {
    let known: BTreeSet<String> =
        GROUPS.iter().copied().flatten().map(|name| (*name).to_owned()).collect();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeSet::new();
    for file in sources(&crates) {
        let text = fs::read_to_string(&file).expect("a source file");
        found.extend(text.split("fail_point").skip(1).filter_map(name_in));
    }
    assert_eq!(found, known);
}

/// The name of the point whose call goes on like this.
fn name_in(call: &str) -> Option<String> {
    let arguments = call.strip_prefix("_of").unwrap_or(call).strip_prefix('(')?;
    let name = arguments.trim_start().strip_prefix('"')?;
    Some(name.split_once('"')?.0.to_owned())
}

/// The source files of all crates.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the checkout").flatten();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let is_source = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "src");
    let files = paths.iter().filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let below = paths.iter().filter(|path| path.is_dir()).flat_map(|path| sources(path));
    files.cloned().chain(below).filter(is_source).collect()
}
