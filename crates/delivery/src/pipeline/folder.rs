//! The folder of a pipeline's run: its record, its logs and its reports.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::own;
use crate::record::{FORMAT, Pipeline};
use crate::replace::replace;

const RECORD: &str = "record.json";

/// The folder, held by this process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The system lets go of it when the process ends, however it does.
    _lock: File,
}

/// Why there is no folder for a run.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process runs the pipeline of that name.
    #[error("the pipeline `{0}` is being run by another process; nothing was changed")]
    Held(String),
    /// The system refused.
    #[error("cannot use `{}`; nothing was changed", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Folder {
    /// The folder for the run `name`, below a project's.
    ///
    /// # Errors
    ///
    /// [`FolderError`].
    pub fn open(project: &Path, name: &str) -> Result<Folder, FolderError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::File { path, source }
        };
        let path = own::folder(project, &format!("pipelines/{name}")).map_err(failed(project))?;
        let lock = File::create(path.join("lock")).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Folder { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Held(name.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What an earlier run of that name did; `None` if there was none, or if this version cannot
    /// read what it wrote.
    #[must_use]
    pub fn earlier(&self) -> Option<Pipeline> {
        let text = fs::read(self.path.join(RECORD)).ok()?;
        let record: Pipeline = serde_json::from_slice(&text).ok()?;
        (record.format == FORMAT).then_some(record)
    }

    /// Keeps what was done so far.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn save(&self, record: &Pipeline) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(record)?;
        replace(&self.path.join(RECORD), &text)
    }

    /// A new file for the output of the job `name`, with its name in this folder.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn log(&self, name: &str) -> io::Result<(File, PathBuf)> {
        let kept = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        let file = PathBuf::from(format!("{}.log", name.chars().map(kept).collect::<String>()));
        let path = self.path.join(&file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Several write to it, each at its end.
        let log = File::options().append(true).create(true).open(path)?;
        Ok((log, file))
    }
}
