//! The folder in which a version is made, until it has its place.
//!
//! It is locked by the process that makes it, so that another knows one that was left by a process
//! that died, and removes it.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

const PREFIX: &str = ".publishing-";
/// As much as the user's mask leaves, since others fetch from a repository.
const MODE: u32 = 0o777;

/// A locked folder; removed when it is dropped, unless it is kept.
pub(super) struct Unfinished {
    folder: TempDir,
    _lock: File,
}

impl Unfinished {
    /// Makes one in `folder`.
    pub(super) fn make(folder: &Path) -> io::Result<Unfinished> {
        loop {
            let made = tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(MODE))
                .tempdir_in(folder)?;
            // Between the two, somebody may have taken it for one that was left.
            if let Some(lock) = lock(made.path())? {
                return Ok(Unfinished { folder: made, _lock: lock });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets go of it where it is now.
    pub(super) fn keep(self) {
        let _ = self.folder.keep();
    }
}

/// Removes those in `folder` that nobody is at work on.
pub(super) fn remove_left(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        if let Some(_lock) = lock(&entry.path())? {
            match fs::remove_dir_all(entry.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Locks a folder; `None` if another has it locked, or it is gone.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    let unless_gone = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => Ok(None),
        _ => Err(error),
    };
    let file = match File::open(folder) {
        Ok(file) => file,
        Err(error) => return unless_gone(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let locked = file.metadata()?;
    match fs::metadata(folder) {
        Ok(named) if (named.dev(), named.ino()) == (locked.dev(), locked.ino()) => Ok(Some(file)),
        Ok(_) => Ok(None),
        Err(error) => unless_gone(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_publisher_left_is_removed_and_what_a_living_one_makes_stays() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".publishing-left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("app"), "half").unwrap();
        let living = Unfinished::make(folder.path()).unwrap();
        fs::create_dir(folder.path().join("1.0")).unwrap();
        remove_left(folder.path()).unwrap();
        assert!(!left.exists());
        assert!(living.path().exists() && folder.path().join("1.0").exists());
        drop(living);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
