//! The repository: where built artifacts are published, and from where later stages fetch them.
//!
//! A version of an artifact is published once and never changes: publishing the same content again
//! is no change, other content is refused. What is found or listed is there wholly; whatever a
//! publisher dies of, a version is there or it is not.

mod artifactory;
#[cfg(feature = "s3")]
mod bucket;
mod digests;
mod error;
mod folder;
mod receive;
mod record;
mod source;
mod upload;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_spec::location::Target;
use jiff::Timestamp;

pub use artifactory::{Artifactory, Credentials, Patience};
#[cfg(feature = "s3")]
pub use bucket::BucketRepository;
pub use digests::Digests;
pub use error::{Effect, RepositoryError};
pub use folder::FolderRepository;
pub use upload::{Publisher, Upload};

/// One published version of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The artifact's name in the project.
    pub artifact: String,
    /// Its version.
    pub version: String,
    /// The name of the file, without a folder.
    pub file: String,
    /// The file's length.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// When it was published.
    pub published: Timestamp,
    /// Who published it.
    pub by: String,
}

/// What came of publishing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// It is there now.
    New(Published),
    /// It was there already, with the same content.
    AlreadyThere(Published),
}

impl Publication {
    /// What is there.
    #[must_use]
    pub fn published(&self) -> &Published {
        match self {
            Publication::New(published) | Publication::AlreadyThere(published) => published,
        }
    }
}

/// Who is told how far an upload is.
pub trait Watch: Send + Sync {
    /// `sent` of `total` bytes have been sent. It begins anew when an attempt is repeated.
    fn sent(&self, sent: u64, total: u64);
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {
    fn sent(&self, _: u64, _: u64) {}
}

/// Where a project's artifacts are published.
///
/// Futures may be dropped at any time: nothing that is half there is ever found.
#[async_trait]
pub trait Repository: Send + Sync {
    /// The repository, as people know it.
    fn url(&self) -> &str;

    /// Where the content of a version is, as people know it.
    fn place(&self, published: &Published) -> String;

    /// Publishes an artifact.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::Other`] if the version is there with other content;
    /// [`RepositoryError::Changed`] if the file is not what it was when the upload was prepared;
    /// otherwise what kept it from being published, and what is where now.
    async fn publish(
        &self,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<Publication, RepositoryError>;

    /// A version, if it is published.
    ///
    /// # Errors
    ///
    /// The repository does not answer, or what it says makes no sense.
    async fn find(
        &self,
        artifact: &str,
        version: &str,
    ) -> Result<Option<Published>, RepositoryError>;

    /// All versions of an artifact, the newest first.
    ///
    /// # Errors
    ///
    /// The repository does not answer, or what it says makes no sense.
    async fn versions(&self, artifact: &str) -> Result<Vec<Published>, RepositoryError>;

    /// Fetches a version into the file `to`, which may be replaced. It is there wholly, checked
    /// and executable, or as it was.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::Fetched`] if the content is not what was published; otherwise what kept
    /// it from being fetched.
    async fn fetch(&self, published: &Published, to: &Path) -> Result<(), RepositoryError>;

    /// A URL by which a machine without credentials of ours can get it for as long as `valid`;
    /// `None` if there is none.
    ///
    /// # Errors
    ///
    /// The URL cannot be signed.
    async fn link(
        &self,
        published: &Published,
        valid: Duration,
    ) -> Result<Option<String>, RepositoryError>;
}

/// The repository of `project` at `url`: a folder relative to `base`, or a server, which `credentials`
/// are for. Reaches nobody. Buckets are opened as [`BucketRepository`].
///
/// # Errors
///
/// [`RepositoryError::Scheme`] and [`RepositoryError::Url`].
pub fn open(
    url: &str,
    base: &Path,
    project: &str,
    credentials: Credentials,
) -> Result<Arc<dyn Repository>, RepositoryError> {
    match Target::of(url) {
        Target::Folder(path) => Ok(Arc::new(FolderRepository::new(&base.join(path), project))),
        Target::Server(url) => Ok(Arc::new(Artifactory::new(url, project, credentials)?)),
        Target::Bucket { .. } | Target::Unknown => Err(RepositoryError::Scheme(url.to_owned())),
    }
}

/// What publishing `upload` comes to where `found` is published already.
fn settle(found: Published, upload: &Upload) -> Result<Publication, RepositoryError> {
    if found.sha256 == upload.digests.sha256 {
        return Ok(Publication::AlreadyThere(found));
    }
    Err(RepositoryError::Other {
        artifact: found.artifact,
        version: found.version,
        published: found.sha256,
        given: upload.digests.sha256.clone(),
    })
}

/// What a storage holds after it was sent something, if that is it by its `sha256`.
fn check_stored<T>(
    place: String,
    stored: Option<T>,
    sha256: impl Fn(&T) -> &str,
    sent: &str,
) -> Result<T, RepositoryError> {
    let Some(stored) = stored else {
        let said = "it took the content and does not have it".to_owned();
        return Err(RepositoryError::Refused { place, said, effect: Effect::None });
    };
    if sha256(&stored) == sent {
        return Ok(stored);
    }
    let (stored, sent) = (sha256(&stored).to_owned(), sent.to_owned());
    Err(RepositoryError::Stored { place, stored, sent })
}

/// The newest first; of the same time, in the order of their versions.
fn newest_first(mut versions: Vec<Published>) -> Vec<Published> {
    versions.sort_by(|a, b| b.published.cmp(&a.published).then_with(|| b.version.cmp(&a.version)));
    versions
}
