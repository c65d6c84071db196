//! DNS zones: one process each, a name server on loopback.
//!
//! This file is the command's view of them; the process itself begins in `serve`. A zone's folder
//! holds `zone.json` (what is asked for) and `config.json` (what the process serves). Its
//! configuration is always composed anew from the folders of records.

mod answered;
mod board;
mod choice;
mod client;
mod config;
mod handler;
mod monitor;
pub mod record;
mod resolve;
mod rules;
mod serve;
mod value;
mod zone;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::control::{self, ControlError};
use super::files::{self, FileError};
use super::launch::{self, LaunchError, Launcher};
use super::owner::{Owner, Uid};
use super::port::{PortError, PortSearch};
use super::root::{ObjectType, Root};
use super::service;

pub use board::Versioned;
pub use config::{Config, HealthCheck, RecordConfig, Weighted};
pub use serve::ZoneStatus;
pub use value::RecordKind;

pub(crate) use monitor::target as check_target;
pub(crate) use rules::{Face, conflict, misplaced};
pub(crate) use serve::run;
use serve::{Reply, Request};
pub(crate) use value::{data, name, name_in, shown};

/// What a zone is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneSpec {
    /// Its name, without a dot at its end.
    pub name: String,
    /// The port that is asked for; `None` for a free one, kept for life.
    pub port: Option<u16>,
    /// Whether its records go with it.
    pub force_destroy: bool,
}

/// A zone as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Whose it is.
    pub owner: Owner,
    /// What is asked for.
    pub spec: ZoneSpec,
    /// Its port; `None` if its making was interrupted before it had one.
    pub port: Option<u16>,
}

/// Why a zone is not as it should be.
#[derive(Debug, Error)]
pub enum ZoneError {
    /// There is none with this uid.
    #[error("there is no zone {uid}")]
    Missing {
        /// The uid.
        uid: Uid,
    },
    /// It has no process.
    #[error("the name server of the zone {uid} does not run")]
    Stopped {
        /// The uid.
        uid: Uid,
    },
    /// It has records, and they are not to go with it.
    #[error("the zone {uid} has records, such as `{record}`, and no `force_destroy`")]
    Held {
        /// The uid.
        uid: Uid,
        /// The address of a record.
        record: String,
    },
    /// It did not take a configuration; the one before is still served.
    #[error("the name server of the zone {uid} refused its new configuration: {message}")]
    Refused {
        /// The uid.
        uid: Uid,
        /// Why.
        message: String,
        /// The port that it could not listen on, if that is why.
        port: Option<u16>,
    },
    /// Its process gave an answer to another question.
    #[error("the name server of the zone {uid} gave a wrong answer")]
    Confused {
        /// The uid.
        uid: Uid,
    },
    /// It cannot have its port.
    #[error(transparent)]
    Port(#[from] PortError),
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

/// How long the process may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Makes a zone and returns its port when its server answers there. One that exists is continued.
///
/// # Errors
///
/// If this fails, nothing is left.
pub async fn create(
    root: &Root,
    launcher: &Launcher,
    owner: &Owner,
    spec: &ZoneSpec,
) -> Result<u16, ZoneError> {
    let made = async {
        let file = Assigned { spec: spec.clone(), port: None };
        let fill = |folder: &Path| files::write_json(&spec_path(folder), &file);
        root.place(ObjectType::Zone, owner, fill)?;
        open(root, launcher, &owner.uid, spec).await
    };
    match made.await {
        Ok(port) => Ok(port),
        Err(error) => {
            // The first error counts; what this leaves, the next delete takes.
            let _ = remove(root, &owner.uid).await;
            Err(error)
        }
    }
}

/// Looks at a zone; `None` if there is none.
///
/// # Errors
///
/// [`FileError`] if a file of its folder cannot be read.
pub fn look(root: &Root, uid: &Uid) -> Result<Option<Zone>, FileError> {
    let Some(owner) = root.owner(ObjectType::Zone, uid)? else { return Ok(None) };
    let folder = root.folder(ObjectType::Zone, uid);
    let Some(Assigned { spec, port }) = files::read_json(&spec_path(&folder))? else {
        return Ok(None);
    };
    Ok(Some(Zone { owner, spec, port }))
}

/// Changes a zone, starting its server if there is none, and returns its port.
///
/// # Errors
///
/// The server still serves what it served before, and what is recorded is as it was before.
pub async fn update(
    root: &Root,
    launcher: &Launcher,
    uid: &Uid,
    spec: &ZoneSpec,
) -> Result<u16, ZoneError> {
    let missing = || ZoneError::Missing { uid: uid.clone() };
    let before = look(root, uid)?.ok_or_else(missing)?;
    match open(root, launcher, uid, spec).await {
        Ok(port) => Ok(port),
        Err(error) => {
            let file = Assigned { spec: before.spec, port: before.port };
            files::write_json(&spec_path(&root.folder(ObjectType::Zone, uid)), &file)?;
            root.release_ports(uid, before.port.map(super::port::on_localhost))?;
            Err(error)
        }
    }
}

/// Ends a zone's server and removes the zone. It may be gone already.
///
/// # Errors
///
/// [`ZoneError::Held`] if it has records that are not to go with it: nothing has changed. After
/// others it is still there, perhaps without its server.
pub async fn delete(root: &Root, uid: &Uid) -> Result<(), ZoneError> {
    // A damaged file names no wish to keep the records.
    let force = look(root, uid).unwrap_or_default().is_none_or(|zone| zone.spec.force_destroy);
    let records = record::of_zone(root, uid)?;
    if let Some(record) = records.values().next().filter(|_| !force) {
        let record = record.owner.address.clone();
        return Err(ZoneError::Held { uid: uid.clone(), record });
    }
    for record in records.keys() {
        root.remove(ObjectType::Record, record)?;
    }
    remove(root, uid).await
}

/// What a zone's server serves; `None` if it has no process.
///
/// # Errors
///
/// [`FileError`] if its lock file cannot be read.
pub async fn status(root: &Root, uid: &Uid) -> Result<Option<ZoneStatus>, FileError> {
    let folder = root.folder(ObjectType::Zone, uid);
    if !launch::is_running(&folder)? {
        return Ok(None);
    }
    match control::ask(&folder, &Request::Status).await {
        Ok(Reply::Status(status)) => Ok(Some(status)),
        // On its way up, on its way out, or stuck: whatever it is, it serves nobody.
        _ => Ok(None),
    }
}

/// What the servers of all zones serve, of those that have a process.
///
/// # Errors
///
/// [`FileError`] if a folder cannot be read.
pub(crate) async fn statuses(root: &Root) -> Result<BTreeMap<Uid, ZoneStatus>, FileError> {
    let mut statuses = BTreeMap::new();
    for uid in root.uids(ObjectType::Zone)? {
        let status = status(root, &uid).await?;
        statuses.extend(status.map(|status| (uid, status)));
    }
    Ok(statuses)
}

/// The content of `zone.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Assigned {
    spec: ZoneSpec,
    port: Option<u16>,
}

/// Gives the zone its port and lets its server listen there.
async fn open(
    root: &Root,
    launcher: &Launcher,
    uid: &Uid,
    spec: &ZoneSpec,
) -> Result<u16, ZoneError> {
    let folder = root.folder(ObjectType::Zone, uid);
    let kept = look(root, uid)?.and_then(|zone| zone.port);
    let mut search = PortSearch::new(root, uid, Ipv4Addr::LOCALHOST, (spec.port, kept));
    loop {
        let port = search.next()?;
        files::write_json(&spec_path(&folder), &Assigned { spec: spec.clone(), port: Some(port) })?;
        service::start(launcher, "name", &folder).await?;
        let _turn = service::take_turn(&folder).await?;
        match push(root, uid, record::configs_of_zone(root, uid)?).await {
            Ok(()) => return Ok(search.settle(port)?),
            Err(ZoneError::Refused { port: Some(taken), .. }) if taken == port => {
                search.taken(port)?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Lets a zone's server take what `zone.json` and these records say, and returns when it did. For
/// who has its turn.
async fn push(
    root: &Root,
    uid: &Uid,
    records: BTreeMap<String, RecordConfig>,
) -> Result<(), ZoneError> {
    let folder = root.folder(ObjectType::Zone, uid);
    if !launch::is_running(&folder)? {
        return Err(ZoneError::Stopped { uid: uid.clone() });
    }
    let missing = || ZoneError::Missing { uid: uid.clone() };
    let zone = look(root, uid)?.ok_or_else(missing)?;
    let port = zone.port.ok_or_else(missing)?;
    let config = Config { name: zone.spec.name, port, records };
    match control::ask(&folder, &Request::Configure(config)).await? {
        Reply::Configured { .. } => Ok(()),
        Reply::Refused { message, port } => {
            Err(ZoneError::Refused { uid: uid.clone(), message, port })
        }
        Reply::Status(_) => Err(ZoneError::Confused { uid: uid.clone() }),
    }
}

async fn remove(root: &Root, uid: &Uid) -> Result<(), ZoneError> {
    let folder = root.folder(ObjectType::Zone, uid);
    let mut lock = None;
    if folder.exists() {
        lock = Some(launch::stop(&folder, STOP_LIMIT).await?);
    }
    root.release_ports(uid, None)?;
    root.remove(ObjectType::Zone, uid)?;
    drop(lock);
    Ok(())
}

fn spec_path(folder: &Path) -> PathBuf {
    folder.join("zone.json")
}
