//! Instances: programs under a supervisor, seen from the command.
//!
//! An instance's folder holds `instance.json` (what it is to run), `status.json` (what became of
//! it, written by the supervisor), `output.log` and the program's working folder `work/`.

mod error;
mod program;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::files::{self, FileError};
use super::image::{self, Image};
use super::launch::{self, LOOK, Launcher};
use super::lock::LifeLock;
use super::owner::{Owner, Uid};
use super::port;
use super::process::{self, ProcessId};
use super::readiness::Readiness;
use super::root::{ObjectType, Root};
use super::{lock, log};

pub use error::InstanceError;
pub use program::ProgramError;

/// What an instance is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSpec {
    /// What it runs from.
    pub image: Image,
    /// Program and arguments; if empty, what the image itself says is run.
    pub command: Vec<String>,
    /// Environment variables beside `PORT` and those that begin with `GREENROOM_`.
    pub environment: BTreeMap<String, String>,
    /// The port that is asked for; `None` for a free one, kept for life.
    pub port: Option<u16>,
    /// When it counts as ready.
    pub readiness: Readiness,
    /// How long it may take to end after SIGTERM, in milliseconds.
    pub stop_timeout_ms: u64,
}

/// An instance as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Whose it is.
    pub owner: Owner,
    /// What it is to run.
    pub spec: InstanceSpec,
    /// Its port; `None` if its making was interrupted before it had one.
    pub port: Option<u16>,
    /// What became of it.
    pub state: InstanceState,
    /// Where its output is.
    pub log: PathBuf,
}

/// What became of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// The program is starting and not ready yet.
    Starting,
    /// The program runs and was ready.
    Running,
    /// The program runs, but was not ready in time.
    Unready,
    /// The program ended by itself, or somebody killed it.
    Exited(Exit),
    /// The program could not be started.
    Failed(String),
    /// No process: never started, stopped, or the supervisor was killed.
    Stopped,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// With this exit status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "exited with status {status}"),
            Exit::Signal(signal) => write!(f, "was ended by signal {signal}"),
        }
    }
}

/// How often a free port is chosen anew when somebody else was faster to listen on it.
const PORT_TRIES: usize = 5;

/// How long a program may take to end after SIGTERM where nothing else is said.
pub const STOP_TIMEOUT_MS: u64 = 10_000;

/// How much longer than its program a supervisor may take to end.
const SUPERVISOR_GRACE: Duration = Duration::from_secs(5);

/// Makes an instance and starts its supervisor; [`wait_ready`] waits for the program.
///
/// An instance with this uid that exists already is continued. If this fails, nothing is left.
///
/// # Errors
///
/// [`InstanceError::Program`] and [`InstanceError::Port`] name the program and the port.
pub async fn create(
    root: &Root,
    launcher: &Launcher,
    owner: &Owner,
    spec: &InstanceSpec,
) -> Result<(), InstanceError> {
    let made = async {
        // Until the instance is there; from then on that keeps its image.
        let held = image::hold(root, &spec.image).await?;
        program::find(root, spec)?;
        let file = Assigned { spec: spec.clone(), port: None };
        let fill = |folder: &Path| files::write_json(&spec_path(folder), &file);
        root.place(ObjectType::Instance, owner, fill)?;
        drop(held);
        start(root, launcher, &owner.uid).await
    };
    if let Err(error) = made.await {
        // The first error counts; what this leaves, the next delete takes.
        let _ = delete(root, &owner.uid).await;
        let _ = image::remove_unused(root, Some(&spec.image)).await;
        return Err(error);
    }
    Ok(())
}

/// Looks at an instance; `None` if there is none.
///
/// # Errors
///
/// [`FileError`] if a file of its folder cannot be read.
pub fn look(root: &Root, uid: &Uid) -> Result<Option<Instance>, FileError> {
    let folder = root.folder(ObjectType::Instance, uid);
    let Some(owner) = root.owner(ObjectType::Instance, uid)? else { return Ok(None) };
    let Some(Assigned { spec, port }) = files::read_json(&spec_path(&folder))? else {
        return Ok(None);
    };
    let state = state(&folder)?;
    Ok(Some(Instance { owner, spec, port, state, log: log_path(&folder) }))
}

/// Waits until the program is ready, and starts it first if a killed command did not get there.
///
/// # Errors
///
/// [`InstanceError::Exited`], [`InstanceError::Failed`] and [`InstanceError::NeverReady`] if it
/// never will be.
pub async fn wait_ready(
    root: &Root,
    launcher: &Launcher,
    uid: &Uid,
) -> Result<Instance, InstanceError> {
    if require(root, uid)?.state == InstanceState::Stopped {
        start(root, launcher, uid).await?;
    }
    for _ in 1..PORT_TRIES {
        let instance = wait_settled(root, uid).await?;
        match lost_port(&instance) {
            None => return verdict(instance),
            // Somebody took the free port between its choice and the program's start.
            Some(port) => {
                give_up_port(root, uid, port)?;
                start(root, launcher, uid).await?;
            }
        }
    }
    verdict(wait_settled(root, uid).await?)
}

/// Stops the program, changes what it is to run, and starts it again.
///
/// # Errors
///
/// As [`create`] and [`wait_ready`]; the program may be down then, and [`look`] says so.
pub async fn update(
    root: &Root,
    launcher: &Launcher,
    uid: &Uid,
    spec: &InstanceSpec,
) -> Result<Instance, InstanceError> {
    let old = require(root, uid)?;
    let _held = image::hold(root, &spec.image).await?;
    program::find(root, spec)?;
    if let Some(port) = spec.port.filter(|port| old.port != Some(*port)) {
        root.reserve_port(uid, Ipv4Addr::LOCALHOST, Some(port))?;
        if let Err(error) = port::check_free(port) {
            root.release_ports(uid, old.port.map(port::on_localhost))?;
            return Err(error.into());
        }
    }
    let folder = root.folder(ObjectType::Instance, uid);
    let lock = stop(root, uid, old.spec.stop_timeout_ms).await?;
    let port = spec.port.or(old.port);
    files::write_json(&spec_path(&folder), &Assigned { spec: spec.clone(), port })?;
    root.release_ports(uid, port.map(port::on_localhost))?;
    drop(lock);
    start(root, launcher, uid).await?;
    wait_ready(root, launcher, uid).await
}

/// Ends the program and removes the instance, which may be gone already.
///
/// # Errors
///
/// The instance is still there, perhaps without its program.
pub async fn delete(root: &Root, uid: &Uid) -> Result<(), InstanceError> {
    let folder = root.folder(ObjectType::Instance, uid);
    // Held until the folder is gone, so that nobody starts it in between.
    let mut lock = None;
    let mut image = None;
    if folder.exists() {
        // A damaged file is no reason to keep the instance.
        let file: Option<Assigned> = files::read_json(&spec_path(&folder)).unwrap_or_default();
        let timeout_ms = file.as_ref().map_or(STOP_TIMEOUT_MS, |it| it.spec.stop_timeout_ms);
        image = file.map(|file| file.spec.image);
        lock = Some(stop(root, uid, timeout_ms).await?);
    }
    // The folder goes last: while it is there, a delete that was cut off is done again.
    root.release_ports(uid, None)?;
    root.remove(ObjectType::Instance, uid)?;
    drop(lock);
    image::remove_unused(root, image.as_ref()).await?;
    Ok(())
}

/// The content of `instance.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Assigned {
    pub(crate) spec: InstanceSpec,
    pub(crate) port: Option<u16>,
}

/// The content of `status.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: InstanceState,
    pub(crate) program: Option<ProcessId>,
}

pub(crate) fn spec_path(folder: &Path) -> PathBuf {
    folder.join("instance.json")
}

pub(crate) fn status_path(folder: &Path) -> PathBuf {
    folder.join("status.json")
}

pub(crate) fn log_path(folder: &Path) -> PathBuf {
    folder.join("output.log")
}

/// What an instance runs from; `None` if there is none of this uid.
pub(crate) fn image_of(root: &Root, uid: &Uid) -> Result<Option<Image>, FileError> {
    let file: Option<Assigned> =
        files::read_json(&spec_path(&root.folder(ObjectType::Instance, uid)))?;
    Ok(file.map(|file| file.spec.image))
}

pub(crate) use program::{Run, find as find_program};

/// Starts the supervisor unless it runs.
async fn start(root: &Root, launcher: &Launcher, uid: &Uid) -> Result<(), InstanceError> {
    let folder = root.folder(ObjectType::Instance, uid);
    let lock_path = launch::lock_path(&folder);
    let Some(lock) = LifeLock::take(&lock_path)? else { return Ok(()) };
    end_leftovers(uid, &folder).await?;
    let port = assign_port(root, uid, &folder)?;
    port::check_free(port)?;
    // What is in it is about an earlier start; from now on its absence means "starting".
    files::remove(&status_path(&folder))?;
    launcher.launch("supervise", &folder, lock).await?;
    Ok(())
}

fn assign_port(root: &Root, uid: &Uid, folder: &Path) -> Result<u16, InstanceError> {
    let missing = || InstanceError::Missing { uid: uid.clone() };
    let mut file: Assigned = files::read_json(&spec_path(folder))?.ok_or_else(missing)?;
    let port = root.reserve_port(uid, Ipv4Addr::LOCALHOST, file.spec.port.or(file.port))?;
    if file.port != Some(port) {
        file.port = Some(port);
        files::write_json(&spec_path(folder), &file)?;
    }
    Ok(port)
}

/// Stops supervisor and program and returns with the instance's lock.
async fn stop(root: &Root, uid: &Uid, timeout_ms: u64) -> Result<LifeLock, InstanceError> {
    let folder = root.folder(ObjectType::Instance, uid);
    let grace = Duration::from_millis(timeout_ms) + SUPERVISOR_GRACE;
    let lock = launch::stop(&folder, grace).await?;
    end_leftovers(uid, &folder).await?;
    Ok(lock)
}

/// Ends what a killed supervisor may have left running.
async fn end_leftovers(uid: &Uid, folder: &Path) -> Result<(), InstanceError> {
    let status: Option<Status> = files::read_json(&status_path(folder)).unwrap_or_default();
    let program = status.and_then(|status| status.program);
    process::end_leftovers(folder, program.as_ref())
        .await
        .map_err(|source| InstanceError::Leftover { uid: uid.clone(), source })
}

fn state(folder: &Path) -> Result<InstanceState, FileError> {
    // Looked at before the status: a supervisor writes its last word before it lets go.
    let held = lock::is_held(&launch::lock_path(folder))?;
    let status: Option<Status> = files::read_json(&status_path(folder))?;
    let state = status.map_or(InstanceState::Starting, |status| status.state);
    let needs_process =
        matches!(state, InstanceState::Starting | InstanceState::Running | InstanceState::Unready);
    Ok(if needs_process && !held { InstanceState::Stopped } else { state })
}

fn require(root: &Root, uid: &Uid) -> Result<Instance, InstanceError> {
    look(root, uid)?.ok_or_else(|| InstanceError::Missing { uid: uid.clone() })
}

/// Waits until the program is no longer starting.
async fn wait_settled(root: &Root, uid: &Uid) -> Result<Instance, InstanceError> {
    loop {
        let instance = require(root, uid)?;
        if instance.state != InstanceState::Starting {
            return Ok(instance);
        }
        sleep(LOOK).await;
    }
}

fn verdict(instance: Instance) -> Result<Instance, InstanceError> {
    let program = program::title(&instance.spec);
    match instance.state {
        InstanceState::Running | InstanceState::Starting => Ok(instance),
        InstanceState::Exited(exit) => {
            Err(InstanceError::Exited { program, exit, log: log::quoted(&instance.log) })
        }
        InstanceState::Failed(reason) => Err(InstanceError::Failed { program, reason }),
        InstanceState::Unready => Err(InstanceError::NeverReady {
            program,
            timeout_ms: instance.spec.readiness.timeout_ms,
            log: log::quoted(&instance.log),
        }),
        InstanceState::Stopped => Err(InstanceError::SupervisorKilled { program }),
    }
}

/// The free port of an instance that ended because somebody else listens on it.
fn lost_port(instance: &Instance) -> Option<u16> {
    let ended = matches!(instance.state, InstanceState::Exited(_));
    let chosen = instance.port.filter(|_| ended && instance.spec.port.is_none());
    chosen.filter(|port| port::check_free(*port).is_err())
}

fn give_up_port(root: &Root, uid: &Uid, port: u16) -> Result<(), InstanceError> {
    let folder = root.folder(ObjectType::Instance, uid);
    let file: Option<Assigned> = files::read_json(&spec_path(&folder))?;
    if let Some(file) = file.filter(|file| file.port == Some(port)) {
        files::write_json(&spec_path(&folder), &Assigned { port: None, ..file })?;
    }
    root.release_ports(uid, None)?;
    Ok(())
}
