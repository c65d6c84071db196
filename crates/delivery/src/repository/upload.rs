//! What is to be published: a file that was read once, and is known by its checksums.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use greenroom_spec::project::Artifact;
use greenroom_spec::version::check_version;
use jiff::Timestamp;

use super::Published;
use super::digests::{Digests, Hashers};
use super::error::RepositoryError;
use super::record::is_file_name;

/// Who publishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publisher {
    /// Who it is, for people.
    pub by: String,
    /// The page of the build that does it.
    pub build: Option<String>,
}

/// A file to publish.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The artifact.
    pub artifact: String,
    /// The version.
    pub version: String,
    /// The file.
    pub path: PathBuf,
    /// Its name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// The checksums of its content.
    pub digests: Digests,
    /// Who publishes it.
    pub publisher: Publisher,
    /// When.
    pub at: Timestamp,
}

/// How many digits of the SHA-256 make a version.
const VERSION_DIGITS: usize = 16;
/// How much is read at a time.
const BUFFER: usize = 1 << 20;

impl Upload {
    /// Reads `path`, the file of `artifact`, for its checksums. Without a `version`, the first 16
    /// digits of its SHA-256 are it.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::Version`], [`RepositoryError::FileName`] and
    /// [`RepositoryError::Unreadable`].
    pub async fn read(
        artifact: &str,
        version: Option<&str>,
        path: &Path,
        publisher: Publisher,
        at: Timestamp,
    ) -> Result<Upload, RepositoryError> {
        if let Some(version) = version {
            check_version(version).map_err(|source| RepositoryError::Version {
                version: version.to_owned(),
                source,
            })?;
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.filter(|name| is_file_name(name)).map(str::to_owned);
        let file = name.ok_or_else(|| RepositoryError::FileName { path: path.to_owned() })?;
        let reading = path.to_owned();
        let read = tokio::task::spawn_blocking(move || hash(&reading)).await;
        let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
        let (bytes, digests) = read.map_err(|source| RepositoryError::Unreadable {
            artifact: artifact.to_owned(),
            path: path.to_owned(),
            source,
        })?;
        let version = version.unwrap_or(&digests.sha256[..VERSION_DIGITS]).to_owned();
        let (artifact, path) = (artifact.to_owned(), path.to_owned());
        Ok(Upload { artifact, version, path, file, bytes, digests, publisher, at })
    }

    /// Reads the file of an artifact of the project in `folder`, as [`read`](Upload::read) does,
    /// now. A `version` goes before the one that the project says.
    ///
    /// # Errors
    ///
    /// As [`read`](Upload::read).
    pub async fn of_artifact(
        name: &str,
        artifact: &Artifact,
        folder: &Path,
        version: Option<&str>,
        publisher: Publisher,
    ) -> Result<Upload, RepositoryError> {
        let version = version.or(artifact.version.as_ref().map(|it| &*it.value));
        let path = folder.join(&*artifact.path.value);
        Upload::read(name, version, &path, publisher, Timestamp::now()).await
    }

    /// What it will be when it is published.
    pub(super) fn published(&self) -> Published {
        Published {
            artifact: self.artifact.clone(),
            version: self.version.clone(),
            file: self.file.clone(),
            bytes: self.bytes,
            sha256: self.digests.sha256.clone(),
            published: self.at,
            by: self.publisher.by.clone(),
        }
    }
}

fn hash(path: &Path) -> io::Result<(u64, Digests)> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut hashers = Hashers::default();
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hashers.finish()));
        }
        hashers.update(&buffer[..read]);
        bytes += read as u64;
    }
}
