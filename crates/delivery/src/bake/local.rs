//! Images of this machine: folders, named after what they were made from.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::builder::Made;
use super::files::ProjectFile;
use super::recipe::Recipe;
use super::{BakeError, Bench};
use crate::images::{Key, Origin};
use crate::own;

/// The folder of all images, below that for what is not of the sources.
const IMAGES: &str = "images";

/// The folder of an image.
fn folder(bench: &Bench, name: &str, key: &Key) -> PathBuf {
    let images = bench.folder.join(".greenroom").join(IMAGES);
    images.join(format!("{name}-{}", key.short()))
}

/// Makes the folder of an image: artifacts by their file names, files by their paths. It is there
/// wholly or not at all.
///
/// # Errors
///
/// [`BakeError`]; the image is not there, or as it was.
pub(super) async fn make(bench: &Bench, recipe: &Recipe<'_>, key: &Key) -> Result<Made, BakeError> {
    let folder = folder(bench, recipe.name, key);
    let failed = |source| BakeError::Folder { path: folder.clone(), source };
    let images = own::folder(&bench.folder, IMAGES).map_err(failed)?;
    let prefix = format!(".{}-{}.", recipe.name, key.short());
    remove_unfinished(&images, &prefix).map_err(failed)?;
    let new = tempfile::Builder::new().prefix(&prefix).tempdir_in(&images);
    let new = new.map_err(failed)?;
    recipe.fetch(bench, new.path()).await?;
    let (files, place) = (recipe.files.clone(), folder.clone());
    let finish = move || {
        copy_files(&files, new.path())?;
        let identity = digest(new.path())?;
        put(new, &place, &prefix)?;
        Ok(identity)
    };
    // Files may be large, and other images are baked meanwhile.
    let finished = tokio::task::spawn_blocking(finish).await;
    let identity = finished.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(failed)?;
    let id = folder.display().to_string();
    let origin = Origin { identity, ..Origin::default() };
    Ok(Made { id, origin, locations: Vec::new() })
}

/// Whether the folder of an image is there as it was made.
pub(super) fn is_there(id: &str, identity: &str) -> bool {
    digest(Path::new(id)).is_ok_and(|digest| digest == identity)
}

/// Removes the folder of an image, which may be gone.
///
/// # Errors
///
/// What the system said; some of it may be gone.
pub(super) fn remove(id: &str) -> io::Result<()> {
    match fs::remove_dir_all(id) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what bakes of the same image left that were killed; nobody else bakes it now.
fn remove_unfinished(images: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(images)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn copy_files(files: &[ProjectFile], folder: &Path) -> io::Result<()> {
    for file in files {
        let path = folder.join(&file.path);
        if path.exists() {
            let message = format!("`{}` is in the image already, as an artifact", file.path);
            return Err(io::Error::other(message));
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, &file.content)?;
        fs::set_permissions(&path, Permissions::from_mode(file.mode()))?;
    }
    // The folder of a temporary file is its owner's alone.
    fs::set_permissions(folder, Permissions::from_mode(0o755))
}

/// Puts a finished folder in its place. One that is there was damaged: it is moved aside first, so
/// that no instance ever sees half of one.
fn put(new: tempfile::TempDir, folder: &Path, prefix: &str) -> io::Result<()> {
    for path in files(new.path())? {
        File::open(path)?.sync_all()?;
    }
    let images = folder.parent().unwrap_or(folder);
    let aside = tempfile::Builder::new().prefix(prefix).tempdir_in(images)?;
    if folder.exists() {
        fs::rename(folder, aside.path().join("old"))?;
    }
    fs::rename(new.keep(), folder)?;
    File::open(images)?.sync_all()
}

/// The digest of a folder: of its files' paths, contents, and whether they may be executed.
fn digest(folder: &Path) -> io::Result<String> {
    let mut hash = blake3::Hasher::new();
    for path in files(folder)? {
        let relative = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy();
        let file = File::open(&path)?;
        let executable = file.metadata()?.permissions().mode() & 0o100 != 0;
        let content = blake3::Hasher::new().update_reader(file)?.finalize();
        hash.update(&(relative.len() as u64).to_be_bytes());
        hash.update(relative.as_bytes());
        hash.update(&[u8::from(executable)]);
        hash.update(content.as_bytes());
    }
    Ok(hash.finalize().to_hex().to_string())
}

/// All files below a folder, in the order of their paths.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}
