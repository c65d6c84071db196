//! The folders in which what is stored stands: made when they are missing, and made durable.

use std::io;
use std::path::Path;

use crate::disk::Disk;
use crate::error::{OnDisk, StoreError};

/// The folders above `folder`, within the root, the root first.
pub(crate) fn above<'a>(root: &'a Path, folder: &'a Path) -> Vec<&'a Path> {
    let within = folder.ancestors().skip(1).take_while(|path| *path != root);
    let mut above: Vec<&Path> = within.collect();
    above.push(root);
    above.reverse();
    above
}

/// Makes `folder` and those above it that are missing, the outermost first.
pub(crate) fn create(disk: &dyn Disk, root: &Path, folder: &Path) -> Result<(), StoreError> {
    if disk.exists(folder).unwrap_or(false) {
        return Ok(());
    }
    let above_root = root.ancestors().skip(1).collect::<Vec<_>>();
    for path in above_root.into_iter().rev().chain(above(root, folder)) {
        create_one(disk, path)?;
    }
    create_one(disk, folder)
}

fn create_one(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    let failed = || StoreError::io("create", path, OnDisk::Nothing);
    if path.as_os_str().is_empty() || disk.exists(path).map_err(failed())? {
        return Ok(());
    }
    match disk.create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Another process removed the folder above meanwhile; the caller starts again.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(failed()),
    }
}

/// Makes it durable that `folder` exists.
pub(crate) fn sync_above(disk: &dyn Disk, root: &Path, folder: &Path) -> Result<(), StoreError> {
    for path in root.ancestors().skip(1) {
        match disk.sync_dir(path) {
            Err(error) if is_not_ours(&error) => {}
            synced => synced.map_err(StoreError::io("sync", path, OnDisk::Nothing))?,
        }
    }
    for path in above(root, folder) {
        let synced = disk.sync_dir(path);
        synced.map_err(StoreError::io("sync", path, OnDisk::Nothing))?;
    }
    Ok(())
}

/// Whether a folder above the root is not ours to sync: whoever made it answers for it. Any other
/// failure may be about a folder that we made, and without which what is in it is lost.
fn is_not_ours(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotFound, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), InvalidInput | NotFound | PermissionDenied | ReadOnlyFilesystem)
}
