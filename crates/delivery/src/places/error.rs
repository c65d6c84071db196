//! Why somebody gets no place.

use greenroom_store::{Segment, StateName, StoreError};
use thiserror::Error;

use super::format::FormatError;
use super::waiting::Waiting;

/// Why somebody gets no place. Nothing was made.
#[derive(Debug, Error)]
pub enum PlacesError {
    /// No place is free, and it was not to wait.
    #[error("there is no place for `{state}`: {waiting}")]
    Full {
        /// The state of the environment.
        state: StateName,
        /// Who has the places, and which place in the line would have been its own.
        waiting: Box<Waiting>,
    },
    /// It waited, and was told to stop.
    #[error("the wait for a place for `{state}` was cancelled; nothing was made")]
    Cancelled {
        /// The state of the environment.
        state: StateName,
    },
    /// What the ledger holds is no line.
    #[error("the ledger of the project `{project}` does not tell who has places")]
    Unreadable {
        /// The project.
        project: Segment,
        /// Why.
        #[source]
        source: FormatError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
