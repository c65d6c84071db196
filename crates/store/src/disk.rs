//! Every file operation of the folder store, so that a faulty disk can stand in.
//!
//! What is durable follows POSIX: content when its file was synced, a name when
//! its folder was.

use std::io;
use std::path::Path;

/// A file system, as far as the store uses one.
///
/// New files are readable and writable by their owner only, and so are new folders.
pub trait Disk: Send + Sync {
    /// Creates `path` empty, or empties it, and opens it for writing.
    ///
    /// # Errors
    ///
    /// What the system says; not found if the folder does not exist.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens the existing file `path` for writing.
    ///
    /// # Errors
    ///
    /// What the system says; not found if it does not exist.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Reads all of `path`.
    ///
    /// # Errors
    ///
    /// What the system says; not found if it does not exist.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Reads at most the first `limit` bytes of `path`.
    ///
    /// # Errors
    ///
    /// What the system says; not found if it does not exist.
    fn read_start(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// The names in the folder `path`, ordered.
    ///
    /// # Errors
    ///
    /// What the system says; not found if it does not exist.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;

    /// Whether there is anything at `path`.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// Makes the folder `path`.
    ///
    /// # Errors
    ///
    /// What the system says; already exists if it does.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Gives what is at `from` the name `to` in the same folder, replacing a file of that name.
    ///
    /// # Errors
    ///
    /// What the system says; a folder that has entries is never replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives the file at `from` the further name `to`.
    ///
    /// # Errors
    ///
    /// What the system says; already exists if `to` does.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes the file `path`.
    ///
    /// # Errors
    ///
    /// What the system says; not found if it does not exist.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes the empty folder `path`.
    ///
    /// # Errors
    ///
    /// What the system says; not found if it does not exist.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in the folder `path` durable.
    ///
    /// # Errors
    ///
    /// What the system says; what is durable is then unknown.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Locks `path` exclusively, creating it if need be; `None` if another has it locked.
    ///
    /// The lock ends with the process, or when the returned value is dropped.
    ///
    /// # Errors
    ///
    /// What the system says; not found if the folder does not exist.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>>;

    /// Whether somebody alive has the existing file `path` locked.
    ///
    /// # Errors
    ///
    /// What the system says; not found if it does not exist.
    fn is_locked(&self, path: &Path) -> io::Result<bool>;
}

/// A file that is open for writing.
pub trait DiskFile: Send {
    /// Writes `bytes` at `offset`. On failure, any part of them may be there.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file to `length` bytes.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn set_len(&mut self, length: u64) -> io::Result<()>;

    /// Makes the content durable.
    ///
    /// # Errors
    ///
    /// What the system says; what is durable is then unknown.
    fn sync(&mut self) -> io::Result<()>;
}

/// A lock that is held as long as this lives.
pub trait DiskLock: Send + Sync {
    /// Whether the locked file is still the one that its path names.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn is_current(&self) -> io::Result<bool>;
}

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, without its folder.
    pub name: String,
    /// What it names.
    pub kind: EntryKind,
}

/// What a name in a folder names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A file, or anything that is no folder.
    File,
    /// A folder.
    Folder,
}
