//! Names of images.

use std::fmt;
use std::str::FromStr;

use oci_client::{ParseError, Reference};
use thiserror::Error;

/// What the id of an image begins with.
pub const SCHEME: &str = "oci://";

/// An image by its content: `oci://HOST/NAME@sha256:…`, which is the same image for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageId(Reference);

/// Why a text names no image.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// It is none of the forms that names have.
    #[error("`{text}` is no name of an image")]
    Form {
        /// The text.
        text: String,
        /// What is wrong with it.
        #[source]
        source: ParseError,
    },
    /// It does not begin with `oci://`.
    #[error("`{text}` is no id of an image: it does not begin with `{SCHEME}`")]
    Scheme {
        /// The text.
        text: String,
    },
    /// It does not say which content.
    #[error("`{text}` has no digest, and a tag may be another image tomorrow")]
    Tag {
        /// The text.
        text: String,
    },
    /// Its digest is of another kind.
    #[error("`{text}` has a digest of another kind than sha256")]
    Algorithm {
        /// The text.
        text: String,
    },
    /// It is not where an image can be pushed to.
    #[error("`{text}` is no `HOST/NAME`, without a tag or digest")]
    Repository {
        /// The text.
        text: String,
    },
}

impl ImageId {
    /// The image with this content in a repository.
    pub(crate) fn new(repository: &Reference, digest: String) -> ImageId {
        ImageId(repository.clone_with_digest(digest))
    }

    /// The digest of its manifest: `sha256:…`.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.0.digest().expect("an id has a digest")
    }

    /// The digest, as the name of a file: `sha256-…`.
    #[must_use]
    pub fn file_name(&self) -> String {
        self.digest().replace(':', "-")
    }

    pub(crate) fn reference(&self) -> &Reference {
        &self.0
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.0)
    }
}

impl FromStr for ImageId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<ImageId, NameError> {
        let owned = || text.to_owned();
        let name = text.strip_prefix(SCHEME).ok_or_else(|| NameError::Scheme { text: owned() })?;
        let reference = reference(name)?;
        match reference.digest() {
            None => Err(NameError::Tag { text: owned() }),
            Some(digest) if !digest.starts_with("sha256:") => {
                Err(NameError::Algorithm { text: owned() })
            }
            Some(digest) => Ok(ImageId::new(&reference, digest.to_owned())),
        }
    }
}

/// An image by a name that may have a tag, a digest or neither.
pub(crate) fn reference(text: &str) -> Result<Reference, NameError> {
    text.parse().map_err(|source| NameError::Form { text: text.to_owned(), source })
}

/// A repository: `HOST/NAME`.
pub(crate) fn repository(text: &str) -> Result<Reference, NameError> {
    let reference = reference(text)?;
    if text == place(&reference) {
        Ok(reference)
    } else {
        Err(NameError::Repository { text: text.to_owned() })
    }
}

/// Where an image is: `HOST/NAME`.
pub(crate) fn place(reference: &Reference) -> String {
    format!("{}/{}", reference.registry(), reference.repository())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn error(text: &str) -> String {
        text.parse::<ImageId>().unwrap_err().to_string()
    }

    #[test]
    fn an_id_is_read_and_written_alike() {
        let text = format!("oci://127.0.0.1:5000/shop/web@sha256:{HEX}");
        let id: ImageId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.file_name(), format!("sha256-{HEX}"));
        let tagged: ImageId = format!("oci://host.example/web:3@sha256:{HEX}").parse().unwrap();
        assert_eq!(tagged.to_string(), format!("oci://host.example/web@sha256:{HEX}"));
    }

    #[test]
    fn a_tag_alone_is_no_id() {
        let expected = "has no digest, and a tag may be another image tomorrow";
        assert_eq!(
            error("oci://host.example/web:3"),
            format!("`oci://host.example/web:3` {expected}")
        );
        assert_eq!(error("oci://host.example/web"), format!("`oci://host.example/web` {expected}"));
    }

    #[test]
    fn what_is_no_id_is_said() {
        assert_eq!(error("web"), "`web` is no id of an image: it does not begin with `oci://`");
        assert_eq!(error("oci://../../etc"), "`../../etc` is no name of an image");
        let other = format!("oci://host.example/web@sha512:{HEX}{HEX}");
        assert_eq!(error(&other), format!("`{other}` has a digest of another kind than sha256"));
    }

    #[test]
    fn a_repository_has_a_host_and_no_tag() {
        assert!(repository("localhost:5000/shop/web").is_ok());
        for text in ["shop/web", "host.example/web:3", "host.example/web:latest"] {
            let expected = format!("`{text}` is no `HOST/NAME`, without a tag or digest");
            assert_eq!(repository(text).unwrap_err().to_string(), expected);
        }
    }
}
