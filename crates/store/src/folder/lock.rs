//! The lock that a lease stands on, and the word of who holds it.
//!
//! Two files: `lock` decides who may write; `holder.json` says who that is, and
//! is itself locked by the process that wrote it. So a reader knows that the
//! holder it reads of is alive, also in the instant after a successor has taken
//! `lock` and before it has said who it is. Readers never touch `lock`.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::disk::DiskLock;
use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::folder::folders;
use crate::folder::place::{Place, found, read_optional};
use crate::holder::Holder;

/// Both locks of a lease; dropping them ends it.
pub(crate) struct Locks {
    pub(crate) lock: Arc<dyn DiskLock>,
    _announcement: Box<dyn DiskLock>,
}

/// How often a reader looks again when holders change while it looks.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(5);

/// Takes the lock and says who did, waiting up to `patience` for a holder to let go.
pub(crate) fn take(
    place: &Place,
    holder: &Holder,
    patience: Duration,
) -> Result<Locks, StoreError> {
    let lock = wait(place, patience)?;
    fail_point("store: after lock taken");
    let announcement = announce(place, holder)?;
    fail_point("store: after holder written");
    Ok(Locks { lock: Arc::from(lock), _announcement: announcement })
}

/// Who holds the lease; `None` unless that process is alive.
pub(crate) fn holder(place: &Place) -> Result<Option<Holder>, StoreError> {
    let path = place.holder();
    for _ in 0..LOOKS {
        let Some(before) = read_optional(&*place.disk, &path)? else { return Ok(None) };
        if found(place.disk.is_locked(&path), &path)? != Some(true) {
            return Ok(None);
        }
        // Each lease has an id, so equal content means that the lock seen was on this file.
        if read_optional(&*place.disk, &path)?.as_ref() == Some(&before) {
            return Ok(serde_json::from_slice(&before).ok());
        }
    }
    Ok(None)
}

/// Takes back the word of who holds the lease, before it is let go.
pub(crate) fn withdraw(place: &Place) {
    // What stays behind is not locked any more, so nobody takes it for a holder.
    let _ = place.disk.remove_file(&place.holder());
}

fn wait(place: &Place, patience: Duration) -> Result<Box<dyn DiskLock>, StoreError> {
    let path = place.lock();
    let started = Instant::now();
    loop {
        folders::create(&*place.disk, place.root(), place.folder())?;
        match place.disk.try_lock(&path) {
            Ok(Some(lock)) => {
                let current = lock.is_current();
                if current.map_err(StoreError::io("look for", &path, OnDisk::Nothing))? {
                    return Ok(lock);
                }
            }
            Ok(None) if started.elapsed() >= patience => {
                let holder = holder(place)?.map(Box::new);
                return Err(StoreError::Held { state: place.state.clone(), holder });
            }
            Ok(None) => thread::sleep(PAUSE),
            // The state was removed between the two calls: make it again.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && started.elapsed() <= patience =>
            {
                thread::sleep(PAUSE);
            }
            Err(error) => return Err(StoreError::io("lock", &path, OnDisk::Nothing)(error)),
        }
    }
}

fn announce(place: &Place, holder: &Holder) -> Result<Box<dyn DiskLock>, StoreError> {
    let (new, path) = (place.holder_new(), place.holder());
    let failed = || StoreError::io("write", &path, OnDisk::Nothing);
    let json = serde_json::to_vec(holder).expect("a holder is made of texts and numbers");
    // Not synced: after a power cut there is no holder to tell of.
    let Some(lock) = place.disk.try_lock(&new).map_err(failed())? else {
        return Err(StoreError::Held { state: place.state.clone(), holder: None });
    };
    place.disk.create(&new).and_then(|mut file| file.write_all_at(&json, 0)).map_err(failed())?;
    place.disk.rename(&new, &path).map_err(failed())?;
    Ok(lock)
}
