//! A project in a folder of its own, and a look at everything that it brought into the world.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A project with its own states and its own root for the local provider.
pub(crate) struct World {
    folder: TempDir,
}

/// Variables that name an environment, or the build for which one is made.
const BUILD: [&str; 8] = [
    "GREENROOM_ENV",
    "BUILD_TAG",
    "BRANCH_NAME",
    "CHANGE_ID",
    "CI_PIPELINE_ID",
    "GITHUB_RUN_ID",
    "GITHUB_HEAD_REF",
    "GITHUB_ACTIONS",
];

/// The key that is signed with, which tests are not to have by accident.
const SIGNING_KEY: &str = "GREENROOM_SIGNING_KEY";

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A process that runs below the world's root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) command: String,
    /// The object's folder, from the process's environment.
    pub(crate) folder: PathBuf,
}

/// An object below the world's root.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    /// As its folder's parent: `instances`.
    pub(crate) kind: String,
    pub(crate) uid: String,
    /// The shop's servers that run in it.
    pub(crate) servers: Vec<i32>,
}

impl World {
    /// A project of these files beside an image `web` that holds the shop's server.
    pub(crate) fn new(files: &[(&str, &str)]) -> World {
        let folder = TempDir::with_prefix("greenroom-e2e-").expect("a temporary folder");
        let image = folder.path().join("image");
        fs::create_dir(&image).expect("an image folder");
        fs::copy(shop_server(), image.join("shop-server")).expect("the server is copied");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file of the project");
        }
        World { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("a file of the project");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("a file of the project")
    }

    /// The folder of the state of `stage`'s default environment.
    pub(crate) fn state_folder(&self, stage: &str) -> PathBuf {
        self.path().join("state/e2e").join(stage).join("default.state")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command
            .arg("-C")
            .arg(self.path())
            .args(arguments)
            .env("GREENROOM_LOCAL_ROOT", self.path().join("root"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        // What runs the tests may itself be a build.
        for name in BUILD.into_iter().chain([SIGNING_KEY]) {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn greenroom(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("greenroom starts"))
    }

    /// Runs a command that must end with `code`.
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.greenroom(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    pub(crate) fn output(&self, stage: &str, name: &str) -> String {
        self.expect(0, &["output", stage, name, "--raw"]).stdout.trim().to_owned()
    }

    /// All processes that belong to objects below the root, by what their environment says.
    pub(crate) fn processes(&self) -> Vec<Process> {
        let root = self.path().join("root");
        let mut found: Vec<Process> = fs::read_dir("/proc")
            .expect("/proc")
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter_map(|pid| process(pid, &root))
            .collect();
        found.sort_by_key(|it| it.pid);
        found
    }

    /// Running programs of instances: one each, whatever runs around them.
    pub(crate) fn servers(&self) -> Vec<Process> {
        self.processes().into_iter().filter(|it| it.command.contains("shop-server")).collect()
    }

    /// The folders of objects below the root, by kind.
    pub(crate) fn objects(&self) -> BTreeMap<String, usize> {
        let mut objects = BTreeMap::new();
        for kind in list(&self.path().join("root")) {
            let name = name(&kind);
            let count = list(&kind).len();
            if count > 0 {
                objects.insert(name, count);
            }
        }
        objects
    }

    /// The objects of an environment, by what their folders say, in order of kind and uid.
    pub(crate) fn objects_of(&self, environment: &str) -> Vec<Object> {
        let servers = self.servers();
        let of_kind = |kind: &PathBuf| list(kind).into_iter().filter(|it| it.is_dir());
        let kinds = list(&self.path().join("root"));
        let is_its = |folder: &PathBuf| scope(folder).is_some_and(|it| it == environment);
        let mut objects: Vec<Object> = kinds
            .iter()
            .flat_map(of_kind)
            .filter(is_its)
            .map(|folder| Object {
                kind: name(folder.parent().expect("a kind")),
                uid: name(&folder),
                servers: servers.iter().filter(|it| it.folder == folder).map(|it| it.pid).collect(),
            })
            .collect();
        objects.sort();
        objects
    }

    /// Asserts that no process and no object is left.
    pub(crate) fn assert_nothing_exists(&self) {
        assert_eq!(self.processes(), [], "processes are left");
        assert_eq!(self.objects(), BTreeMap::new(), "objects are left");
    }

    /// Asserts that nothing is left: no process, no folder, no state.
    pub(crate) fn assert_nothing_left(&self) {
        self.assert_nothing_exists();
        let mut states = walk(&self.path().join("state"));
        // Who waits for places, and what was attested, is the project's, not an environment's.
        let is_project = |it: &str| it.starts_with("project.") || it.starts_with("attested-");
        states.retain(|file| !is_project(&name(file)));
        assert_eq!(states, Vec::<PathBuf>::new(), "state entries are left");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for process in self.processes() {
            let _ = Command::new("kill").args(["-9", &process.pid.to_string()]).status();
        }
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Everything it said.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

fn process(pid: i32, root: &Path) -> Option<Process> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned();
    let variable = environment
        .split(|byte| *byte == 0)
        .find_map(|entry| entry.strip_prefix(b"GREENROOM_FOLDER="))
        .map(|value| PathBuf::from(String::from_utf8_lossy(value).into_owned()));
    // Supervisors and balancers name their folder on the command line.
    let folder = variable
        .or_else(|| command.split(' ').map(PathBuf::from).find(|it| it.starts_with(root)))?;
    (folder.starts_with(root) && !command.is_empty()).then_some(Process { pid, command, folder })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The environment that an object's folder names; `None` if it is just going.
fn scope(folder: &Path) -> Option<String> {
    let owner = fs::read_to_string(folder.join("owner.json")).ok()?;
    let owner: serde_json::Value = serde_json::from_str(&owner).expect("JSON");
    Some(owner["scope"].as_str().expect("a scope").to_owned())
}

/// The visible entries of a folder, none if it is not there.
fn list(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let visible = entries.flatten().map(|it| it.path());
    visible
        .filter(|it| !it.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')))
        .collect()
}

/// All files below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .flat_map(|it| if it.path().is_dir() { walk(&it.path()) } else { vec![it.path()] })
        .collect()
}

/// The shop's server, built if it is not there yet.
fn shop_server() -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_greenroom")).with_file_name("shop-server");
    if !built.exists() {
        let target = built.parent().and_then(Path::parent).expect("a target folder");
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "shop-server", "--target-dir"])
            .arg(target)
            .status()
            .expect("cargo starts");
        assert!(status.success(), "the shop's server does not build");
    }
    built
}
