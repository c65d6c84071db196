//! One repository of a registry, and what can go wrong with it.

mod error;

use std::env;
use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use reqwest::StatusCode;

use crate::config::ImageConfig;
use crate::credentials;
use crate::platform::Platform;

pub use error::RegistryError;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a registry that is read from may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// The longest configuration that is taken.
const LONGEST_CONFIG: i64 = 16 * 1024 * 1024;

/// What is done with a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Pull,
    Push,
}

/// A repository in a registry, as one user.
pub(crate) struct Registry {
    client: Client,
    image: Reference,
    auth: RegistryAuth,
}

/// An image with what its manifest and its configuration say.
pub(crate) struct Described {
    pub(crate) digest: String,
    pub(crate) manifest: OciImageManifest,
    pub(crate) config: ImageConfig,
    /// The configuration as it is in the registry.
    pub(crate) config_text: Vec<u8>,
}

impl Registry {
    /// The repository of `image`. Reaches nobody yet.
    ///
    /// The credentials of the environment are those for the registry `own`.
    pub(crate) async fn open(
        image: &Reference,
        own: &str,
        usage: Use,
    ) -> Result<Registry, RegistryError> {
        let host = image.resolve_registry();
        let auth = credentials::find(host, own, |name| env::var(name).ok())?;
        let client = client(host, usage).map_err(|source| RegistryError::Client { source })?;
        client.store_auth_if_needed(host, &auth).await;
        Ok(Registry { client, image: image.clone(), auth })
    }

    pub(crate) fn image(&self) -> &Reference {
        &self.image
    }

    /// The image for `platform`, by its tag or digest; from an index, the one that fits.
    pub(crate) async fn describe(&self, platform: &Platform) -> Result<Described, RegistryError> {
        let (found, digest) = self.manifest(&self.image).await?;
        let (manifest, digest) = match found {
            OciManifest::Image(manifest) => (manifest, digest),
            OciManifest::ImageIndex(index) => {
                let fits = |it: &Platform| platform.takes(it);
                let mut entries = index.manifests.iter();
                let entry = entries
                    .find(|entry| Platform::of_entry(entry).as_ref().is_some_and(fits))
                    .ok_or_else(|| self.no_platform(platform))?;
                let one = self.image.clone_with_digest(entry.digest.clone());
                let (OciManifest::Image(manifest), digest) = self.manifest(&one).await? else {
                    return Err(self.no_platform(platform));
                };
                (manifest, digest)
            }
        };
        let (config, config_text) = self.config(&manifest.config).await?;
        let (os, architecture) = (config.os.clone(), config.architecture.clone());
        let made_for = Platform { os, architecture, variant: config.variant.clone() };
        if !platform.takes(&made_for) {
            return Err(self.no_platform(platform));
        }
        Ok(Described { digest, manifest, config, config_text })
    }

    async fn manifest(&self, image: &Reference) -> Result<(OciManifest, String), RegistryError> {
        let pulled = self.client.pull_manifest(image, &self.auth).await;
        pulled.map_err(|error| self.failed(image, error))
    }

    async fn config(
        &self,
        descriptor: &OciDescriptor,
    ) -> Result<(ImageConfig, Vec<u8>), RegistryError> {
        let odd = || RegistryError::Config { image: self.image.to_string() };
        if descriptor.size > LONGEST_CONFIG {
            return Err(odd());
        }
        let mut text = Vec::new();
        let mut blob = self.blob(descriptor).await?;
        while let Some(bytes) = blob.next().await {
            text.extend_from_slice(&bytes?);
            if text.len() as i64 > LONGEST_CONFIG {
                return Err(odd());
            }
        }
        let config = serde_json::from_slice(&text).map_err(|_| odd())?;
        Ok((config, text))
    }

    /// The content of a blob. Ends with an error if it is not what its digest says.
    pub(crate) async fn blob(
        &self,
        descriptor: &OciDescriptor,
    ) -> Result<
        impl Stream<Item = Result<Bytes, RegistryError>> + Send + Unpin + use<>,
        RegistryError,
    > {
        let pulled = self.client.pull_blob_stream(&self.image, descriptor).await;
        let stream = pulled.map_err(|error| self.failed(&self.image, error))?;
        let (host, image) = (self.host().to_owned(), self.image.clone());
        Ok(stream.map(move |bytes| {
            bytes.map_err(|error| RegistryError::of(&host, &image, false, error.into()))
        }))
    }

    pub(crate) async fn has_blob(&self, digest: &str) -> Result<bool, RegistryError> {
        let answer = self.client.blob_exists(&self.image, digest).await;
        answer.map_err(|error| self.failed(&self.image, error))
    }

    /// Takes a blob over from another repository of the same registry, if that lets us.
    pub(crate) async fn mount(&self, from: &Reference, digest: &str) -> bool {
        let same = from.resolve_registry() == self.host();
        same && self.client.mount_blob(&self.image, from, digest).await.is_ok()
    }

    /// Sends a blob, which is there only when all of it is and its digest is right.
    pub(crate) async fn push_blob(
        &self,
        content: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        digest: &str,
        size: u64,
    ) -> Result<(), RegistryError> {
        let content = content.map(|bytes| bytes.map_err(OciDistributionError::from));
        let pushed = self.client.push_blob_stream(&self.image, content, digest, Some(size)).await;
        pushed.map(drop).map_err(|error| self.failed(&self.image, error))
    }

    /// Sends a manifest. From then on the image is there.
    pub(crate) async fn push_manifest(
        &self,
        manifest: Vec<u8>,
        digest: &str,
    ) -> Result<(), RegistryError> {
        // By digest, which stands where a tag does: the client panics if a registry names no
        // location for a reference that has a digest.
        let (host, name) = (self.image.registry().to_owned(), self.image.repository().to_owned());
        let image = Reference::with_tag(host, name, digest.to_owned());
        let media_type = OCI_IMAGE_MEDIA_TYPE.parse().expect("it is a header's value");
        let pushed = self.client.push_manifest_raw(&image, manifest, media_type).await;
        pushed.map(drop).map_err(|error| self.failed(&self.image, error))
    }

    pub(crate) async fn has_manifest(&self) -> Result<bool, RegistryError> {
        match self.client.fetch_manifest_digest(&self.image, &self.auth).await {
            Ok(_) => Ok(true),
            Err(error) => match self.failed(&self.image, error) {
                RegistryError::Missing { .. } => Ok(false),
                error => Err(error),
            },
        }
    }

    /// Asks for the removal of a manifest, and returns what the registry answers.
    pub(crate) async fn delete_manifest(&self, digest: &str) -> Result<StatusCode, RegistryError> {
        let failed = |error| self.failed(&self.image, error);
        let operation = RegistryOperation::Push;
        let token = self.client.auth(&self.image, &self.auth, operation).await.map_err(failed)?;
        let (host, name) = (self.host(), self.image.repository());
        let url = format!("{}://{host}/v2/{name}/manifests/{digest}", scheme(host));
        let request = http_client().map_err(|error| failed(error.into()))?.delete(url);
        let request = match (token, &self.auth) {
            (Some(token), _) => request.bearer_auth(token),
            (None, RegistryAuth::Basic(user, password)) => request.basic_auth(user, Some(password)),
            (None, _) => request,
        };
        let answer = request.send().await.map_err(|error| failed(error.into()))?;
        Ok(answer.status())
    }

    pub(crate) fn host(&self) -> &str {
        self.image.resolve_registry()
    }

    fn failed(&self, image: &Reference, error: OciDistributionError) -> RegistryError {
        RegistryError::of(self.host(), image, self.auth != RegistryAuth::Anonymous, error)
    }

    fn no_platform(&self, platform: &Platform) -> RegistryError {
        let (image, platform) = (self.image.to_string(), platform.to_string());
        RegistryError::Platform { image, platform }
    }
}

fn client(host: &str, usage: Use) -> Result<Client, OciDistributionError> {
    install_cryptography();
    let plain = is_loopback(host).then(|| host.to_owned());
    Client::try_from(ClientConfig {
        protocol: ClientProtocol::HttpsExcept(plain.into_iter().collect()),
        // In one request each, however long it takes: a blob may be larger than what registries
        // take in one piece, and pieces cost a request each.
        use_monolithic_push: true,
        // Counts from the request on, also while that is being sent.
        read_timeout: (usage == Use::Pull).then_some(SILENCE),
        connect_timeout: Some(CONNECT),
        user_agent: concat!("greenroom/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    })
}

fn http_client() -> reqwest::Result<reqwest::Client> {
    install_cryptography();
    reqwest::Client::builder().connect_timeout(CONNECT).read_timeout(SILENCE).build()
}

/// HTTP clients take what the process has as its default; an earlier one will do.
fn install_cryptography() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Nothing is sent in the clear that leaves this machine.
fn scheme(host: &str) -> &'static str {
    if is_loopback(host) { "http" } else { "https" }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_spoken_to_in_the_clear() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.8.8"] {
            assert_eq!(scheme(host), "http", "{host}");
        }
        for host in ["host.example", "10.0.0.1:5000", "localhost.example:80", "127.0.0.1.example"] {
            assert_eq!(scheme(host), "https", "{host}");
        }
    }
}
