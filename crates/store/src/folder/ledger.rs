//! A ledger of a project: one file beside its states, replaced under a lock of its own.
//!
//! ```text
//! ROOT/shop/project.ledger
//! ROOT/shop/project.lock
//! ```
//!
//! No stage has a dot in its name, so neither can be taken for one. The lock is held only while the
//! file is compared and replaced; both stay when the last state is gone.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::disk::{Disk, DiskLock};
use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::folder::folders;
use crate::folder::place::{found, read_optional};
use crate::format::ledger;
use crate::ledger::{Ledger, LedgerName, LedgerVersion, refused};
use crate::name::Segment;

/// The files of one ledger on one disk.
pub(crate) struct LedgerPlace {
    disk: Arc<dyn Disk>,
    name: LedgerName,
    root: PathBuf,
    folder: PathBuf,
}

/// How long a writer waits for others. Each holds the lock for two syncs only, but a busy disk may
/// take its time for them.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

impl LedgerPlace {
    pub(crate) fn new(disk: Arc<dyn Disk>, root: &Path, name: &LedgerName) -> LedgerPlace {
        let folder = root.join(name.project.as_str());
        LedgerPlace { disk, name: name.clone(), root: root.to_owned(), folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(self.name.file_name())
    }

    fn file_new(&self) -> PathBuf {
        self.folder.join(format!("{}.ledger.new", self.name.ledger))
    }

    fn lock(&self) -> PathBuf {
        self.folder.join(format!("{}.lock", self.name.ledger))
    }
}

/// The ledger as it is now, also while somebody replaces it.
pub(crate) fn read(place: &LedgerPlace) -> Result<Ledger, StoreError> {
    let path = place.file();
    let Some(bytes) = read_optional(&*place.disk, &path)? else { return Ok(Ledger::empty()) };
    let decoded = ledger::decode(&bytes);
    let (nonce, content) =
        decoded.map_err(|why| refused(&place.name, path.display().to_string(), why))?;
    let version = LedgerVersion { tag: Some(nonce), generation: None };
    Ok(Ledger { content: Some(content), version })
}

/// The names of all ledgers of `project`, in order.
pub(crate) fn list(
    disk: &dyn Disk,
    root: &Path,
    project: &Segment,
) -> Result<Vec<LedgerName>, StoreError> {
    let folder = root.join(project.as_str());
    let entries = found(disk.list(&folder), &folder)?.unwrap_or_default();
    let mut ledgers: Vec<LedgerName> =
        entries.iter().filter_map(|it| LedgerName::of_file(project, &it.name)).collect();
    ledgers.sort();
    Ok(ledgers)
}

/// Replaces the ledger if it is still the one that was `seen`; whether it was.
pub(crate) fn write(
    place: &LedgerPlace,
    seen: &LedgerVersion,
    content: &[u8],
) -> Result<bool, StoreError> {
    let _lock = wait(place)?;
    let there = read(place)?;
    if there.version != *seen {
        return Ok(false);
    }
    if there.content.is_none() {
        folders::sync_above(&*place.disk, &place.root, &place.folder)?;
    }
    write_aside(place, content)?;
    let (new, path) = (place.file_new(), place.file());
    let renamed = place.disk.rename(&new, &path);
    renamed.map_err(StoreError::io("replace", &path, OnDisk::Nothing))?;
    fail_point("store: after ledger renamed");
    let synced = place.disk.sync_dir(&place.folder);
    synced.map_err(StoreError::io("sync", &place.folder, OnDisk::Maybe))?;
    Ok(true)
}

fn write_aside(place: &LedgerPlace, content: &[u8]) -> Result<(), StoreError> {
    let path = place.file_new();
    fail_point("store: before ledger");
    let written = place.disk.create(&path).and_then(|mut file| {
        file.write_all_at(&ledger::encode(content), 0)?;
        file.sync()
    });
    fail_point("store: after ledger synced");
    written.map_err(|error| {
        // Frees a full disk again; the next writing would overwrite it anyway.
        let _ = place.disk.remove_file(&path);
        StoreError::io("write", &path, OnDisk::Nothing)(error)
    })
}

fn wait(place: &LedgerPlace) -> Result<Box<dyn DiskLock>, StoreError> {
    let path = place.lock();
    let started = Instant::now();
    loop {
        folders::create(&*place.disk, &place.root, &place.folder)?;
        let why = match place.disk.try_lock(&path) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) => io::Error::new(io::ErrorKind::WouldBlock, "another process has it locked"),
            // The last state of the project was removed between the two calls, and the folder
            // with it: make it again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => error,
            Err(error) => return Err(StoreError::io("lock", &path, OnDisk::Nothing)(error)),
        };
        if started.elapsed() >= PATIENCE {
            return Err(StoreError::io("lock", &path, OnDisk::Nothing)(why));
        }
        thread::sleep(PAUSE);
    }
}
