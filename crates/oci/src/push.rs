//! Making an image of a base and files, and pushing it.
//!
//! Blobs go first and the manifest last, by its digest: a push that is cut off anywhere leaves
//! blobs that belong to no image, and nothing that anybody takes for one.

mod assemble;
mod error;
mod send;

use std::collections::BTreeMap;

use tokio::task::spawn_blocking;

use crate::layer::{self, LayerFile};
use crate::name::{ImageId, reference, repository};
use crate::platform::Platform;
use crate::registry::{Registry, Use};

pub use error::PushError;

/// When every image was made, as it says itself: of no time, so that equal inputs give equal
/// images.
pub const CREATED: &str = "1970-01-01T00:00:00Z";

/// An image that is to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where it is pushed: `HOST/NAME`.
    pub repository: String,
    /// The image that it starts from, as [`base`] finds it; nothing if left out.
    pub base: Option<ImageId>,
    /// What it runs on, such as `linux/amd64`.
    pub platform: String,
    /// The files that are added, by absolute paths in the image.
    pub files: Vec<LayerFile>,
    /// How it is run.
    pub settings: Settings,
}

/// How an image is run, where that differs from its base.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The program with its first arguments; those of the base if empty.
    pub entrypoint: Vec<String>,
    /// Further arguments; those of the base if this and the entrypoint are empty.
    pub command: Vec<String>,
    /// Environment variables beside those of the base.
    pub environment: BTreeMap<String, String>,
    /// Where it runs.
    pub working_dir: Option<String>,
    /// Whom it runs as.
    pub user: Option<String>,
    /// Labels beside those of the base.
    pub labels: BTreeMap<String, String>,
}

/// Finds the image of `platform` that the base `name` is now, such as `HOST/NAME:TAG`.
///
/// The credentials of the environment are those for the registry of `own`, the repository that the
/// image made of it is for.
///
/// # Errors
///
/// [`PushError::Base`] if there is none or its registry does not tell. Nothing was changed.
pub async fn base(name: &str, platform: &str, own: &str) -> Result<ImageId, PushError> {
    let image = reference(name)?;
    let own = repository(own)?;
    let platform = parse_platform(platform)?;
    let unread = PushError::base(name);
    let registry = match Registry::open(&image, own.resolve_registry(), Use::Pull).await {
        Ok(registry) => registry,
        Err(error) => return Err(unread(error)),
    };
    let described = registry.describe(&platform).await.map_err(unread)?;
    Ok(ImageId::new(&image, described.digest))
}

/// Makes an image and pushes it, unless it is there already.
///
/// Equal orders give an equal id. Blobs stream from file to file and from registry to registry;
/// none is held in memory. Whoever drops this future leaves no image.
///
/// # Errors
///
/// Whatever it is, the repository has no new image, and at most blobs that belong to none.
pub async fn push(order: Order) -> Result<ImageId, PushError> {
    let repository = repository(&order.repository)?;
    let platform = parse_platform(&order.platform)?;
    let files = order.files.clone();
    let write = spawn_blocking(move || layer::write(&files));
    let layer = write.await.expect("writing a layer does not panic")?;
    let base = match &order.base {
        Some(id) => Some(send::Base::open(id, &platform, repository.resolve_registry()).await?),
        None => None,
    };
    let image = assemble::image(&order, &platform, base.as_ref().map(|it| &it.described), &layer)?;
    let id = ImageId::new(&repository, image.digest.clone());
    send::all(&repository, base, layer, image).await?;
    Ok(id)
}

fn parse_platform(text: &str) -> Result<Platform, PushError> {
    text.parse().map_err(|()| PushError::Platform { text: text.to_owned() })
}
