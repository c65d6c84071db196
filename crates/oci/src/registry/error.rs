//! What can go wrong with a registry.

use std::error::Error;
use std::io;

use oci_client::Reference;
use oci_client::errors::{OciDistributionError, OciEnvelope, OciErrorCode};
use reqwest::StatusCode;
use thiserror::Error;

use crate::credentials::CredentialsError;
use crate::name::place;

/// Why a registry did not do what it was asked.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// Nobody knows who to be for it. It was not asked.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// There can be no client. It was not asked.
    #[error("cannot speak to any registry")]
    Client {
        /// Why.
        #[source]
        source: OciDistributionError,
    },
    /// It is away, or the connection broke.
    #[error("cannot reach the registry `{host}`")]
    Unreachable {
        /// The registry.
        host: String,
        /// What the connection's end saw.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It does not let us.
    #[error("`{host}` gives no access to `{name}`, {}", whom(*known))]
    Denied {
        /// The registry.
        host: String,
        /// The repository.
        name: String,
        /// Whether it was told who asks.
        known: bool,
    },
    /// The image is not there.
    #[error("there is no image `{image}`")]
    Missing {
        /// The image.
        image: String,
    },
    /// The image is there, and not for this platform.
    #[error("there is no image `{image}` for {platform}")]
    Platform {
        /// The image.
        image: String,
        /// The platform.
        platform: String,
    },
    /// The image is there, and its configuration makes no sense.
    #[error("`{image}` has no configuration that can be read")]
    Config {
        /// The image.
        image: String,
    },
    /// Something arrived that is not what it was to be.
    #[error("what `{host}` has for `{image}` is not what its digest says")]
    Digest {
        /// The registry.
        host: String,
        /// The image.
        image: String,
    },
    /// It has an answer of its own.
    #[error("`{host}` answers {status}{said}")]
    Refused {
        /// The registry.
        host: String,
        /// The status of its answer.
        status: StatusCode,
        /// Its words, introduced.
        said: String,
    },
    /// It does not answer as registries do.
    #[error("`{host}` does not answer like a registry")]
    Odd {
        /// The registry.
        host: String,
        /// What was not understood.
        #[source]
        source: Box<OciDistributionError>,
    },
}

fn whom(known: bool) -> &'static str {
    if known { "with the credentials that it was given" } else { "and was given no credentials" }
}

impl RegistryError {
    /// What a failure means; `known` if the registry was told who asks.
    pub(super) fn of(
        host: &str,
        image: &Reference,
        known: bool,
        error: OciDistributionError,
    ) -> RegistryError {
        use OciDistributionError as Told;
        let call = Call { host, image, known };
        match error {
            Told::RequestError(error) => match error.status() {
                Some(status) => call.status(status, ""),
                None => call.unreachable(error.without_url()),
            },
            Told::IoError(error) => call.broken(error),
            Told::DigestError(_) => call.digest(),
            Told::AuthenticationFailure(_) | Told::UnauthorizedError { .. } => call.denied(),
            Told::RegistryError { envelope, .. } => {
                call.envelope(&envelope, StatusCode::BAD_REQUEST)
            }
            Told::ServerError { code, message, .. } => {
                let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
                match serde_json::from_str(&message) {
                    Ok(envelope) => call.envelope(&envelope, status),
                    Err(_) => call.status(status, &message),
                }
            }
            other => RegistryError::Odd { host: host.to_owned(), source: Box::new(other) },
        }
    }
}

/// What was asked, and whom.
struct Call<'a> {
    host: &'a str,
    image: &'a Reference,
    known: bool,
}

impl Call<'_> {
    /// By the code of the registry's own words, which says more than the status.
    fn envelope(&self, envelope: &OciEnvelope, status: StatusCode) -> RegistryError {
        use OciErrorCode as Code;
        let first = envelope.errors.first();
        match first.map(|error| &error.code) {
            Some(Code::Unauthorized | Code::Denied) => self.denied(),
            Some(
                Code::ManifestUnknown | Code::NameUnknown | Code::NotFound | Code::BlobUnknown,
            ) => self.missing(),
            Some(Code::DigestInvalid) => self.digest(),
            _ => self.status(status, first.map_or("", |error| &error.message)),
        }
    }

    fn status(&self, status: StatusCode, said: &str) -> RegistryError {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.denied(),
            StatusCode::NOT_FOUND => self.missing(),
            _ => {
                let line: String =
                    said.lines().next().unwrap_or_default().chars().take(200).collect();
                let said = if line.is_empty() { line } else { format!(": {line}") };
                RegistryError::Refused { host: self.host.to_owned(), status, said }
            }
        }
    }

    /// A stream of a blob that ended too early or too late.
    fn broken(&self, error: io::Error) -> RegistryError {
        use oci_client::errors::DigestError;
        match error.get_ref().is_some_and(|inner| inner.is::<DigestError>()) {
            true => self.digest(),
            false => self.unreachable(error),
        }
    }

    fn unreachable(&self, source: impl Into<Box<dyn Error + Send + Sync>>) -> RegistryError {
        RegistryError::Unreachable { host: self.host.to_owned(), source: source.into() }
    }

    fn denied(&self) -> RegistryError {
        let (host, name) = (self.host.to_owned(), self.image.repository().to_owned());
        RegistryError::Denied { host, name, known: self.known }
    }

    fn missing(&self) -> RegistryError {
        RegistryError::Missing { image: self.image.to_string() }
    }

    fn digest(&self) -> RegistryError {
        RegistryError::Digest { host: self.host.to_owned(), image: place(self.image) }
    }
}
