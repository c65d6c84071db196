//! A bucket of S3, or of what speaks its protocol and knows conditional writes.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential, AwsCredentialProvider};
use object_store::path::Path;
use object_store::{ClientOptions, CredentialProvider, RetryConfig};

use crate::error::{OnDisk, StoreError};
use crate::object::ObjectStates;

/// A bucket, and how to reach it.
#[derive(Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the keys in it that are ours start with; empty for none.
    pub prefix: String,
    /// The region that it is in.
    pub region: String,
    /// The URL of the API, for what is not AWS.
    pub endpoint: Option<String>,
    /// Who has the credentials.
    pub keys: Arc<dyn AccessKeys>,
}

/// Credentials of AWS.
#[derive(Clone)]
pub struct AccessKey {
    /// The id of the access key.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// The session token of credentials that end.
    pub token: Option<String>,
}

/// Hands out credentials; asked before each request, so that it should remember them.
#[async_trait]
pub trait AccessKeys: Send + Sync {
    /// Credentials that are good now.
    ///
    /// # Errors
    ///
    /// Why there are none, in words for a person.
    async fn access_key(&self) -> Result<AccessKey, Box<dyn Error + Send + Sync>>;
}

const CONNECT: Duration = Duration::from_secs(5);

impl Bucket {
    /// What a person calls it: `s3://NAME`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("s3://{}", self.name)
    }

    /// The prefix as a key.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if it is none.
    pub fn root(&self) -> Result<Path, StoreError> {
        Path::parse(&self.prefix).map_err(|error| self.unusable(error.into()))
    }

    /// A client that repeats a request without a clear answer up to `retries` times. Reaches nobody.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the bucket's name or the endpoint are none.
    pub fn client(&self, retries: usize) -> Result<AmazonS3, StoreError> {
        // The HTTP client takes what the process has as its default; an earlier one will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = self.endpoint.as_ref().is_some_and(|it| it.starts_with("http://"));
        let keys: AwsCredentialProvider = Arc::new(Keys(Arc::clone(&self.keys)));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.name)
            .with_region(&self.region)
            .with_credentials(keys)
            .with_retry(RetryConfig { max_retries: retries, ..RetryConfig::default() })
            .with_client_options(
                ClientOptions::new().with_connect_timeout(CONNECT).with_allow_http(plain),
            );
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        builder.build().map_err(|error| self.unusable(error))
    }

    fn unusable(&self, source: object_store::Error) -> StoreError {
        StoreError::Io {
            action: "use",
            file: self.place(),
            on_disk: OnDisk::Nothing,
            source: Arc::new(io::Error::other(source)),
        }
    }
}

impl ObjectStates {
    /// The states in `bucket`. Reaches nobody.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the bucket's name, its prefix or the endpoint are none.
    pub fn in_bucket(bucket: &Bucket) -> Result<ObjectStates, StoreError> {
        let client = bucket.client(0)?;
        Ok(ObjectStates::new(Arc::new(client), bucket.root()?, &bucket.place()))
    }
}

/// The credentials, as the client of the storage asks for them.
struct Keys(Arc<dyn AccessKeys>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

#[async_trait]
impl CredentialProvider for Keys {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let key = self.0.access_key().await.map_err(|source| {
            object_store::Error::Unauthenticated { path: "the credentials".to_owned(), source }
        })?;
        Ok(Arc::new(AwsCredential { key_id: key.id, secret_key: key.secret, token: key.token }))
    }
}
