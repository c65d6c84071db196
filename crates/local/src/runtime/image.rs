//! Images that instances run from: a folder that is there, or one in a registry.
//!
//! An image of a registry is unpacked once, into a folder of the root that is named by its digest,
//! and goes with the last instance that runs from it. Whoever makes an instance holds the image's
//! lock until the instance is there, so that nobody who removes one takes the image away meanwhile.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use greenroom_oci::{ImageId, NameError, SCHEME};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::files::{self, FileError};
use super::instance::{self, InstanceError};
use super::root::{ObjectType, Root, make_folder, names};

/// What an instance runs from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Image {
    /// A folder that is only read.
    Folder(PathBuf),
    /// An image in a registry, by its digest.
    Oci(ImageId),
}

impl TryFrom<String> for Image {
    type Error = NameError;

    fn try_from(text: String) -> Result<Image, NameError> {
        match text.starts_with(SCHEME) {
            true => text.parse().map(Image::Oci),
            false => Ok(Image::Folder(text.into())),
        }
    }
}

impl From<Image> for String {
    fn from(image: Image) -> String {
        image.to_string()
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Image::Folder(path) => path.display().fmt(f),
            Image::Oci(id) => id.fmt(f),
        }
    }
}

/// An image that nobody removes while this is held.
pub(crate) struct Held {
    _lock: Option<File>,
}

/// Has an image where instances can run from it: pulls and unpacks it unless it is there.
///
/// Others who want the same image wait for whoever unpacks it.
pub(crate) async fn hold(root: &Root, image: &Image) -> Result<Held, InstanceError> {
    let Image::Oci(id) = image else { return Ok(Held { _lock: None }) };
    let path = lock_path(root, &id.file_name());
    let lock = spawn_blocking(move || lock(&path)).await.expect("locking does not panic")?;
    if !root.image(id).exists() {
        unpack(root, id).await?;
    }
    Ok(Held { _lock: Some(lock) })
}

async fn unpack(root: &Root, id: &ImageId) -> Result<(), InstanceError> {
    let staged = root.stage()?;
    greenroom_oci::pull(id, staged.path()).await?;
    let folder = root.image(id);
    staged.settle(&folder).map_err(FileError::write(&folder))?;
    Ok(())
}

/// Removes the unpacked images that no instance runs from.
///
/// Waits for whoever holds the image `own`; of others, those that somebody holds are in use.
pub(crate) async fn remove_unused(root: &Root, own: Option<&Image>) -> Result<(), FileError> {
    let own = match own {
        Some(Image::Oci(id)) => Some(id.file_name()),
        _ => None,
    };
    let root = root.clone();
    // Whoever is waited for may be another task of this thread.
    let remove = spawn_blocking(move || remove_but_used(&root, own.as_deref()));
    remove.await.expect("removing does not panic")
}

fn remove_but_used(root: &Root, own: Option<&str>) -> Result<(), FileError> {
    for name in unpacked(root)? {
        let path = lock_path(root, &name);
        let lock = match own == Some(name.as_str()) {
            true => Some(lock(&path)?),
            false => try_lock(&path)?,
        };
        if lock.is_some() && !is_used(root, &name)? {
            root.discard(&root.images().join(&name), &name)?;
            files::remove(&path)?;
        }
    }
    root.sweep();
    Ok(())
}

/// The names of all images that are there, or that somebody began with.
fn unpacked(root: &Root) -> Result<BTreeSet<String>, FileError> {
    let image = |name: String| match name.strip_prefix('.') {
        Some(lock) => lock.strip_suffix(".lock").map(str::to_owned),
        None => Some(name),
    };
    Ok(names(&root.images())?.into_iter().filter_map(image).collect())
}

fn is_used(root: &Root, name: &str) -> Result<bool, FileError> {
    let runs_from = |image| matches!(image, Image::Oci(id) if id.file_name() == name);
    // An instance whose file cannot be read may run from any.
    let uses = |uid| instance::image_of(root, uid).map_or(true, |it| it.is_some_and(runs_from));
    Ok(root.uids(ObjectType::Instance)?.iter().any(uses))
}

fn lock_path(root: &Root, name: &str) -> PathBuf {
    root.images().join(format!(".{name}.lock"))
}

fn lock(path: &Path) -> Result<File, FileError> {
    loop {
        let Some(file) = open(path)? else { continue };
        file.lock().map_err(FileError::read(path))?;
        if is_at(&file, path) {
            return Ok(file);
        }
    }
}

/// The lock, unless somebody holds it.
fn try_lock(path: &Path) -> Result<Option<File>, FileError> {
    let Some(file) = open(path)? else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file).filter(|file| is_at(file, path))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(FileError::read(path)(source)),
    }
}

/// Opens a lock file; `None` if its folder went just now, with the last image.
fn open(path: &Path) -> Result<Option<File>, FileError> {
    make_folder(path.parent().expect("it lies in the folder of images"))?;
    let mut options = OpenOptions::new();
    match options.read(true).write(true).create(true).truncate(false).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some).map_err(FileError::write(path)),
    }
}

/// Whether a lock is still the one at its path: it goes with the image.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |it: std::fs::Metadata| (it.dev(), it.ino());
    let there = path.metadata().map(identity);
    file.metadata().map(identity).is_ok_and(|it| there.is_ok_and(|there| there == it))
}
