//! Buckets of S3, reached with the credentials that every AWS tool takes.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_aws::Access;
use greenroom_delivery::project::ProjectError;
use greenroom_model::value::{Object, Value};
use greenroom_spec::location::{Location, Target};
use greenroom_store::{AccessKey, AccessKeys, Bucket, Lineage, ObjectStates, Store};

use crate::failure::Failure;

/// The bucket at `location`.
pub(super) async fn bucket(location: &Location) -> Result<Bucket, Failure> {
    let settings: Object = location
        .settings
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(&*value.value)))
        .collect();
    let url = &location.url.value;
    let Target::Bucket { name, prefix } = location.target() else {
        return Err(ProjectError::Scheme(url.clone()).into());
    };
    let unusable = |source| Failure::Bucket { url: url.clone(), source };
    let access = Access::to_s3(&settings).await.map_err(unusable)?;
    Ok(Bucket {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        region: access.region.clone(),
        endpoint: access.endpoint.clone(),
        keys: Arc::new(Keys(access)),
    })
}

/// The states in the bucket at `location`.
pub(super) async fn states(
    location: &Location,
    lineage: Option<Lineage>,
) -> Result<Arc<dyn Store>, Failure> {
    let states = at_pace(ObjectStates::in_bucket(&bucket(location).await?)?);
    Ok(Arc::new(match lineage {
        Some(lineage) => states.with_lineages(move || lineage.clone()),
        None => states,
    }))
}

/// The same states, with leases and patience that are as short as an emulator's other times, but
/// long enough for a machine that is busy.
fn at_pace(states: ObjectStates) -> ObjectStates {
    let Some(share) = super::aws::share() else { return states };
    let scaled = |seconds| {
        Duration::from_secs(seconds).mul_f64(share.clamp(0.0, 1.0)).max(Duration::from_secs(4))
    };
    states.with_ttl(scaled(30)).with_patience(scaled(30), scaled(300))
}

struct Keys(Access);

#[async_trait]
impl AccessKeys for Keys {
    async fn access_key(&self) -> Result<AccessKey, Box<dyn Error + Send + Sync>> {
        let (id, secret, token) = self.0.key().await.map_err(|failure| {
            let help = failure.help.map(|help| format!("; {help}")).unwrap_or_default();
            format!("{}{help}", failure.message)
        })?;
        Ok(AccessKey { id, secret, token })
    }
}
