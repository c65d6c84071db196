//! Listeners: a folder with a file. The balancer that a listener belongs to opens its port.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::sleep;

use super::balancer::{self, Action, BalancerError, ListenerConfig, Versioned};
use super::files::{self, FileError};
use super::launch::LOOK;
use super::owner::{Owner, Uid};
use super::port::{PortError, PortSearch};
use super::root::{ObjectType, Root};

/// What a listener is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerSpec {
    /// The balancer it belongs to.
    pub load_balancer: Uid,
    /// The port that is asked for; `None` for a free one, kept for life.
    pub port: Option<u16>,
    /// What happens to requests.
    pub action: Action,
}

/// A listener as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Whose it is.
    pub owner: Owner,
    /// What is asked for.
    pub spec: ListenerSpec,
    /// The address of its balancer.
    pub address: Ipv4Addr,
    /// Its port; `None` if its making was interrupted before it had one.
    pub port: Option<u16>,
}

/// Why a listener is not as it should be.
#[derive(Debug, Error)]
pub enum ListenerError {
    /// There is none with this uid.
    #[error("there is no listener {uid}")]
    Missing {
        /// The uid.
        uid: Uid,
    },
    /// It names a target group that does not exist.
    #[error("there is no target group {id}")]
    NoGroup {
        /// The uid it names.
        id: String,
    },
    /// It cannot have its port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Its balancer did not take it.
    #[error(transparent)]
    Balancer(#[from] BalancerError),
    /// A file of its folder could not be used.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Listener {
    /// Whether the balancer, which runs `running`, serves exactly this.
    pub fn is_active(&self, running: Option<&Versioned>) -> bool {
        let served =
            running.and_then(|running| running.config.listeners.get(self.owner.uid.as_str()));
        let wanted = self.port.map(|port| self.spec.config(port));
        served.is_some() && served == wanted.as_ref()
    }
}

impl ListenerSpec {
    fn config(&self, port: u16) -> ListenerConfig {
        ListenerConfig { port, action: self.action.clone() }
    }
}

/// Makes a listener, and returns its port when the balancer serves it. One that exists already is
/// continued.
///
/// # Errors
///
/// If this fails, nothing is left.
pub async fn create(root: &Root, owner: &Owner, spec: &ListenerSpec) -> Result<u16, ListenerError> {
    let made = async {
        check_groups(root, spec)?;
        let file = Assigned { spec: spec.clone(), port: None };
        let fill = |folder: &Path| files::write_json(&file_path(folder), &file);
        root.place(ObjectType::Listener, owner, fill)?;
        open(root, &owner.uid, spec).await
    };
    match made.await {
        Ok(port) => Ok(port),
        Err(error) => {
            // The first error counts; what this leaves, the next delete takes.
            let _ = delete(root, &owner.uid).await;
            Err(error)
        }
    }
}

/// Looks at a listener; `None` if there is none.
///
/// # Errors
///
/// [`FileError`] if a file of its folder cannot be read.
pub fn look(root: &Root, uid: &Uid) -> Result<Option<Listener>, FileError> {
    let Some(owner) = root.owner(ObjectType::Listener, uid)? else { return Ok(None) };
    let folder = root.folder(ObjectType::Listener, uid);
    let Some(Assigned { spec, port }) = files::read_json(&file_path(&folder))? else {
        return Ok(None);
    };
    let address = balancer::address(root, &spec.load_balancer)?.unwrap_or(Ipv4Addr::LOCALHOST);
    Ok(Some(Listener { owner, spec, address, port }))
}

/// Changes a listener, and returns its port when the balancer serves it so.
///
/// # Errors
///
/// The balancer still serves what it served before; what is recorded is as it was before.
pub async fn update(root: &Root, uid: &Uid, spec: &ListenerSpec) -> Result<u16, ListenerError> {
    let missing = || ListenerError::Missing { uid: uid.clone() };
    let before = look(root, uid)?.ok_or_else(missing)?;
    check_groups(root, spec)?;
    match open(root, uid, spec).await {
        Ok(port) => Ok(port),
        Err(error) => {
            let file = Assigned { spec: before.spec, port: before.port };
            files::write_json(&file_path(&root.folder(ObjectType::Listener, uid)), &file)?;
            let kept = before.port.map(|port| SocketAddrV4::new(before.address, port));
            root.release_ports(uid, kept)?;
            Err(error)
        }
    }
}

/// Waits until the balancer serves exactly what is recorded.
///
/// # Errors
///
/// [`ListenerError::Missing`]: there is no such listener any more.
pub async fn served(root: &Root, uid: &Uid) -> Result<(), ListenerError> {
    loop {
        let missing = || ListenerError::Missing { uid: uid.clone() };
        let listener = look(root, uid)?.ok_or_else(missing)?;
        let running = balancer::running(root, &listener.spec.load_balancer).await?;
        if listener.is_active(running.as_ref()) {
            return Ok(());
        }
        sleep(LOOK).await;
    }
}

/// Closes a listener's port and removes it. It may be gone already.
///
/// # Errors
///
/// The listener is still there.
pub async fn delete(root: &Root, uid: &Uid) -> Result<(), ListenerError> {
    // The folder goes last: while it is there, a delete that was cut off is done again.
    let remove = || {
        root.release_ports(uid, None)?;
        root.remove(ObjectType::Listener, uid)
    };
    // A damaged file names no balancer, and is no reason to keep the listener.
    match look(root, uid).unwrap_or_default() {
        Some(listener) => {
            balancer::forget(root, &listener.spec.load_balancer, uid, remove).await?;
        }
        None => remove()?,
    }
    Ok(())
}

/// What the listeners of a balancer are to be.
pub(crate) fn of_balancer(
    root: &Root,
    balancer: &Uid,
) -> Result<BTreeMap<Uid, ListenerConfig>, FileError> {
    let config = |listener: Listener| {
        let ours = listener.spec.load_balancer == *balancer;
        // Without a port it is still being made, and tells the balancer itself.
        let port = listener.port.filter(|_| ours)?;
        Some((listener.owner.uid.clone(), listener.spec.config(port)))
    };
    Ok(all(root)?.into_iter().filter_map(config).collect())
}

/// The listeners that name a target group.
pub(crate) fn using(root: &Root, group: &Uid) -> Result<Vec<Listener>, FileError> {
    let mut listeners = all(root)?;
    listeners.retain(|listener| listener.spec.action.groups().any(|id| id == group.as_str()));
    Ok(listeners)
}

/// The content of `listener.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Assigned {
    spec: ListenerSpec,
    port: Option<u16>,
}

fn all(root: &Root) -> Result<Vec<Listener>, FileError> {
    let mut listeners = Vec::new();
    for uid in root.uids(ObjectType::Listener)? {
        listeners.extend(look(root, &uid)?);
    }
    Ok(listeners)
}

/// Gives the listener its port and lets the balancer serve it.
async fn open(root: &Root, uid: &Uid, spec: &ListenerSpec) -> Result<u16, ListenerError> {
    let balancer = &spec.load_balancer;
    let missing = || BalancerError::Missing { uid: balancer.clone() };
    let address = balancer::address(root, balancer)?.ok_or_else(missing)?;
    let folder = root.folder(ObjectType::Listener, uid);
    let kept = look(root, uid)?.and_then(|listener| listener.port);
    let mut search = PortSearch::new(root, uid, address, (spec.port, kept));
    loop {
        let port = search.next()?;
        files::write_json(&file_path(&folder), &Assigned { spec: spec.clone(), port: Some(port) })?;
        match balancer::push(root, balancer).await {
            Ok(_) => return Ok(search.settle(port)?),
            Err(BalancerError::Refused { port: Some(taken), .. }) if taken == port => {
                search.taken(port)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn check_groups(root: &Root, spec: &ListenerSpec) -> Result<(), ListenerError> {
    for id in spec.action.groups() {
        let owner = Uid::new(id.as_str()).map(|uid| root.owner(ObjectType::TargetGroup, &uid));
        if owner.transpose()?.flatten().is_none() {
            return Err(ListenerError::NoGroup { id: id.clone() });
        }
    }
    Ok(())
}

fn file_path(folder: &Path) -> PathBuf {
    folder.join("listener.json")
}
