//! The end of a state.
//!
//! Its folder first takes another name: from that instant there is no state,
//! however much of the deletion follows. What a crash leaves under the other
//! name is deleted by the next lease of that name.

use std::io;
use std::path::Path;

use crate::disk::EntryKind;
use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::folder::place::Place;

/// Removes the whole state. Only its holder may.
pub(crate) fn remove(place: &Place) -> Result<(), StoreError> {
    let removed = place.removed();
    purge(place)?;
    fail_point("store: before removal");
    let renamed = place.disk.rename(place.folder(), &removed);
    renamed.map_err(StoreError::io("remove", place.folder(), OnDisk::Nothing))?;
    fail_point("store: after removal renamed");
    let parent = place.parent();
    let synced = place.disk.sync_dir(parent);
    synced.map_err(StoreError::io("sync", parent, OnDisk::Maybe))?;
    fail_point("store: after removal durable");
    let deleted = delete(place, &removed);
    deleted.map_err(StoreError::io("delete", &removed, OnDisk::Leftovers))?;
    fail_point("store: after removal deleted");
    prune(place);
    Ok(())
}

/// Whether an interrupted removal has left something.
pub(crate) fn has_leftovers(place: &Place) -> Result<bool, StoreError> {
    let removed = place.removed();
    place.disk.exists(&removed).map_err(StoreError::io("look for", &removed, OnDisk::Nothing))
}

/// Deletes what an interrupted removal has left.
pub(crate) fn purge(place: &Place) -> Result<(), StoreError> {
    if !has_leftovers(place)? {
        return Ok(());
    }
    let removed = place.removed();
    // Whoever renamed it may have died before that was durable. Deleting first could bring the
    // state back under its old name, in part.
    let parent = place.parent();
    let synced = place.disk.sync_dir(parent);
    synced.map_err(StoreError::io("sync", parent, OnDisk::Nothing))?;
    delete(place, &removed).map_err(StoreError::io("delete", &removed, OnDisk::Nothing))
}

fn delete(place: &Place, folder: &Path) -> io::Result<()> {
    let Some(entries) = unless_gone(place.disk.list(folder))? else { return Ok(()) };
    for entry in entries {
        let path = folder.join(&entry.name);
        match entry.kind {
            EntryKind::Folder => delete(place, &path)?,
            EntryKind::File => {
                unless_gone(place.disk.remove_file(&path))?;
            }
        }
    }
    unless_gone(place.disk.remove_dir(folder)).map(drop)
}

/// Two processes may delete the same leftovers; either is content when they are gone.
fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// Removes the folders above that are empty now. They mean nothing, so failing is fine.
fn prune(place: &Place) {
    let within = place.ancestors();
    for path in within.iter().skip(1).rev() {
        if place.disk.remove_dir(path).is_err() {
            return;
        }
    }
}
