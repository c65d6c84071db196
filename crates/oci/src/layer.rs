//! Writing a layer: an archive of files, the same bytes for the same files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};
use thiserror::Error;

use crate::digest::Digesting;

/// A file of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFile {
    /// Where its content is now.
    pub source: PathBuf,
    /// Where it is in the image.
    pub path: PathBuf,
    /// Its permissions.
    pub mode: u32,
}

/// Why a layer could not be written. Nothing was pushed.
#[derive(Debug, Error)]
pub enum LayerError {
    /// A path leads nowhere in an image.
    #[error("`{}` is no path of a file in an image", path.display())]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// Two files have the same path, or one lies in another.
    #[error("`{}` cannot be in the image beside another file there", path.display())]
    Twice {
        /// The path.
        path: PathBuf,
    },
    /// A file could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file became longer or shorter as it was read.
    #[error("`{}` changed while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The layer could not be written to a temporary file: perhaps the disk is full.
    #[error("cannot write the layer to a temporary file")]
    Write {
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A layer in a temporary file, which goes with it.
pub(crate) struct Layer {
    pub(crate) file: File,
    /// The digest of the file.
    pub(crate) digest: String,
    pub(crate) size: u64,
    /// The digest of what is compressed in it.
    pub(crate) diff_id: String,
}

/// The folder (`None`) or file at each path of a layer, without the root's slash.
type Entries<'a> = BTreeMap<PathBuf, Option<&'a LayerFile>>;

type Archive = Builder<Digesting<GzEncoder<Digesting<BufWriter<File>>>>>;

/// Writes a layer of files to a temporary file.
///
/// Sorted, owned by nobody in particular, and of no time, so that equal files give an equal layer.
pub(crate) fn write(files: &[LayerFile]) -> Result<Layer, LayerError> {
    let entries = entries(files)?;
    let fail = |source| LayerError::Write { source };
    let spool = Digesting::new(BufWriter::new(tempfile::tempfile().map_err(fail)?));
    // Neither time nor system, which gzip would note.
    let gzip = GzBuilder::new().operating_system(255).write(spool, Compression::default());
    let mut archive = Builder::new(Digesting::new(gzip));
    for (path, entry) in &entries {
        match entry {
            None => append_folder(&mut archive, path)?,
            Some(file) => append_file(&mut archive, path, file)?,
        }
    }
    finish(archive).map_err(fail)
}

fn finish(archive: Archive) -> io::Result<Layer> {
    let (gzip, diff_id, _) = archive.into_inner()?.finish();
    let (spool, digest, size) = gzip.finish()?.finish();
    let mut file = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.flush()?;
    file.rewind()?;
    Ok(Layer { file, digest, size, diff_id })
}

/// All files with the folders on the way to them.
fn entries(files: &[LayerFile]) -> Result<Entries<'_>, LayerError> {
    let mut entries = Entries::new();
    for file in files {
        let path = inner_path(&file.path)?;
        let twice = || LayerError::Twice { path: file.path.clone() };
        for folder in path.ancestors().skip(1).filter(|it| !it.as_os_str().is_empty()) {
            if entries.entry(folder.to_owned()).or_insert(None).is_some() {
                return Err(twice());
            }
        }
        if entries.insert(path, Some(file)).is_some() {
            return Err(twice());
        }
    }
    Ok(entries)
}

/// A path in an image without the root's slash.
fn inner_path(path: &Path) -> Result<PathBuf, LayerError> {
    let wrong = || LayerError::Path { path: path.to_owned() };
    let mut inner = PathBuf::new();
    for part in path.components() {
        match part {
            Component::RootDir | Component::CurDir => {}
            // Such a name would take files away from the layers below.
            Component::Normal(name) if name.as_encoded_bytes().starts_with(b".wh.") => {
                return Err(wrong());
            }
            Component::Normal(name) => inner.push(name),
            Component::ParentDir | Component::Prefix(_) => return Err(wrong()),
        }
    }
    if inner.as_os_str().is_empty() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(wrong());
    }
    Ok(inner)
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn append_folder(archive: &mut Archive, path: &Path) -> Result<(), LayerError> {
    let mut header = header(EntryType::Directory, 0o755, 0);
    archive
        .append_data(&mut header, path, io::empty())
        .map_err(|source| LayerError::Write { source })
}

fn append_file(archive: &mut Archive, path: &Path, file: &LayerFile) -> Result<(), LayerError> {
    let unread = |source| LayerError::Read { path: file.source.clone(), source };
    let opened = File::open(&file.source).map_err(unread)?;
    let size = opened.metadata().map_err(unread)?.len();
    let mut header = header(EntryType::Regular, file.mode & 0o7777, size);
    let mut content = Content { file: opened, left: size, failed: None };
    let appended = archive.append_data(&mut header, path, &mut content);
    if let Some(source) = content.failed {
        return Err(unread(source));
    }
    appended.map_err(|source| LayerError::Write { source })?;
    let now = content.file.metadata().map_err(unread)?.len();
    if content.left > 0 || now != size {
        return Err(LayerError::Changed { path: file.source.clone() });
    }
    Ok(())
}

/// As much of a file as its entry has room for. Tells its own failures from the archive's.
struct Content {
    file: File,
    left: u64,
    failed: Option<io::Error>,
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match (&mut self.file).take(self.left).read(buffer) {
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}

#[cfg(test)]
mod tests;
