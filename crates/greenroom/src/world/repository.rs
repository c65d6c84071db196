//! Where artifacts are published: a folder, a bucket, or a server.

use std::path::Path;
use std::sync::Arc;

use greenroom_delivery::repository::{self, Credentials, Repository};
use greenroom_spec::location::Location;

use crate::failure::Failure;

/// The repository of `project`, whose folder is `base`.
pub(crate) async fn repository(
    location: &Location,
    base: &Path,
    project: &str,
) -> Result<Arc<dyn Repository>, Failure> {
    #[cfg(feature = "aws")]
    if let greenroom_spec::location::Target::Bucket { .. } = location.target() {
        let bucket = super::bucket::bucket(location).await?;
        return Ok(Arc::new(repository::BucketRepository::in_bucket(&bucket, project)?));
    }
    let credentials = Credentials::of_environment(|name| std::env::var(name).ok());
    Ok(repository::open(&location.url.value, base, project, credentials)?)
}
