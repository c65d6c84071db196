//! Requests: one file each, created whole or not at all, without the lease.

use std::io;
use std::path::Path;

use bytes::Bytes;

use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::folder::place::{Place, found, read_optional};
use crate::holder::random_id;
use crate::request::{Request, RequestName, Requested};

/// Stores a request unless one of that name is there.
pub(crate) fn store(
    place: &Place,
    name: &RequestName,
    payload: &[u8],
) -> Result<Requested, StoreError> {
    if !place.is_state()? {
        return Err(StoreError::Missing { state: place.state.clone() });
    }
    let folder = place.requests();
    create_folder(place, &folder)?;
    // A leading dot, so that nobody takes it for a request.
    let aside = folder.join(format!(".{}", random_id()));
    write_aside(place, &aside, payload)?;
    let linked = link(place, &aside, &folder.join(name.file_name()));
    // What stays behind is deleted with the state.
    let _ = place.disk.remove_file(&aside);
    linked
}

/// The requests that wait, ordered by name.
pub(crate) fn read(place: &Place) -> Result<Vec<Request>, StoreError> {
    let folder = place.requests();
    let entries = found(place.disk.list(&folder), &folder)?.unwrap_or_default();
    let mut requests = Vec::new();
    for name in entries.iter().filter_map(|entry| RequestName::from_file_name(&entry.name)) {
        let path = folder.join(name.file_name());
        if let Some(payload) = read_optional(&*place.disk, &path)? {
            requests.push(Request { name, payload });
        }
    }
    requests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(requests)
}

/// Removes a request, durably.
pub(crate) fn remove(place: &Place, name: &RequestName) -> Result<(), StoreError> {
    let folder = place.requests();
    let path = folder.join(name.file_name());
    match place.disk.remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed.map_err(StoreError::io("remove", &path, OnDisk::Nothing))?,
    }
    fail_point("store: after request removed");
    place.disk.sync_dir(&folder).map_err(StoreError::io("sync", &folder, OnDisk::Maybe))
}

fn create_folder(place: &Place, folder: &Path) -> Result<(), StoreError> {
    match place.disk.create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        created => created.map_err(StoreError::io("create", folder, OnDisk::Nothing))?,
    }
    // Each time, because whoever made it may have died before it was durable.
    let state = place.folder();
    place.disk.sync_dir(state).map_err(StoreError::io("sync", state, OnDisk::Nothing))
}

fn write_aside(place: &Place, path: &Path, payload: &[u8]) -> Result<(), StoreError> {
    let written = place.disk.create(path).and_then(|mut file| {
        file.write_all_at(payload, 0)?;
        file.sync()
    });
    written.map_err(|error| {
        let _ = place.disk.remove_file(path);
        StoreError::io("write", path, OnDisk::Nothing)(error)
    })
}

fn link(place: &Place, aside: &Path, path: &Path) -> Result<Requested, StoreError> {
    let folder = place.requests();
    let sync = || {
        let synced = place.disk.sync_dir(&folder);
        synced.map_err(StoreError::io("sync", &folder, OnDisk::Maybe))
    };
    fail_point("store: before request");
    match place.disk.link(aside, path) {
        Ok(()) => {
            sync()?;
            fail_point("store: after request");
            Ok(Requested::Stored)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let existing = read_optional(&*place.disk, path)?;
            // Removed in between means that the holder has just taken it.
            sync()?;
            Ok(Requested::AlreadyThere(existing.unwrap_or_else(Bytes::new)))
        }
        Err(error) => Err(StoreError::io("create", path, OnDisk::Nothing)(error)),
    }
}
