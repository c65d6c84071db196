//! Unpacking layers, one over the other, into a folder.
//!
//! An archive from a registry is a stranger's. Whatever its entries are called and wherever its
//! links lead, nothing outside of the folder is written, and nothing that it makes has more rights
//! than a file of the user's.

mod entry;
mod whiteout;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry};
use thiserror::Error;

use crate::digest::Digesting;

/// How a layer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
}

/// Why a layer does not unpack. The folder may hold parts of it.
#[derive(Debug, Error)]
pub enum UnpackError {
    /// It is no archive.
    #[error("a layer is no archive that can be read")]
    Archive {
        /// Where it ends to be one.
        #[source]
        source: io::Error,
    },
    /// What is in it is not what the image says.
    #[error("a layer unpacks to something else than its digest says")]
    Digest,
    /// An entry would leave the image.
    #[error("an entry `{}` would leave the image", path.display())]
    Leaves {
        /// The entry.
        path: PathBuf,
    },
    /// An entry cannot be made: perhaps the disk is full.
    #[error("cannot make `{}`", path.display())]
    Make {
        /// The entry.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Compression {
    /// How layers of a media type are packed; `None` if nobody here can unpack them.
    pub(crate) fn of(media_type: &str) -> Option<Compression> {
        use oci_client::manifest as types;
        match media_type {
            types::IMAGE_LAYER_MEDIA_TYPE | types::IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE => {
                Some(Compression::None)
            }
            types::IMAGE_LAYER_GZIP_MEDIA_TYPE | types::IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE => {
                Some(Compression::Gzip)
            }
            _ => None,
        }
    }

    fn unpacked(self, layer: &mut File) -> io::Result<Box<dyn Read + '_>> {
        layer.rewind()?;
        let packed = BufReader::new(layer);
        Ok(match self {
            Compression::None => Box::new(packed),
            Compression::Gzip => Box::new(MultiGzDecoder::new(packed)),
        })
    }
}

/// Unpacks a layer over what is in `rootfs`, if it is what its digest says.
pub(crate) fn apply(
    mut layer: File,
    compression: Compression,
    diff_id: &str,
    rootfs: &Path,
) -> Result<(), UnpackError> {
    // Twice, since what a layer takes away it takes from those below, wherever in it that is said.
    let mut first = Digesting::new(open(compression, &mut layer)?);
    each(&mut first, |entry| whiteout::take_away(entry, rootfs))?;
    io::copy(&mut first, &mut io::sink()).map_err(archive)?;
    let (_, digest, _) = first.finish();
    if digest != diff_id {
        return Err(UnpackError::Digest);
    }
    each(&mut open(compression, &mut layer)?, |entry| entry::make(entry, rootfs))
}

fn open(compression: Compression, layer: &mut File) -> Result<Box<dyn Read + '_>, UnpackError> {
    compression.unpacked(layer).map_err(archive)
}

fn each<R: Read>(
    layer: &mut R,
    mut work: impl FnMut(&mut Entry<'_, &mut R>) -> Result<(), UnpackError>,
) -> Result<(), UnpackError> {
    for entry in Archive::new(layer).entries().map_err(archive)? {
        work(&mut entry.map_err(archive)?)?;
    }
    Ok(())
}

fn archive(source: io::Error) -> UnpackError {
    UnpackError::Archive { source }
}

#[cfg(test)]
mod tests;
