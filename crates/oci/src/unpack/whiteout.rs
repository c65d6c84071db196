//! What a layer takes away from those below it.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tar::Entry;

use super::entry::split;
use super::{UnpackError, archive};
use crate::scope;

/// What the name of an entry begins with that takes something away.
pub(super) const PREFIX: &str = ".wh.";

/// The name of an entry that takes away all that lower layers have in its folder.
const ALL: &str = ".wh..wh..opq";

/// Removes from `rootfs` what an entry takes away, if it is of that kind.
pub(super) fn take_away<R: Read>(
    entry: &mut Entry<'_, R>,
    rootfs: &Path,
) -> Result<(), UnpackError> {
    let path = entry.path().map_err(archive)?.into_owned();
    let Some((folder, name)) = split(&path)? else { return Ok(()) };
    let Some(victim) = name.as_bytes().strip_prefix(PREFIX.as_bytes()) else { return Ok(()) };
    if [b"".as_slice(), b".", b".."].contains(&victim) {
        return Err(UnpackError::Leaves { path });
    }
    let work = || {
        let folder = scope::resolve(rootfs, folder)?;
        match name == ALL {
            true => clear(&folder),
            // Other names of this kind are notes of a file system to itself.
            false if victim.starts_with(PREFIX.as_bytes()) => Ok(()),
            false => remove(&folder.join(OsStr::from_bytes(victim))),
        }
    };
    work().map_err(|source| UnpackError::Make { path: path.clone(), source })
}

/// Removes all that is in a folder, which may not be there.
fn clear(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    fs::read_dir(folder)?.try_for_each(|entry| remove(&entry?.path()))
}

/// Removes a file, a link or a whole folder, which may not be there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if is_absent(&error) => Ok(()),
        removed => removed,
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
