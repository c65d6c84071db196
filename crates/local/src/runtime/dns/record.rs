//! Records: a folder with a file each. Changes of a zone's records take effect together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::resolve::resolve;
use super::{RecordConfig, Versioned, ZoneError, value};
use crate::runtime::files::{self, FileError};
use crate::runtime::owner::{Owner, Uid};
use crate::runtime::root::{ObjectType, Root};
use crate::runtime::service;

/// What a record is to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordSpec {
    /// The zone it belongs to.
    pub zone: Uid,
    /// What it says.
    pub config: RecordConfig,
}

/// A record as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose it is.
    pub owner: Owner,
    /// What is asked for.
    pub spec: RecordSpec,
}

/// A change of one record. In this order, so that a name is free before it is taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is to go; it may be gone already.
    Remove(Uid),
    /// It is to say something else.
    Alter(Uid, RecordConfig),
    /// It is to be made; one that exists is continued.
    Make(Owner, RecordConfig),
}

/// Why a record is not as it should be.
#[derive(Debug, Error)]
pub enum RecordError {
    /// There is none with this uid.
    #[error("there is no record {uid}")]
    Missing {
        /// The uid.
        uid: Uid,
    },
    /// It names a zone that does not exist.
    #[error("there is no zone {uid}")]
    NoZone {
        /// The uid it names.
        uid: Uid,
    },
    /// It cannot be in its zone, or not beside another record.
    #[error("{0}")]
    Misplaced(String),
    /// Its zone did not take it.
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// A file of a folder could not be used.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Records by uid.
pub(super) type Records = BTreeMap<Uid, Record>;

/// The changes that a zone cannot take, and why. All others took effect.
pub type Refused = BTreeMap<Uid, RecordError>;

impl Record {
    /// Whether the zone's server, which serves `running`, serves exactly this.
    pub fn is_active(&self, running: Option<&Versioned>) -> bool {
        let served =
            running.and_then(|running| running.config.records.get(self.owner.uid.as_str()));
        served == Some(&self.spec.config)
    }
}

impl Change {
    /// The record's uid.
    pub fn uid(&self) -> &Uid {
        match self {
            Change::Remove(uid) | Change::Alter(uid, _) => uid,
            Change::Make(owner, _) => &owner.uid,
        }
    }
}

pub use super::answered::answered;

/// Looks at a record; `None` if there is none.
///
/// # Errors
///
/// [`FileError`] if a file of its folder cannot be read.
pub fn look(root: &Root, uid: &Uid) -> Result<Option<Record>, FileError> {
    let Some(owner) = root.owner(ObjectType::Record, uid)? else { return Ok(None) };
    let folder = root.folder(ObjectType::Record, uid);
    let spec = files::read_json(&file_path(&folder))?;
    Ok(spec.map(|spec| Record { owner, spec }))
}

/// What becomes of changes that come together when some of them are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The others are made.
    Each,
    /// None is made.
    AllOrNone,
}

/// Changes records of a zone, all at once: its server answers as before, and then with all changes
/// that are not refused, or with none.
///
/// # Errors
///
/// Nothing has changed: the zone's server did not take it.
pub async fn change(
    root: &Root,
    zone: &Uid,
    changes: &[Change],
    extent: Extent,
) -> Result<Refused, RecordError> {
    let folder = root.folder(ObjectType::Zone, zone);
    if !folder.exists() {
        return without_zone(root, zone, changes);
    }
    let _turn = service::take_turn(&folder).await?;
    let before = of_zone(root, zone)?;
    let (after, refused) = resolve(&zone_name(root, zone)?, before.clone(), zone, changes);
    if !refused.is_empty() && extent == Extent::AllOrNone {
        return Ok(refused);
    }
    if let Err(error) = take(root, zone, &before, &after).await {
        changed(&after, &before)
            .filter(|record| after.contains_key(&record.owner.uid))
            .try_for_each(|record| put(root, record))?;
        absent(&after, &before).try_for_each(|uid| root.remove(ObjectType::Record, uid))?;
        return Err(error);
    }
    // Last: while its folder is there, a removal that was cut off is done again.
    absent(&before, &after).try_for_each(|uid| root.remove(ObjectType::Record, uid))?;
    Ok(refused)
}

/// Records what there is to be beside what there was, and lets the zone's server serve it.
async fn take(
    root: &Root,
    zone: &Uid,
    before: &Records,
    after: &Records,
) -> Result<(), RecordError> {
    let only_fewer = changed(before, after).next().is_none();
    changed(before, after).try_for_each(|record| put(root, record))?;
    match super::push(root, zone, after.values().map(config_by_uid).collect()).await {
        // Nobody is answered, and the next start serves what is left.
        Err(ZoneError::Stopped { .. }) if only_fewer => Ok(()),
        pushed => Ok(pushed?),
    }
}

/// The records of the second that the first has not, or not so.
fn changed<'a>(first: &'a Records, second: &'a Records) -> impl Iterator<Item = &'a Record> {
    second.values().filter(|record| first.get(&record.owner.uid) != Some(*record))
}

/// The records that are in the first and not in the second.
fn absent<'a>(first: &'a Records, second: &'a Records) -> impl Iterator<Item = &'a Uid> {
    first.keys().filter(|uid| !second.contains_key(*uid))
}

/// The records of a zone.
pub(super) fn of_zone(root: &Root, zone: &Uid) -> Result<Records, FileError> {
    let mut records = Records::new();
    for uid in root.uids(ObjectType::Record)? {
        let record = look(root, &uid)?.filter(|record| record.spec.zone == *zone);
        records.extend(record.map(|record| (uid, record)));
    }
    Ok(records)
}

/// What the records of a zone say, by uid.
pub(super) fn configs_of_zone(
    root: &Root,
    zone: &Uid,
) -> Result<BTreeMap<String, RecordConfig>, FileError> {
    Ok(of_zone(root, zone)?.values().map(config_by_uid).collect())
}

fn config_by_uid(record: &Record) -> (String, RecordConfig) {
    (record.owner.uid.to_string(), record.spec.config.clone())
}

/// The whole name of a record.
pub(super) fn full_name(zone: &Name, config: &RecordConfig) -> Result<Name, RecordError> {
    value::name_in(zone, &config.name).map_err(RecordError::Misplaced)
}

/// The name of a zone that is there.
pub(super) fn zone_name(root: &Root, zone: &Uid) -> Result<Name, RecordError> {
    let no_zone = || RecordError::NoZone { uid: zone.clone() };
    let found = super::look(root, zone)?.ok_or_else(no_zone)?;
    value::name(&found.spec.name).map_err(RecordError::Misplaced)
}

/// Without its zone nothing but going is left to a record.
fn without_zone(root: &Root, zone: &Uid, changes: &[Change]) -> Result<Refused, RecordError> {
    let mut refused = Refused::new();
    for change in changes {
        match change {
            Change::Remove(uid) => root.remove(ObjectType::Record, uid)?,
            Change::Alter(uid, _) | Change::Make(Owner { uid, .. }, _) => {
                refused.insert(uid.clone(), RecordError::NoZone { uid: zone.clone() });
            }
        }
    }
    Ok(refused)
}

fn put(root: &Root, record: &Record) -> Result<(), FileError> {
    let fill = |folder: &Path| files::write_json(&file_path(folder), &record.spec);
    let folder = root.place(ObjectType::Record, &record.owner, fill)?;
    files::write_json(&file_path(&folder), &record.spec)
}

fn file_path(folder: &Path) -> PathBuf {
    folder.join("record.json")
}
