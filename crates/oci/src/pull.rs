//! Pulling an image by its digest, and unpacking it into a folder.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use oci_client::manifest::OciDescriptor;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_blocking;

use crate::config::ImageConfig;
use crate::name::ImageId;
use crate::platform::Platform;
use crate::registry::{Described, Registry, RegistryError, Use};
use crate::unpack::{self, Compression, UnpackError};

/// Why an image is not unpacked.
#[derive(Debug, Error)]
pub enum PullError {
    /// Its registry does not give it.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A layer of it is of a kind that cannot be unpacked here.
    #[error("`{image}` has a layer of the type `{media_type}`, which cannot be unpacked")]
    Layer {
        /// The image.
        image: String,
        /// The layer's type.
        media_type: String,
    },
    /// Its manifest and its configuration do not speak of the same layers.
    #[error("`{image}` has other layers than its configuration says")]
    Layers {
        /// The image.
        image: String,
    },
    /// A layer of it does not unpack.
    #[error("cannot unpack `{image}`")]
    Unpack {
        /// The image.
        image: String,
        /// Why.
        #[source]
        source: UnpackError,
    },
    /// A file could not be written: perhaps the disk is full.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of an unpacked image could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Pulls an image for this machine and unpacks it into `folder`, which is there and empty.
///
/// Everything is held to its digest. [`rootfs_of`] and [`config_of`] find what was unpacked.
///
/// # Errors
///
/// The folder may hold parts of the image then.
pub async fn pull(id: &ImageId, folder: &Path) -> Result<(), PullError> {
    let image = id.reference();
    let registry = Registry::open(image, image.resolve_registry(), Use::Pull).await?;
    let described = registry.describe(&Platform::here()).await?;
    let rootfs = rootfs_of(folder);
    fs::create_dir(&rootfs).map_err(write_error(&rootfs))?;
    for (layer, compression, diff_id) in layers(id, &described)? {
        let content = registry.blob(layer).await?;
        let spool = spool(content, folder).await?;
        let (diff_id, rootfs) = (diff_id.to_owned(), rootfs.clone());
        spawn_blocking(move || unpack::apply(spool, compression, &diff_id, &rootfs))
            .await
            .expect("unpacking does not panic")
            .map_err(|source| PullError::Unpack { image: id.to_string(), source })?;
    }
    let config = config_path(folder);
    fs::write(&config, &described.config_text).map_err(write_error(&config))
}

/// The root file system of the image that was unpacked into `folder`.
#[must_use]
pub fn rootfs_of(folder: &Path) -> PathBuf {
    folder.join("rootfs")
}

/// The configuration of the image that was unpacked into `folder`.
///
/// # Errors
///
/// [`PullError::Read`] if there is none.
pub fn config_of(folder: &Path) -> Result<ImageConfig, PullError> {
    let path = config_path(folder);
    fs::read(&path)
        .and_then(|text| serde_json::from_slice(&text).map_err(io::Error::from))
        .map_err(|source| PullError::Read { path, source })
}

fn config_path(folder: &Path) -> PathBuf {
    folder.join("config.json")
}

/// The layers of an image, the lowest first, with what they unpack to.
fn layers<'a>(
    id: &ImageId,
    described: &'a Described,
) -> Result<Vec<(&'a OciDescriptor, Compression, &'a str)>, PullError> {
    let (layers, diff_ids) = (&described.manifest.layers, &described.config.rootfs.diff_ids);
    if layers.len() != diff_ids.len() {
        return Err(PullError::Layers { image: id.to_string() });
    }
    let described = |(layer, diff_id): (&'a OciDescriptor, &'a String)| {
        let compression = Compression::of(&layer.media_type).ok_or_else(|| PullError::Layer {
            image: id.to_string(),
            media_type: layer.media_type.clone(),
        })?;
        Ok((layer, compression, diff_id.as_str()))
    };
    layers.iter().zip(diff_ids).map(described).collect()
}

/// Writes a blob to a temporary file beside where it is unpacked to.
async fn spool(
    mut content: impl Stream<Item = Result<Bytes, RegistryError>> + Unpin,
    folder: &Path,
) -> Result<File, PullError> {
    let failed = write_error(folder);
    let file = tempfile::tempfile_in(folder).map_err(&failed)?;
    let mut file = tokio::fs::File::from_std(file);
    while let Some(bytes) = content.next().await {
        file.write_all(&bytes?).await.map_err(&failed)?;
    }
    file.flush().await.map_err(&failed)?;
    let mut file = file.into_std().await;
    file.rewind().map_err(failed)?;
    Ok(file)
}

fn write_error(path: &Path) -> impl Fn(io::Error) -> PullError + use<> {
    let path = path.to_owned();
    move |source| PullError::Write { path: path.clone(), source }
}
