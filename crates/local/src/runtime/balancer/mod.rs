//! Load balancers: one process each, which listens on loopback and passes HTTP requests on.
//!
//! This file is the command's view of them; the process itself begins in `serve`. A balancer's
//! folder holds `balancer.json` (what is asked for) and `config.json` (what the process runs).
//! Its configuration is always composed anew from the folders of listeners and target groups.

mod board;
mod body;
mod choice;
mod config;
mod connector;
mod counters;
mod forward;
mod group;
mod headers;
mod health;
mod listener;
mod mirror;
mod serve;
mod target;
mod tunnel;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::address::ListenAddress;
use super::control::{self, ControlError};
use super::files::{self, FileError};
use super::launch::{self, LaunchError, Launcher};
use super::owner::{Owner, Uid};
use super::port::PortError;
use super::root::{ObjectType, Root};
use super::{listener as listeners, service, target_group};

pub use board::Versioned;
pub use config::{
    Action, Config, FixedResponse, HealthCheck, ListenerConfig, Matcher, TargetAddress,
    TargetGroupConfig, WeightedGroup,
};
pub use counters::{CounterValues, ErrorClass, LATENCY_BOUNDS_MS};
pub use group::TargetHealth;
pub use serve::BalancerCounters;

pub(crate) use health::Health;
pub(crate) use serve::run;
use serve::{Reply, Request, STOP_LIMIT};
pub(crate) use target::Checks;

/// What a balancer is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerSpec {
    /// Where its listeners listen.
    #[serde(default)]
    pub address: ListenAddress,
    /// How long a target or an idle client connection may be silent, in milliseconds.
    pub idle_timeout_ms: u64,
}

/// A balancer as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balancer {
    /// Whose it is.
    pub owner: Owner,
    /// What it is to be.
    pub spec: BalancerSpec,
    /// Where its listeners listen; `None` if its making was interrupted before it had an address.
    pub ip: Option<Ipv4Addr>,
    /// What its process runs; `None` if there is no process, or it does not answer.
    pub running: Option<Versioned>,
}

/// Why a balancer does not do what it should.
#[derive(Debug, Error)]
pub enum BalancerError {
    /// There is none with this uid.
    #[error("there is no load balancer {uid}")]
    Missing {
        /// The uid.
        uid: Uid,
    },
    /// It has no process.
    #[error("the load balancer {uid} does not run")]
    Stopped {
        /// The uid.
        uid: Uid,
    },
    /// It did not take a configuration; the one before still runs.
    #[error("the load balancer {uid} refused its new configuration: {message}")]
    Refused {
        /// The uid.
        uid: Uid,
        /// Why.
        message: String,
        /// The port that it could not listen on, if that is why.
        port: Option<u16>,
    },
    /// Its process gave an answer to another question.
    #[error("the load balancer {uid} gave a wrong answer")]
    Confused {
        /// The uid.
        uid: Uid,
    },
    /// It cannot have its address.
    #[error(transparent)]
    Address(#[from] PortError),
    /// Its process does not answer.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// Its process does not start or end.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// A file of a folder could not be used.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Makes a balancer and returns when its process answers. One that exists is continued.
///
/// # Errors
///
/// If this fails, nothing is left.
pub async fn create(
    root: &Root,
    launcher: &Launcher,
    owner: &Owner,
    spec: &BalancerSpec,
) -> Result<(), BalancerError> {
    let made = async {
        let fill = |folder: &Path| files::write_json(&spec_path(folder), spec);
        root.place(ObjectType::Balancer, owner, fill)?;
        root.assign_address(&owner.uid, spec.address)?;
        start(root, launcher, &owner.uid).await
    };
    if let Err(error) = made.await {
        // The first error counts; what this leaves, the next delete takes.
        let _ = delete(root, &owner.uid).await;
        return Err(error);
    }
    Ok(())
}

/// Looks at a balancer; `None` if there is none. `running` is what its process runs.
///
/// # Errors
///
/// [`FileError`] if a file of its folder cannot be read.
pub fn look(
    root: &Root,
    uid: &Uid,
    running: Option<Versioned>,
) -> Result<Option<Balancer>, FileError> {
    let folder = root.folder(ObjectType::Balancer, uid);
    let Some(owner) = root.owner(ObjectType::Balancer, uid)? else { return Ok(None) };
    let Some(spec) = files::read_json::<BalancerSpec>(&spec_path(&folder))? else {
        return Ok(None);
    };
    let ip = root.assigned_address(uid, spec.address)?;
    Ok(Some(Balancer { owner, spec, ip, running }))
}

/// The address that a balancer's listeners listen on; `None` if there is no such balancer.
pub(crate) fn address(root: &Root, uid: &Uid) -> Result<Option<Ipv4Addr>, FileError> {
    Ok(look(root, uid, None)?.and_then(|balancer| balancer.ip))
}

/// Changes a balancer, starting its process if there is none.
///
/// # Errors
///
/// [`BalancerError`]; the process still runs what it ran before.
pub async fn update(
    root: &Root,
    launcher: &Launcher,
    uid: &Uid,
    spec: &BalancerSpec,
) -> Result<(), BalancerError> {
    let folder = root.folder(ObjectType::Balancer, uid);
    if root.owner(ObjectType::Balancer, uid)?.is_none() {
        return Err(BalancerError::Missing { uid: uid.clone() });
    }
    files::write_json(&spec_path(&folder), spec)?;
    start(root, launcher, uid).await
}

/// Ends a balancer's process, letting it finish its requests, and removes its folder. It may be
/// gone already.
///
/// # Errors
///
/// The balancer is still there, perhaps without its process.
pub async fn delete(root: &Root, uid: &Uid) -> Result<(), BalancerError> {
    let folder = root.folder(ObjectType::Balancer, uid);
    let mut lock = None;
    if folder.exists() {
        let saved: Option<Versioned> =
            files::read_json(&folder.join("config.json")).unwrap_or_default();
        let groups = saved.iter().flat_map(|saved| saved.config.target_groups.values());
        let delay = groups.map(|group| group.deregistration_delay_ms).max().unwrap_or(0);
        let grace = Duration::from_millis(delay) + 2 * STOP_LIMIT;
        lock = Some(launch::stop(&folder, grace).await?);
    }
    root.release_address(uid)?;
    root.remove(ObjectType::Balancer, uid)?;
    drop(lock);
    Ok(())
}

/// What a balancer runs; `None` if it has no process.
///
/// # Errors
///
/// [`FileError`] if its lock file cannot be read.
pub async fn running(root: &Root, uid: &Uid) -> Result<Option<Versioned>, FileError> {
    if !has_process(root, uid)? {
        return Ok(None);
    }
    match ask(root, uid, &Request::Status).await {
        Ok(Reply::Status(running)) => Ok(Some(running)),
        // On its way up, on its way out, or stuck: whatever it is, it serves nobody.
        _ => Ok(None),
    }
}

/// Whether a balancer has a process, whatever that does.
pub(crate) fn has_process(root: &Root, uid: &Uid) -> Result<bool, FileError> {
    launch::is_running(&root.folder(ObjectType::Balancer, uid))
}

/// What a balancer has served.
///
/// # Errors
///
/// [`BalancerError::Control`] if its process does not answer.
pub async fn counters(root: &Root, uid: &Uid) -> Result<BalancerCounters, BalancerError> {
    match ask(root, uid, &Request::Counters).await? {
        Reply::Counters(counters) => Ok(counters),
        reply => Err(unexpected(uid, reply)),
    }
}

/// How the targets of a balancer are, by target group.
///
/// # Errors
///
/// [`BalancerError::Control`] if its process does not answer.
pub async fn health(
    root: &Root,
    uid: &Uid,
) -> Result<BTreeMap<String, Vec<TargetHealth>>, BalancerError> {
    match ask(root, uid, &Request::Health).await? {
        Reply::Health(health) => Ok(health),
        reply => Err(unexpected(uid, reply)),
    }
}

/// Lets a balancer's process take what the folders say, and returns when it did.
pub(crate) async fn push(root: &Root, uid: &Uid) -> Result<u64, BalancerError> {
    let _turn = service::take_turn(&root.folder(ObjectType::Balancer, uid)).await?;
    push_without(root, uid, None).await
}

/// Lets a balancer forget a listener, then calls `remove` before anybody composes it anew.
pub(crate) async fn forget(
    root: &Root,
    uid: &Uid,
    listener: &Uid,
    remove: impl FnOnce() -> Result<(), FileError>,
) -> Result<(), BalancerError> {
    let folder = root.folder(ObjectType::Balancer, uid);
    if !folder.exists() {
        return Ok(remove()?);
    }
    let _turn = service::take_turn(&folder).await?;
    match push_without(root, uid, Some(listener)).await {
        Ok(_) | Err(BalancerError::Stopped { .. }) => Ok(remove()?),
        Err(error) => Err(error),
    }
}

async fn push_without(
    root: &Root,
    uid: &Uid,
    forgotten: Option<&Uid>,
) -> Result<u64, BalancerError> {
    if !has_process(root, uid)? {
        return Err(BalancerError::Stopped { uid: uid.clone() });
    }
    let config = compose(root, uid, forgotten)?;
    match ask(root, uid, &Request::Configure(config)).await? {
        Reply::Configured { version } => Ok(version),
        reply => Err(unexpected(uid, reply)),
    }
}

/// The configuration of a balancer as the folders of its listeners and their groups have it.
fn compose(root: &Root, uid: &Uid, forgotten: Option<&Uid>) -> Result<Config, BalancerError> {
    let missing = || BalancerError::Missing { uid: uid.clone() };
    let folder = root.folder(ObjectType::Balancer, uid);
    let spec: BalancerSpec = files::read_json(&spec_path(&folder))?.ok_or_else(missing)?;
    let address = root.assigned_address(uid, spec.address)?.ok_or_else(missing)?;
    let mut config = Config::new(address, spec.idle_timeout_ms);
    let mut groups = BTreeSet::new();
    for (listener, wanted) in listeners::of_balancer(root, uid)? {
        if forgotten != Some(&listener) {
            groups.extend(wanted.action.groups().cloned());
            config.listeners.insert(listener.to_string(), wanted);
        }
    }
    for group in groups {
        if let Some(wanted) = Uid::new(group).map(|uid| target_group::config(root, &uid)) {
            config.target_groups.extend(wanted?);
        }
    }
    Ok(config)
}

async fn start(root: &Root, launcher: &Launcher, uid: &Uid) -> Result<(), BalancerError> {
    service::start(launcher, "balance", &root.folder(ObjectType::Balancer, uid)).await?;
    push(root, uid).await.map(drop)
}

async fn ask(root: &Root, uid: &Uid, request: &Request) -> Result<Reply, ControlError> {
    control::ask(&root.folder(ObjectType::Balancer, uid), request).await
}

fn unexpected(uid: &Uid, reply: Reply) -> BalancerError {
    let uid = uid.clone();
    match reply {
        Reply::Refused { message, port } => BalancerError::Refused { uid, message, port },
        _ => BalancerError::Confused { uid },
    }
}

fn spec_path(folder: &Path) -> PathBuf {
    folder.join("balancer.json")
}
