//! A repository in a bucket.
//!
//! ```text
//! PREFIX/blobs/sha256/DIGEST
//! PREFIX/PROJECT/ARTIFACT/VERSION.json
//! ```
//!
//! The content comes first, under its checksum, and is read back. Then the version's record is made,
//! on the condition that there is none: that decides between publishers, and only what has a record
//! is published.

mod blobs;
mod records;

use std::fmt::Display;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use greenroom_spec::version::check_version;
use greenroom_store::Bucket;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{GetOptions, GetResult, ObjectStore};

use super::error::{Effect, RepositoryError};
use super::receive::receive;
use super::upload::Upload;
use super::{Publication, Published, Repository, Watch, newest_first, settle};

/// A repository in a bucket.
pub struct BucketRepository {
    storage: Arc<dyn ObjectStore>,
    signer: Option<Arc<dyn Signer>>,
    prefix: Path,
    url: String,
    project: String,
}

const SUFFIX: &str = ".json";
/// How often a request without a clear answer is repeated.
const RETRIES: usize = 10;
/// How many versions are asked for, and how many parts are sent, at a time.
const CONCURRENT: usize = 4;

/// What to do where access is refused.
const HELP: &str = "credentials are taken as every AWS tool takes them; `profile` and `assume_role` \
                    of [repository] choose others";

impl BucketRepository {
    /// The repository of `project` in `bucket`. Reaches nobody.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::Url`] if the bucket's name, its prefix or the endpoint are none.
    pub fn in_bucket(bucket: &Bucket, project: &str) -> Result<BucketRepository, RepositoryError> {
        let wrong = |error: &dyn Display| RepositoryError::Url { why: error.to_string() };
        let client = Arc::new(bucket.client(RETRIES).map_err(|error| wrong(&error))?);
        let prefix = bucket.root().map_err(|error| wrong(&error))?;
        let signer: Arc<dyn Signer> = client.clone();
        let repository = BucketRepository::new(client, prefix, &bucket.place(), project);
        Ok(BucketRepository { signer: Some(signer), ..repository })
    }

    /// The repository of `project` below `prefix` of `storage`, which people call `place`; it gives
    /// no links.
    #[must_use]
    pub fn new(
        storage: Arc<dyn ObjectStore>,
        prefix: Path,
        place: &str,
        project: &str,
    ) -> BucketRepository {
        let url = format!("{place}/{prefix}").trim_end_matches('/').to_owned();
        BucketRepository { storage, signer: None, prefix, url, project: project.to_owned() }
    }

    fn blob(&self, sha256: &str) -> Path {
        self.prefix.clone().join("blobs").join("sha256").join(sha256)
    }

    fn records(&self, artifact: &str) -> Path {
        self.prefix.clone().join(&*self.project).join(artifact)
    }

    fn record(&self, artifact: &str, version: &str) -> Path {
        self.records(artifact).join(format!("{version}{SUFFIX}"))
    }

    async fn get(&self, key: &Path, effect: Effect) -> Result<Option<GetResult>, RepositoryError> {
        match self.storage.get_opts(key, GetOptions::default()).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed(key, effect)(error)),
        }
    }

    /// A key as a person knows it.
    fn named(&self, key: &Path) -> String {
        let below = key.as_ref().strip_prefix(self.prefix.as_ref()).unwrap_or(key.as_ref());
        format!("{}/{}", self.url, below.trim_start_matches('/'))
    }

    fn failed(
        &self,
        key: &Path,
        effect: Effect,
    ) -> impl FnOnce(object_store::Error) -> RepositoryError + use<> {
        use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
        let (place, url) = (self.named(key), self.url.clone());
        move |error| match error {
            NotFound { .. } => RepositoryError::Missing { place: url },
            PermissionDenied { .. } => {
                let why = "the credentials do not allow it".to_owned();
                RepositoryError::Denied { place, why, help: HELP, effect: Effect::None }
            }
            Unauthenticated { source, .. } => {
                let why = source.to_string();
                RepositoryError::Denied { place, why, help: HELP, effect: Effect::None }
            }
            error => RepositoryError::Unanswered { place, effect, source: Box::new(error) },
        }
    }
}

#[async_trait]
impl Repository for BucketRepository {
    fn url(&self) -> &str {
        &self.url
    }

    fn place(&self, published: &Published) -> String {
        self.named(&self.blob(&published.sha256))
    }

    async fn publish(
        &self,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<Publication, RepositoryError> {
        if let Some(found) = self.find(&upload.artifact, &upload.version).await? {
            return settle(found, upload);
        }
        self.store(upload, watch).await?;
        self.claim(upload).await
    }

    async fn find(
        &self,
        artifact: &str,
        version: &str,
    ) -> Result<Option<Published>, RepositoryError> {
        match check_version(version) {
            Ok(()) => self.read(artifact, version, Effect::None).await,
            Err(_) => Ok(None),
        }
    }

    async fn versions(&self, artifact: &str) -> Result<Vec<Published>, RepositoryError> {
        let folder = self.records(artifact);
        let listed: Vec<Path> = self
            .storage
            .list(Some(&folder))
            .map_ok(|it| it.location)
            .try_collect()
            .await
            .map_err(self.failed(&folder, Effect::None))?;
        let version = |key: &Path| {
            let mut below = key.prefix_match(&folder)?;
            let version = below.next()?.as_ref().strip_suffix(SUFFIX)?.to_owned();
            below.next().is_none().then_some(version)
        };
        let versions: Vec<String> = listed.iter().filter_map(version).collect();
        let finds = versions.into_iter();
        let finds = finds.map(|version| async move { self.find(artifact, &version).await });
        let found: Vec<Option<Published>> =
            stream::iter(finds).buffered(CONCURRENT).try_collect().await?;
        Ok(newest_first(found.into_iter().flatten().collect()))
    }

    async fn fetch(&self, published: &Published, to: &FilePath) -> Result<(), RepositoryError> {
        let blob = self.blob(&published.sha256);
        let place = self.named(&blob);
        let Some(found) = self.get(&blob, Effect::None).await? else {
            let why = "its content is gone".to_owned();
            return Err(RepositoryError::Damaged { place, why });
        };
        receive(published, &place, self.content(&blob, found), to).await
    }

    async fn link(
        &self,
        published: &Published,
        valid: Duration,
    ) -> Result<Option<String>, RepositoryError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let blob = self.blob(&published.sha256);
        let signed = signer.signed_url(reqwest::Method::GET, &blob, valid).await;
        signed.map(|url| Some(url.into())).map_err(self.failed(&blob, Effect::None))
    }
}

/// Whether the answer says that there is no such object, in a bucket that there is.
fn is_missing(error: &object_store::Error) -> bool {
    // The error has no kind for the other; its text holds S3's code for it.
    matches!(error, object_store::Error::NotFound { .. })
        && !error.to_string().contains("NoSuchBucket")
}
