//! Proof of life: a lock that the kernel releases when its holder dies.
//!
//! The command opens and locks an object's lock file *before* it starts the
//! process, which inherits the open file description as its standard input.
//! So there is no instant in which a process is being made and nobody holds
//! the lock: a command killed before the start leaves it free, one killed
//! after leaves it with the process.
//!
//! Standard input carries it because that descriptor, unlike any other, reaches
//! exactly the one child it is meant for, also while other threads start theirs;
//! and the program under a supervisor has its standard input replaced, so that
//! it never gets hold of the lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::files::FileError;

/// The lock of one object, held.
#[derive(Debug)]
pub(crate) struct LifeLock(File);

impl LifeLock {
    /// Takes the lock at `path`; `None` if a living process holds it.
    pub(crate) fn take(path: &Path) -> Result<Option<LifeLock>, FileError> {
        let file = open(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(LifeLock(file))),
                Err(TryLockError::Error(source)) => return Err(FileError::read(path)(source)),
                Err(TryLockError::WouldBlock) if is_exclusive(&file, path)? => return Ok(None),
                // Somebody is only looking, which takes microseconds.
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Gives the lock to a process about to be started, as its standard input.
    pub(crate) fn into_stdin(self) -> Stdio {
        Stdio::from(self.0)
    }
}

/// Whether a living process holds the lock at `path`.
pub(crate) fn is_held(path: &Path) -> Result<bool, FileError> {
    match File::open(path) {
        Ok(file) => is_exclusive(&file, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::read(path)(error)),
    }
}

/// Looks with a shared lock, so that two who look do not mistake each other for the holder.
fn is_exclusive(file: &File, path: &Path) -> Result<bool, FileError> {
    match file.try_lock_shared() {
        Ok(()) => file.unlock().map(|()| false).map_err(FileError::read(path)),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => Err(FileError::read(path)(source)),
    }
}

fn open(path: &Path) -> Result<File, FileError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(FileError::write(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_seen_and_not_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!is_held(&path).unwrap());
        let held = LifeLock::take(&path).unwrap().unwrap();
        assert!(is_held(&path).unwrap());
        assert!(LifeLock::take(&path).unwrap().is_none());
        drop(held);
        assert!(!is_held(&path).unwrap());
    }

    #[test]
    fn those_who_look_do_not_keep_a_taker_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        open(&path).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..2000 {
                    is_held(&path).unwrap();
                }
            });
            for _ in 0..500 {
                assert!(LifeLock::take(&path).unwrap().is_some());
            }
        });
    }
}
