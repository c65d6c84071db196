//! Statements: in-toto's, version 1, about images.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::envelope::{Envelope, IN_TOTO};

/// The type of a statement.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// What is said of some images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// [`STATEMENT`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it is about.
    pub subject: Vec<Resource>,
    /// What the predicate is.
    pub predicate_type: String,
    /// What is said.
    pub predicate: Json,
}

/// Something that a statement speaks of: in-toto's resource descriptor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its digests by algorithm, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

/// Why an envelope holds no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Its payload is of another type.
    #[error("its payload is `{0}`, no statement of in-toto")]
    PayloadType(String),
    /// It is another version of a statement, or something else.
    #[error("it is `{0}`, which this build does not read")]
    Kind(String),
    /// It is not the JSON that it should be.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "_type")]
    kind: String,
}

impl Statement {
    /// A statement about images, given by name with their SHA-256 digests.
    #[must_use]
    pub fn about(
        images: &BTreeMap<String, String>,
        predicate_type: &str,
        predicate: Json,
    ) -> Statement {
        let subject = images.iter().map(|(name, digest)| Resource {
            name: Some(name.clone()),
            ..Resource::with_digest("sha256", digest)
        });
        Statement {
            kind: STATEMENT.to_owned(),
            subject: subject.collect(),
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    /// The images that it is about: by name, SHA-256 digests. Subjects that are none are left out.
    #[must_use]
    pub fn images(&self) -> BTreeMap<String, String> {
        let image = |it: &Resource| Some((it.name.clone()?, it.digest.get("sha256")?.clone()));
        self.subject.iter().filter_map(image).collect()
    }

    /// The statement as JSON.
    ///
    /// # Panics
    ///
    /// Never: its keys are texts.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a statement has text keys")
    }

    /// The statement in an envelope, whoever signed it.
    ///
    /// # Errors
    ///
    /// [`StatementError`].
    pub fn within(envelope: &Envelope) -> Result<Statement, StatementError> {
        if envelope.payload_type != IN_TOTO {
            return Err(StatementError::PayloadType(envelope.payload_type.clone()));
        }
        let Kind { kind } = serde_json::from_slice(&envelope.payload)?;
        if kind != STATEMENT {
            return Err(StatementError::Kind(kind));
        }
        Ok(serde_json::from_slice(&envelope.payload)?)
    }
}

impl Resource {
    /// Something known by one digest.
    #[must_use]
    pub fn with_digest(algorithm: &str, digest: &str) -> Resource {
        let digest = BTreeMap::from([(algorithm.to_owned(), digest.to_owned())]);
        Resource { digest, ..Resource::default() }
    }
}
