//! The provider `aws` of this build.

use std::sync::Arc;

use async_trait::async_trait;
use greenroom_apply::ProviderFactory;
use greenroom_aws::{AwsProvider, Pace};
use greenroom_model::schema::ProviderSchema;
use greenroom_model::value::Object;
use greenroom_provider::{Failure, Provider};

/// The environment variable that shortens waits for an emulator: the share of the real time.
const PACE: &str = "GREENROOM_AWS_PACE";

/// The share of the real time that everything waits for that waits for AWS.
pub(super) fn share() -> Option<f64> {
    std::env::var(PACE).ok()?.parse().ok()
}

pub(super) struct AwsFactory {
    schema: Arc<ProviderSchema>,
    pace: Pace,
}

impl AwsFactory {
    pub(super) fn new() -> AwsFactory {
        let pace = share().map_or_else(Pace::default, Pace::new);
        AwsFactory { schema: Arc::new(greenroom_aws::schema(pace)), pace }
    }
}

#[async_trait]
impl ProviderFactory for AwsFactory {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.schema.clone()
    }

    async fn resolve(&self, settings: &Object) -> Result<Object, Failure> {
        greenroom_aws::resolve(settings).await
    }

    async fn configure(&self, settings: &Object) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::new(AwsProvider::connect(settings, self.pace).await?))
    }
}
