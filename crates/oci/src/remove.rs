//! Whether an image is there, and removing it.

use reqwest::StatusCode;

use crate::name::ImageId;
use crate::registry::{Registry, RegistryError, Use};

/// What became of an image that was to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Its manifest is gone, so that nobody finds it any more. The registry's own cleaning takes
    /// what no other image has.
    Removed,
    /// It was not there.
    Gone,
    /// The registry removes no images, or not for us: the image is still there.
    Refused {
        /// What the registry answered.
        reason: String,
    },
}

/// Whether an image is in its registry.
///
/// # Errors
///
/// [`RegistryError`] if the registry does not tell.
pub async fn exists(id: &ImageId) -> Result<bool, RegistryError> {
    open(id).await?.has_manifest().await
}

/// Removes an image from its registry.
///
/// # Errors
///
/// [`RegistryError`] if the registry could not be asked; the image may still be there.
pub async fn remove(id: &ImageId) -> Result<Removal, RegistryError> {
    let registry = open(id).await?;
    let status = registry.delete_manifest(id.digest()).await?;
    let host = registry.host().to_owned();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(RegistryError::Refused { host, status, said: String::new() });
    }
    Ok(match status {
        status if status.is_success() => Removal::Removed,
        StatusCode::NOT_FOUND => Removal::Gone,
        status => Removal::Refused { reason: format!("`{host}` answers {status}") },
    })
}

async fn open(id: &ImageId) -> Result<Registry, RegistryError> {
    let image = id.reference();
    Registry::open(image, image.resolve_registry(), Use::Pull).await
}
