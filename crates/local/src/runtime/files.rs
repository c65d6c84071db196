//! Small JSON files that are always whole.
//!
//! A reader sees the old or the new content, never a mixture, and neither a
//! killed writer nor a power cut changes that.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a file of the root folder could not be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file or folder could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file or folder could not be written; what was there before is still there.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is there and is not what Greenroom wrote.
    #[error("`{}` is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and why it cannot be read as JSON.
        #[source]
        source: serde_json::Error,
    },
}

impl FileError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> FileError + '_ {
        move |source| FileError::Read { path: path.to_owned(), source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> FileError + '_ {
        move |source| FileError::Write { path: path.to_owned(), source }
    }
}

/// Replaces the file at `path` by `value` and returns when that is durable.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), FileError> {
    let folder = path.parent().expect("files of the root folder lie in a folder");
    let json = serde_json::to_vec_pretty(value).expect("records of the runtime have string keys");
    let write = || -> io::Result<()> {
        // Readable by the owner alone: environments of instances may hold secrets.
        let mut file = tempfile::Builder::new().prefix(".tmp-").tempfile_in(folder)?;
        file.write_all(&json)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        sync_folder(folder)
    };
    write().map_err(FileError::write(path))
}

/// Reads the file at `path`; `None` if it is not there.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    let json = match fs::read(path) {
        Ok(json) => json,
        // A file where a folder was expected holds nothing of ours either.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::read(path)(error)),
    };
    serde_json::from_slice(&json)
        .map(Some)
        .map_err(|source| FileError::Damaged { path: path.to_owned(), source })
}

/// Removes the file at `path`, which may be gone already.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::write(path)(error)),
        _ => Ok(()),
    }
}

/// Makes the names in `folder` durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_none_and_a_damaged_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        assert_eq!(read_json::<u32>(&path).unwrap(), None);
        fs::write(&path, "{").unwrap();
        let error = read_json::<u32>(&path).unwrap_err().to_string();
        assert_eq!(error, format!("`{}` is damaged", path.display()));
    }

    #[test]
    fn writing_replaces_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_json(&path, &1).unwrap();
        write_json(&path, &2).unwrap();
        assert_eq!(read_json::<u32>(&path).unwrap(), Some(2));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
