//! What objects say of themselves beside their attributes: whether what they say holds, what went
//! through them, whether they serve.

use futures::future::join_all;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use greenroom_provider::{Failure, Health, Object};

use super::{AwsProvider, refuse_strangers};

impl AwsProvider {
    /// Waits until what an object says holds for who asks from outside.
    pub(super) async fn wait_to_hold(&self, object: &Object) -> Result<Value, Failure> {
        let kind = self.kind(&object.kind)?;
        let seen = self.wait_ready(kind, object).await?;
        refuse_strangers(&seen, object)?;
        let seen = self.closely(kind, &seen).await?;
        let attributes = self.attributes(&object.kind, &seen, &object.attributes);
        let now = Object { attributes: attributes.clone(), ..object.clone() };
        kind.resource.verify(&self.aws, &now).await?;
        Ok(attributes)
    }

    /// What went through each of some objects.
    pub(super) async fn counted(&self, objects: &[Object]) -> Vec<Result<Traffic, Failure>> {
        let counted = objects.iter().map(|object| async {
            self.aws.check_account().await?;
            self.kind(&object.kind)?.resource.traffic(&self.aws, object).await
        });
        join_all(counted).await
    }

    /// Whether each of some objects serves.
    pub(super) async fn serving(&self, objects: &[Object]) -> Vec<Result<Health, Failure>> {
        let serving = objects.iter().map(|object| async {
            self.aws.check_account().await?;
            self.kind(&object.kind)?.resource.health(&self.aws, object).await
        });
        join_all(serving).await
    }
}
