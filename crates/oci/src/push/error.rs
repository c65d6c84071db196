//! Why an image was not made.

use thiserror::Error;

use crate::layer::LayerError;
use crate::name::NameError;
use crate::registry::RegistryError;

/// Why an image was not made. There is no new image, whichever it is.
#[derive(Debug, Error)]
pub enum PushError {
    /// A name is none. Nobody was asked.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is no platform. Nobody was asked.
    #[error("`{text}` is no platform such as `linux/amd64`")]
    Platform {
        /// What was given.
        text: String,
    },
    /// The layer could not be written. Nothing was pushed.
    #[error("the image's files are in no layer, and nothing was pushed")]
    Layer(#[from] LayerError),
    /// The base could not be read.
    #[error("cannot read the base image `{base}`")]
    Base {
        /// The base.
        base: String,
        /// Why.
        #[source]
        source: RegistryError,
    },
    /// The base has a layer that cannot be taken over. Nothing was pushed.
    #[error(
        "the base image `{base}` has a layer of the type `{media_type}`, which cannot be taken over"
    )]
    BaseLayer {
        /// The base.
        base: String,
        /// The layer's type.
        media_type: String,
    },
    /// It could not be pushed. Blobs may be there, which belong to no image.
    #[error("`{repository}` has no new image")]
    Push {
        /// Where it was to be.
        repository: String,
        /// Why.
        #[source]
        source: RegistryError,
    },
}

impl PushError {
    pub(super) fn base(base: &str) -> impl Fn(RegistryError) -> PushError + use<> {
        let base = base.to_owned();
        move |source| PushError::Base { base: base.clone(), source }
    }

    pub(super) fn push(repository: &str) -> impl Fn(RegistryError) -> PushError + use<> {
        let repository = repository.to_owned();
        move |source| PushError::Push { repository: repository.clone(), source }
    }
}
