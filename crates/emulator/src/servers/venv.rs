//! The virtual environment of the servers, made once on a machine for each set of versions.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

/// Every package with its version: what moto answers depends on botocore's.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");

/// The interpreter in which the servers are installed.
pub(super) async fn python() -> PathBuf {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    let make = || async { spawn_blocking(made).await.expect("making the environment") };
    PYTHON.get_or_init(make).await.clone()
}

fn made() -> PathBuf {
    let folder = cache().join(format!("emulators-{:016x}", fingerprint(REQUIREMENTS)));
    let python = folder.join("bin/python");
    if python.is_file() {
        return python;
    }
    let parent = folder.parent().expect("it lies in the cache");
    fs::create_dir_all(parent).expect("the cache can be made");
    // One process makes it, others wait. What a killed one left lies beside the place, and is made
    // anew.
    let lock = File::create(folder.with_extension("lock")).expect("the lock can be made");
    flock(&lock, FlockOperation::LockExclusive).expect("the lock can be taken");
    if !python.is_file() {
        make(&folder);
    }
    python
}

/// Makes the environment beside its place and moves it there when it is complete.
fn make(folder: &Path) {
    let draft = folder.with_extension("new");
    let _ = fs::remove_dir_all(&draft);
    let requirements = folder.with_extension("txt");
    fs::write(&requirements, REQUIREMENTS).expect("the requirements can be written");
    run(Command::new("python3").args(["-m", "venv"]).arg(&draft));
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run(Command::new(draft.join("bin/python")).args(pip).arg(&requirements));
    fs::rename(&draft, folder).expect("the environment can be moved to its place");
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
}

/// Where all that tests need lies, as for `.ci`.
fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home folder")).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    cache.join("greenroom-ci")
}

/// A number that differs when the text does (FNV-1a).
fn fingerprint(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
