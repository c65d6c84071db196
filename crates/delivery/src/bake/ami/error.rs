//! Why there is no image.

use greenroom_apply::ApplyError;

use crate::environment::{DownError, UpError};
use crate::project::PlaceError;

/// Why an image was not baked.
#[derive(Debug, thiserror::Error)]
pub enum BakeError {
    /// Nothing can have its name. Nothing was made.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Store or provider failed; what was made is in the state, and the next bake goes on with it.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// It was not made; what is left is in the state, and the next bake goes on with it.
    #[error(transparent)]
    Up(Box<UpError>),
    /// It was not made, and what was made for it could not be removed; reaping removes it.
    #[error("{failed}; what was made for it is not gone")]
    Left {
        /// Why there is no image.
        failed: Box<BakeError>,
        /// Why what was made for it is still there.
        #[source]
        down: Box<DownError>,
    },
    /// It was made, and the state does not say what came of it.
    #[error("the image is made, and its state does not tell of it")]
    Unknown,
}

impl BakeError {
    /// Whether a cancellation is the reason.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match self {
            BakeError::Apply(error) => matches!(error, ApplyError::Cancelled),
            BakeError::Up(error) => error.is_cancelled(),
            BakeError::Place(_) | BakeError::Left { .. } | BakeError::Unknown => false,
        }
    }
}
