//! Where the catalogue is: a ledger of the project, changed by compare and set.

use std::sync::Arc;

use bytes::Bytes;
use greenroom_store::{LedgerName, NameError, Segment, Store, StoreError};

use super::Catalogue;

/// The name of the ledger.
const LEDGER: &str = "images";

/// The catalogue of a project, in the store of its states.
#[derive(Clone)]
pub struct Shelf {
    store: Arc<dyn Store>,
    name: LedgerName,
}

/// Why the catalogue cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The project's name cannot be one in a store.
    #[error("no catalogue of images can be named after this project")]
    Name(#[from] NameError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is there is no catalogue that this build can read.
    #[error("the catalogue of images `{name}` cannot be read; nothing was changed")]
    Unreadable {
        /// The ledger.
        name: LedgerName,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Shelf {
    /// The catalogue of `project` in `store`.
    ///
    /// # Errors
    ///
    /// [`ShelfError::Name`].
    pub fn new(store: Arc<dyn Store>, project: &str) -> Result<Shelf, ShelfError> {
        let name = LedgerName { project: Segment::new(project)?, ledger: Segment::new(LEDGER)? };
        Ok(Shelf { store, name })
    }

    /// What is in it now.
    ///
    /// # Errors
    ///
    /// [`ShelfError`].
    pub async fn read(&self) -> Result<Catalogue, ShelfError> {
        let ledger = self.store.ledger(&self.name).await?;
        ledger.content.map_or_else(|| Ok(Catalogue::default()), |it| self.decode(&it))
    }

    /// Changes it, based on what is there, and returns what is there then. `change` may be called
    /// several times.
    ///
    /// # Errors
    ///
    /// [`ShelfError`]; [`StoreError::Io`] says whether it may have been changed.
    pub async fn change(&self, change: impl Fn(&mut Catalogue)) -> Result<Catalogue, ShelfError> {
        loop {
            let ledger = self.store.ledger(&self.name).await?;
            let before = ledger.content.as_ref().map(|it| self.decode(it)).transpose()?;
            let before = before.unwrap_or_default();
            let mut after = before.clone();
            change(&mut after);
            let content = Bytes::from(after.encode());
            if after == before
                || self.store.write_ledger(&self.name, &ledger.version, content).await?
            {
                return Ok(after);
            }
        }
    }

    fn decode(&self, content: &[u8]) -> Result<Catalogue, ShelfError> {
        let unreadable = |source| ShelfError::Unreadable { name: self.name.clone(), source };
        Catalogue::decode(content).map_err(unreadable)
    }
}
