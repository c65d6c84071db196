//! Where attestations are kept: in ledgers beside the states, one for each image set.

use std::sync::Arc;

use bytes::Bytes;
use greenroom_store::{LedgerName, LedgerVersion, NameError, Segment, Store, StoreError};

use super::ledger;
pub use super::ledger::{Envelopes, FormatError};

/// How the names of these ledgers start.
const PREFIX: &str = "attested-";
/// How many digits of an image set's digest are in its ledger's name.
const DIGITS: usize = 32;

/// The attestations of a project, in its state store.
#[derive(Clone)]
pub struct Kept {
    store: Arc<dyn Store>,
    project: Segment,
}

/// Why attestations cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// What was given is no digest.
    #[error("`{0}` is no digest of an image set, and not the beginning of one")]
    NoDigest(String),
    /// Nothing is kept of it.
    #[error("no image set whose digest begins with {0} has an attestation")]
    Unknown(String),
    /// It may be several.
    #[error("{} image sets with attestations have a digest that begins with {prefix}: {}",
        .sets.len(), .sets.join(", "))]
    Ambiguous {
        /// What was given.
        prefix: String,
        /// The image sets.
        sets: Vec<String>,
    },
    /// The ledger is not what it should be. It is kept as it is.
    #[error("the attestations in `{ledger}` cannot be read; nothing was written")]
    Unreadable {
        /// The ledger.
        ledger: LedgerName,
        /// Why.
        #[source]
        source: FormatError,
    },
    /// A name that no store takes.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Kept {
    /// The attestations of `project` in `store`.
    ///
    /// # Errors
    ///
    /// [`KeptError::Name`] if the project cannot have states.
    pub fn of(store: Arc<dyn Store>, project: &str) -> Result<Kept, KeptError> {
        Ok(Kept { store, project: Segment::new(project)? })
    }

    /// What is kept of the image set with the digest `image_set`.
    ///
    /// # Errors
    ///
    /// [`KeptError`].
    pub async fn envelopes(&self, image_set: &str) -> Result<Vec<String>, KeptError> {
        Ok(self.read(image_set).await?.0.envelopes)
    }

    /// Adds an envelope, unless it is there already. None that another adds meanwhile is lost.
    ///
    /// # Errors
    ///
    /// [`KeptError`]; after one of the store, that says whether it may be there.
    pub async fn add(&self, image_set: &str, envelope: &str) -> Result<(), KeptError> {
        let name = self.ledger(image_set)?;
        loop {
            let (mut kept, seen) = self.read(image_set).await?;
            if kept.envelopes.iter().any(|it| it == envelope) {
                return Ok(());
            }
            kept.envelopes.push(envelope.to_owned());
            let content = Bytes::from(ledger::encode(kept));
            if self.store.write_ledger(&name, &seen, content).await? {
                return Ok(());
            }
        }
    }

    /// The image set that `text` means: its digest, or a beginning of it that no other has.
    ///
    /// A whole digest is taken as it is, also if nothing is kept of it.
    ///
    /// # Errors
    ///
    /// [`KeptError`].
    pub async fn find(&self, text: &str) -> Result<String, KeptError> {
        let is_hex = !text.is_empty() && text.bytes().all(|it| it.is_ascii_hexdigit());
        if !is_hex || text.len() > WHOLE {
            return Err(KeptError::NoDigest(text.to_owned()));
        }
        let text = text.to_ascii_lowercase();
        if text.len() == WHOLE {
            return Ok(text);
        }
        let mut sets = Vec::new();
        for name in self.store.ledgers(&self.project).await? {
            let Some(digits) = name.ledger.as_str().strip_prefix(PREFIX) else { continue };
            if digits.starts_with(&text) || text.starts_with(digits) {
                let (kept, _) = self.read_ledger(&name).await?;
                sets.extend(kept.map(|it| it.image_set).filter(|it| it.starts_with(&text)));
            }
        }
        match sets.len() {
            0 => Err(KeptError::Unknown(text)),
            1 => Ok(sets.remove(0)),
            _ => Err(KeptError::Ambiguous { prefix: text, sets }),
        }
    }

    async fn read(&self, image_set: &str) -> Result<(Envelopes, LedgerVersion), KeptError> {
        let name = self.ledger(image_set)?;
        let empty = || Envelopes { image_set: image_set.to_owned(), envelopes: Vec::new() };
        let (kept, version) = self.read_ledger(&name).await?;
        let kept = kept.unwrap_or_else(empty);
        if kept.image_set != image_set {
            let source = FormatError::OtherSet(kept.image_set);
            return Err(KeptError::Unreadable { ledger: name, source });
        }
        Ok((kept, version))
    }

    async fn read_ledger(
        &self,
        name: &LedgerName,
    ) -> Result<(Option<Envelopes>, LedgerVersion), KeptError> {
        let ledger = self.store.ledger(name).await?;
        let kept = ledger.content.map(|content| ledger::decode(&content)).transpose();
        let unreadable = |source| KeptError::Unreadable { ledger: name.clone(), source };
        Ok((kept.map_err(unreadable)?, ledger.version))
    }

    fn ledger(&self, image_set: &str) -> Result<LedgerName, KeptError> {
        let digits: String = image_set.chars().take(DIGITS).collect();
        let ledger = Segment::new(&format!("{PREFIX}{digits}"))?;
        Ok(LedgerName { project: self.project.clone(), ledger })
    }
}

/// How many digits a whole digest has.
const WHOLE: usize = 64;
