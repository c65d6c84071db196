//! The first write that failed half-way, after which nothing is written any more.

use std::io;
use std::sync::{Arc, OnceLock};

use crate::error::StoreError;
use crate::name::StateName;

/// Set once; shared by who writes and who hands in what to write.
#[derive(Clone, Default)]
pub(crate) struct Broken(Arc<OnceLock<StoreError>>);

impl Broken {
    /// What every later write is answered.
    pub(crate) fn get(&self) -> Option<&StoreError> {
        self.0.get()
    }

    /// Refuses what comes after a failure.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.get().map_or(Ok(()), |broken| Err(broken.clone()))
    }

    /// `what` failed with `error`.
    pub(crate) fn since(&self, state: &StateName, what: &str, error: &StoreError) {
        let source = match error {
            StoreError::Io { source, .. } | StoreError::Append { source, .. } => Arc::clone(source),
            other => Arc::new(io::Error::other(other.to_string())),
        };
        let (state, since) = (state.clone(), format!("{what} failed"));
        // The first failure is the story; later ones follow from it.
        let _ = self.0.set(StoreError::Broken { state, since, source });
    }
}
