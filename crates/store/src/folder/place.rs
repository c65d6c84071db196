//! Where the files of a state are.
//!
//! ```text
//! ROOT/shop/integration/pr-17.state/   one environment
//! ROOT/shop/production.state/          a promoted stage
//! ```
//!
//! The suffix keeps a stage's own state apart from the folder of its
//! environments, and what is being removed apart from what lives.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::disk::{Disk, Entry, EntryKind};
use crate::error::{OnDisk, StoreError};
use crate::folder::folders;
use crate::name::{Segment, StateName};

const LIVING: &str = "state";
const REMOVED: &str = "removed";
const INCOMING: &str = "incoming";

/// The files of one state on one disk.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) state: StateName,
    root: PathBuf,
    folder: PathBuf,
}

impl Place {
    pub(crate) fn new(disk: Arc<dyn Disk>, root: &Path, state: &StateName) -> Place {
        let project = root.join(state.project.as_str());
        let folder = match &state.environment {
            None => project.join(format!("{}.{LIVING}", state.stage)),
            Some(environment) => {
                project.join(state.stage.as_str()).join(format!("{environment}.{LIVING}"))
            }
        };
        Place { disk, state: state.clone(), root: root.to_owned(), folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name that the folder takes while it is removed.
    pub(crate) fn removed(&self) -> PathBuf {
        self.folder.with_extension(REMOVED)
    }

    /// Where the state is put together before it takes its name.
    pub(crate) fn incoming(&self) -> Place {
        Place { folder: self.folder.with_extension(INCOMING), ..self.clone() }
    }

    pub(crate) fn snapshot(&self) -> PathBuf {
        self.folder.join("snapshot")
    }

    pub(crate) fn snapshot_new(&self) -> PathBuf {
        self.folder.join("snapshot.new")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub(crate) fn journal_new(&self) -> PathBuf {
        self.folder.join("journal.new")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub(crate) fn holder(&self) -> PathBuf {
        self.folder.join("holder.json")
    }

    pub(crate) fn holder_new(&self) -> PathBuf {
        self.folder.join("holder.new")
    }

    pub(crate) fn requests(&self) -> PathBuf {
        self.folder.join("requests")
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that holds the state's folder.
    pub(crate) fn parent(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.root)
    }

    /// The folders above the state's, within the root, the root first.
    pub(crate) fn ancestors(&self) -> Vec<&Path> {
        folders::above(&self.root, &self.folder)
    }

    /// Whether anything was ever written to the state.
    pub(crate) fn is_state(&self) -> Result<bool, StoreError> {
        for path in [self.journal(), self.snapshot()] {
            let looked = self.disk.exists(&path);
            if looked.map_err(StoreError::io("look for", &path, OnDisk::Nothing))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The names of all states below `root`, in order.
pub(crate) fn list(disk: &Arc<dyn Disk>, root: &Path) -> Result<Vec<StateName>, StoreError> {
    let mut states = Vec::new();
    for project in folders(disk, root)? {
        let Ok(project) = Segment::new(&project) else { continue };
        let in_project = root.join(project.as_str());
        for name in folders(disk, &in_project)? {
            if let Some(stage) = living(&name) {
                states.push(StateName { project: project.clone(), stage, environment: None });
            } else if let Ok(stage) = Segment::new(&name) {
                let environments = folders(disk, &in_project.join(stage.as_str()))?;
                states.extend(environments.iter().filter_map(|name| living(name)).map(|name| {
                    let (project, stage) = (project.clone(), stage.clone());
                    StateName { project, stage, environment: Some(name) }
                }));
            }
        }
    }
    states.sort();
    let mut listed = Vec::new();
    for state in states {
        if Place::new(Arc::clone(disk), root, &state).is_state()? {
            listed.push(state);
        }
    }
    Ok(listed)
}

/// Reads a file that may be missing.
pub(crate) fn read_optional(disk: &dyn Disk, path: &Path) -> Result<Option<Bytes>, StoreError> {
    found(disk.read(path), path).map(|bytes| bytes.map(Bytes::from))
}

/// Turns "not found" into `None`.
pub(crate) fn found<T>(result: io::Result<T>, path: &Path) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path, OnDisk::Nothing)(error)),
    }
}

fn living(name: &str) -> Option<Segment> {
    let (name, suffix) = name.split_once('.')?;
    (suffix == LIVING).then(|| Segment::new(name).ok()).flatten()
}

fn folders(disk: &Arc<dyn Disk>, path: &Path) -> Result<Vec<String>, StoreError> {
    let entries = found(disk.list(path), path)?.unwrap_or_default();
    let folders = entries.into_iter().filter(|entry| entry.kind == EntryKind::Folder);
    Ok(folders.map(|Entry { name, .. }| name).collect())
}
