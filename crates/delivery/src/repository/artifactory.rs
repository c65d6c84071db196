//! A generic repository of Artifactory.
//!
//! ```text
//! REPOSITORY/PROJECT/ARTIFACT/VERSION/FILE
//! ```
//!
//! A version is published as JFrog's own client does it: by its checksums alone if the server knows
//! the content already, else with the content. Afterwards the server is asked what it holds.

mod address;
mod client;
mod credentials;
mod lost;
mod wire;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use greenroom_spec::version::check_version;
use reqwest::StatusCode;

use super::error::{Effect, RepositoryError};
use super::receive::receive;
use super::upload::Upload;
use super::{Publication, Published, Repository, Watch, check_stored, newest_first, settle};
use address::Address;
use client::Client;
pub use client::Patience;
pub use credentials::Credentials;
use wire::Item;

/// A generic repository of Artifactory.
pub struct Artifactory {
    address: Address,
    client: Client,
}

/// How many versions are asked for at a time.
const CONCURRENT: usize = 8;

impl Artifactory {
    /// The repository of `project` at `url`, which is `https://HOST/artifactory/REPOSITORY`, perhaps
    /// with a path in the repository.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::Url`].
    pub fn new(
        url: &str,
        project: &str,
        credentials: Credentials,
    ) -> Result<Artifactory, RepositoryError> {
        let address = Address::parse(url, project)?;
        Ok(Artifactory { address, client: Client::new(credentials)? })
    }

    /// Waits for answers in another way than it does unless told.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Artifactory {
        self.client.patience = patience;
        self
    }

    /// What the server knows about what is at `parts`, if there is something.
    async fn item(&self, parts: &[&str], effect: Effect) -> Result<Option<Item>, RepositoryError> {
        let url = self.address.storage(parts);
        let ask = || async {
            let answer = self.client.get(&url, effect).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let answer = self.client.success(answer, &url).await?;
            wire::item(&self.client.text(answer, &url, effect).await?, &url).map(Some)
        };
        self.client.repeat(ask).await
    }

    /// The file that the server holds as the version.
    async fn published(
        &self,
        parts: [&str; 3],
        effect: Effect,
    ) -> Result<Option<Published>, RepositoryError> {
        let Some(item) = self.item(&parts, effect).await? else { return Ok(None) };
        item.published(parts, &self.address.storage(&parts)).map(Some)
    }

    /// Sends the artifact: its checksums, and its content only if the server has none of these.
    async fn send(&self, upload: &Upload, watch: &dyn Watch) -> Result<(), RepositoryError> {
        let url = self.address.deploy(upload);
        let shown = self.address.file([&upload.artifact, &upload.version, &upload.file]);
        let by_checksum = || self.client.deploy_by_checksum(&url, &shown, upload);
        let answer = self.client.repeat(by_checksum).await?;
        if answer.status() != StatusCode::NOT_FOUND {
            return self.client.success(answer, &shown).await.map(drop);
        }
        let with_content = || self.client.deploy_content(&url, &shown, upload, watch);
        let answer = self.client.repeat(with_content).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(RepositoryError::Missing { place: self.address.url.clone() });
        }
        self.client.success(answer, &shown).await.map(drop)
    }

    /// Asks the server what it holds now that the artifact was sent.
    async fn read_back(&self, upload: &Upload) -> Result<Publication, RepositoryError> {
        let parts = [&*upload.artifact, &*upload.version, &*upload.file];
        let stored = self.published(parts, Effect::Unknown).await?;
        let place = self.address.file(parts);
        let stored = check_stored(place, stored, |it| &it.sha256, &upload.digests.sha256)?;
        Ok(Publication::New(stored))
    }
}

#[async_trait]
impl Repository for Artifactory {
    fn url(&self) -> &str {
        &self.address.url
    }

    fn place(&self, published: &Published) -> String {
        self.address.file([&published.artifact, &published.version, &published.file])
    }

    async fn publish(
        &self,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<Publication, RepositoryError> {
        if let Some(found) = self.find(&upload.artifact, &upload.version).await? {
            return settle(found, upload);
        }
        match self.send(upload, watch).await {
            Ok(()) => self.read_back(upload).await,
            // Who may not replace a file is refused also when an attempt before this one, whose
            // answer was lost, or somebody else has put it there.
            Err(error @ (RepositoryError::Denied { .. } | RepositoryError::Refused { .. })) => {
                match self.find(&upload.artifact, &upload.version).await {
                    Ok(Some(found)) => settle(found, upload),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn find(
        &self,
        artifact: &str,
        version: &str,
    ) -> Result<Option<Published>, RepositoryError> {
        if check_version(version).is_err() {
            return Ok(None);
        }
        let folder = self.item(&[artifact, version], Effect::None).await?;
        let files = folder.map(|folder| folder.files()).unwrap_or_default();
        match &files[..] {
            [] => Ok(None),
            [file] => self.published([artifact, version, file], Effect::None).await,
            more => Err(RepositoryError::Damaged {
                place: self.address.storage(&[artifact, version]),
                why: format!("it has {} files", more.len()),
            }),
        }
    }

    async fn versions(&self, artifact: &str) -> Result<Vec<Published>, RepositoryError> {
        let Some(folder) = self.item(&[artifact], Effect::None).await? else {
            // Nothing is published yet, or the repository's name is misspelt.
            return match self.item(&[], Effect::None).await? {
                Some(_) => Ok(Vec::new()),
                None => Err(RepositoryError::Missing { place: self.address.url.clone() }),
            };
        };
        let versions = folder.folders().into_iter();
        let finds = versions.map(|version| async move { self.find(artifact, &version).await });
        let found: Vec<Option<Published>> =
            stream::iter(finds).buffered(CONCURRENT).try_collect().await?;
        Ok(newest_first(found.into_iter().flatten().collect()))
    }

    async fn fetch(&self, published: &Published, to: &Path) -> Result<(), RepositoryError> {
        let url = self.place(published);
        let fetch = || async {
            let answer = self.client.get(&url, Effect::None).await?;
            let answer = self.client.success(answer, &url).await?;
            receive(published, &url, self.client.pieces(answer, &url), to).await
        };
        self.client.repeat(fetch).await
    }

    async fn link(
        &self,
        published: &Published,
        _: Duration,
    ) -> Result<Option<String>, RepositoryError> {
        Ok(Some(self.place(published)))
    }
}
