//! Making what an entry of a layer says.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use tar::{Entry, EntryType};

use super::whiteout::{self, PREFIX};
use super::{UnpackError, archive};
use crate::scope;

/// Makes an entry in `rootfs`, in place of what is there.
pub(super) fn make<R: Read>(entry: &mut Entry<'_, R>, rootfs: &Path) -> Result<(), UnpackError> {
    let path = entry.path().map_err(archive)?.into_owned();
    let Some((folder, name)) = split(&path)? else { return Ok(()) };
    if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
        return Ok(());
    }
    let mut work = || -> io::Result<()> {
        let folder = scope::resolve(rootfs, folder)?;
        fs::create_dir_all(&folder)?;
        place(entry, rootfs, &folder, &folder.join(name))
    };
    work().map_err(|source| UnpackError::Make { path: path.clone(), source })
}

/// The folder and the name of an entry; `None` for the root itself.
pub(super) fn split(path: &Path) -> Result<Option<(&Path, &OsStr)>, UnpackError> {
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(UnpackError::Leaves { path: path.to_owned() });
    }
    Ok(path.parent().zip(path.file_name()))
}

fn place<R: Read>(
    entry: &mut Entry<'_, R>,
    rootfs: &Path,
    folder: &Path,
    path: &Path,
) -> io::Result<()> {
    let mode = entry.header().mode()? & 0o777;
    match entry.header().entry_type() {
        EntryType::Directory => {
            if !fs::symlink_metadata(path).is_ok_and(|it| it.is_dir()) {
                whiteout::remove(path)?;
                fs::create_dir(path)?;
            }
            // Or nobody could fill it, nor remove it one day.
            fs::set_permissions(path, Permissions::from_mode(mode | 0o700))
        }
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            whiteout::remove(path)?;
            entry.unpack(path)?;
            fs::set_permissions(path, Permissions::from_mode(mode | 0o400))
        }
        EntryType::Symlink => {
            let within = folder.strip_prefix(rootfs).map_err(io::Error::other)?;
            let target = scope::contained(within, &target(entry)?);
            whiteout::remove(path)?;
            symlink(target, path)
        }
        EntryType::Link => {
            let target = scope::resolve(rootfs, &target(entry)?)?;
            if target == path {
                return Ok(());
            }
            whiteout::remove(path)?;
            fs::hard_link(target, path)
        }
        // Devices and pipes are nothing that a user can make, and nothing that a program here needs.
        _ => Ok(()),
    }
}

fn target<R: Read>(entry: &Entry<'_, R>) -> io::Result<PathBuf> {
    let target = entry.link_name()?.ok_or_else(|| io::Error::other("a link to nothing"))?;
    Ok(target.into_owned())
}
