//! Target groups: a folder with a file. Balancers whose listeners name a group are told of its
//! changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::balancer::{self, BalancerError, TargetGroupConfig, Versioned};
use super::files::{self, FileError};
use super::listener;
use super::owner::{Owner, Uid};
use super::root::{ObjectType, Root};

/// A target group as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Whose it is.
    pub owner: Owner,
    /// What is asked for.
    pub config: TargetGroupConfig,
    /// Whether every running balancer that uses it runs exactly this.
    pub is_active: bool,
}

/// Why a target group is not as it should be.
#[derive(Debug, Error)]
pub enum TargetGroupError {
    /// There is none with this uid.
    #[error("there is no target group {uid}")]
    Missing {
        /// The uid.
        uid: Uid,
    },
    /// A listener uses it.
    #[error("the target group {uid} is used by the listener `{listener}`")]
    Held {
        /// The uid.
        uid: Uid,
        /// The address of the listener.
        listener: String,
    },
    /// A balancer did not take the change.
    #[error(transparent)]
    Balancer(#[from] BalancerError),
    /// A file of its folder could not be used.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Makes a target group; one that exists already is kept.
///
/// # Errors
///
/// [`FileError`]; there is none then.
pub fn create(root: &Root, owner: &Owner, config: &TargetGroupConfig) -> Result<(), FileError> {
    let fill = |folder: &Path| files::write_json(&config_path(folder), config);
    root.place(ObjectType::TargetGroup, owner, fill).map(drop)
}

/// Looks at a target group; `None` if there is none. `balancers` is what each of them runs.
///
/// # Errors
///
/// [`FileError`] if a file of its folder cannot be read.
pub fn look(
    root: &Root,
    uid: &Uid,
    balancers: &BTreeMap<Uid, Option<Versioned>>,
) -> Result<Option<TargetGroup>, FileError> {
    let Some(owner) = root.owner(ObjectType::TargetGroup, uid)? else { return Ok(None) };
    let Some(config) = config(root, uid)?.remove(uid.as_str()) else { return Ok(None) };
    let is_active = balancers
        .values()
        .flatten()
        .filter_map(|running| running.config.target_groups.get(uid.as_str()))
        .all(|running| *running == config);
    Ok(Some(TargetGroup { owner, config, is_active }))
}

/// Changes a target group, and returns when every running balancer that uses it took the change.
///
/// # Errors
///
/// [`TargetGroupError::Balancer`]: recorded, but not taken everywhere; [`look`] says so.
pub async fn update(
    root: &Root,
    uid: &Uid,
    config: &TargetGroupConfig,
) -> Result<(), TargetGroupError> {
    if root.owner(ObjectType::TargetGroup, uid)?.is_none() {
        return Err(TargetGroupError::Missing { uid: uid.clone() });
    }
    let folder = root.folder(ObjectType::TargetGroup, uid);
    files::write_json(&config_path(&folder), config)?;
    for balancer in users(root, uid)? {
        match balancer::push(root, &balancer).await {
            // It takes the change when it starts.
            Ok(_) | Err(BalancerError::Stopped { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Removes a target group, which may be gone already.
///
/// # Errors
///
/// [`TargetGroupError::Held`] while a listener uses it; it is still there.
pub fn delete(root: &Root, uid: &Uid) -> Result<(), TargetGroupError> {
    if let Some(user) = listener::using(root, uid)?.into_iter().next() {
        return Err(TargetGroupError::Held { uid: uid.clone(), listener: user.owner.address });
    }
    Ok(root.remove(ObjectType::TargetGroup, uid)?)
}

/// The balancers with a listener that names the group.
pub(crate) fn users(root: &Root, uid: &Uid) -> Result<BTreeSet<Uid>, FileError> {
    let listeners = listener::using(root, uid)?.into_iter();
    Ok(listeners.map(|user| user.spec.load_balancer).collect())
}

/// The group's configuration under its uid; empty if there is no such group.
pub(crate) fn config(
    root: &Root,
    uid: &Uid,
) -> Result<BTreeMap<String, TargetGroupConfig>, FileError> {
    let folder = root.folder(ObjectType::TargetGroup, uid);
    let config = files::read_json(&config_path(&folder))?;
    Ok(config.map(|config| (uid.to_string(), config)).into_iter().collect())
}

fn config_path(folder: &Path) -> PathBuf {
    folder.join("target-group.json")
}
