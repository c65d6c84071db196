//! Access to AWS for what is no resource: the credentials that every AWS tool takes, and where they
//! are good.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use greenroom_model::value::Object;
use greenroom_provider::{Failure, FailureKind};
use tokio::sync::Mutex;

use crate::error::{chain, no_credentials};
use crate::settings;

/// Where a service is, and who may ask it.
pub struct Access {
    /// The region.
    pub region: String,
    /// The URL of the service's API, if it is not AWS's own.
    pub endpoint: Option<String>,
    provider: Option<SharedCredentialsProvider>,
    /// What the provider said last.
    known: Mutex<Option<Credentials>>,
}

/// Credentials that end are asked for again this long before.
const RENEWAL: Duration = Duration::from_secs(300);

impl Access {
    /// Access to S3 as settings say: `region`, `profile`, `assume_role` and `endpoint`, which mean
    /// the same as in `[provider.aws]`. Reaches nobody but who assumes a role.
    ///
    /// # Errors
    ///
    /// The settings are wrong, or nothing says which region.
    pub async fn to_s3(settings: &Object) -> Result<Access, Failure> {
        let config = settings::config(settings).await?;
        let region = config.region().map(|region| region.as_ref().to_owned());
        let region = region.ok_or_else(|| {
            Failure::new(FailureKind::Argument, "nothing says which AWS region the bucket is in")
                .help("write `region` beside the bucket's `url`, or set AWS_REGION")
        })?;
        Ok(Access {
            region,
            endpoint: settings::endpoint(settings, &config, "S3"),
            provider: config.credentials_provider(),
            known: Mutex::new(None),
        })
    }

    /// Credentials that are good now: the access key's id, its secret, and a session token.
    ///
    /// # Errors
    ///
    /// There are none.
    pub async fn key(&self) -> Result<(String, String, Option<String>), Failure> {
        let mut known = self.known.lock().await;
        let good = known.as_ref().filter(|it| !ends_soon(it)).cloned();
        let credentials = match good {
            Some(credentials) => credentials,
            None => known.insert(self.ask().await?).clone(),
        };
        Ok((
            credentials.access_key_id().to_owned(),
            credentials.secret_access_key().to_owned(),
            credentials.session_token().map(str::to_owned),
        ))
    }

    async fn ask(&self) -> Result<Credentials, Failure> {
        let provider = self.provider.as_ref().ok_or_else(|| no_credentials("no provider"))?;
        provider.provide_credentials().await.map_err(|error| no_credentials(&chain(&error)))
    }
}

fn ends_soon(credentials: &Credentials) -> bool {
    credentials.expiry().is_some_and(|end| end < SystemTime::now() + RENEWAL)
}
