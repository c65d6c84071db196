//! The envelopes of an image set as they stand in a ledger: JSON, with a version of its own.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// Why the content of a ledger is no list of envelopes.
#[derive(Debug, Error)]
pub enum FormatError {
    /// A newer version wrote it.
    #[error("it has format {format}; this build reads up to format {FORMAT}")]
    Newer {
        /// Its format.
        format: u32,
    },
    /// It is of another image set, whose digest begins alike.
    #[error("it is of the image set {0}")]
    OtherSet(String),
    /// It is not the JSON that it should be.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct Form {
    format: u32,
    image_set: String,
    envelopes: Vec<String>,
}

/// What is known of an image set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelopes {
    /// The digest of the image set.
    pub image_set: String,
    /// The envelopes, each byte by byte as it was signed, in the order in which they came.
    pub envelopes: Vec<String>,
}

pub(super) fn encode(Envelopes { image_set, envelopes }: Envelopes) -> Vec<u8> {
    let form = Form { format: FORMAT, image_set, envelopes };
    serde_json::to_vec(&form).expect("it is made of texts")
}

pub(super) fn decode(bytes: &[u8]) -> Result<Envelopes, FormatError> {
    let Version { format } = serde_json::from_slice(bytes)?;
    if format > FORMAT {
        return Err(FormatError::Newer { format });
    }
    let Form { format: _, image_set, envelopes } = serde_json::from_slice(bytes)?;
    Ok(Envelopes { image_set, envelopes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_read_back_byte_by_byte() {
        let envelopes = vec!["{ \"a\" :\n1}".to_owned(), "é\u{0}".to_owned()];
        let written = Envelopes { image_set: "ab".to_owned(), envelopes };
        assert_eq!(decode(&encode(written.clone())).unwrap(), written);
    }

    #[test]
    fn what_format_1_wrote_is_read_and_a_newer_one_refused() {
        let read = decode(br#"{"format":1,"image_set":"ab","envelopes":["{}"]}"#).unwrap();
        assert_eq!((&*read.image_set, &*read.envelopes[0]), ("ab", "{}"));
        let newer = decode(br#"{"format":2,"sets":[]}"#).unwrap_err();
        assert_eq!(newer.to_string(), "it has format 2; this build reads up to format 1");
        assert!(matches!(decode(b"[]"), Err(FormatError::Json(_))));
    }
}
