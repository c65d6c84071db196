//! Renewing what objects say of their owner.

use futures::future::join_all;
use greenroom_provider::{Failure, Object, Provider, ReadAnswer, ReadDepth, ReadRequest};

use super::AwsProvider;
use crate::resource::Tagging;
use crate::retag;
use crate::tags;

impl AwsProvider {
    /// Puts the owner's tags on objects again, after a look that refuses strangers.
    pub(super) async fn renew_all(&self, objects: Vec<Object>) -> Vec<Result<(), Failure>> {
        let look = |object: &Object| ReadRequest { object: object.clone(), depth: ReadDepth::Bulk };
        let seen = self.read(objects.iter().map(look).collect()).await;
        let renewals = objects.iter().zip(seen).map(|(object, seen)| async {
            match seen? {
                ReadAnswer::Gone => Ok(()),
                ReadAnswer::Present(_) | ReadAnswer::Broken { .. } => self.retag(object).await,
            }
        });
        join_all(renewals).await
    }

    async fn retag(&self, object: &Object) -> Result<(), Failure> {
        let tagging = self.kind(&object.kind)?.resource.tagging();
        if tagging == Tagging::None {
            return Ok(());
        }
        let tags = tags::of_owner(&object.owner, &object.uid);
        let gone =
            if tags.contains_key(tags::EXPIRES) { vec![] } else { vec![tags::EXPIRES.into()] };
        retag::apply(&self.aws, tagging, &object.id, tags, gone).await
    }
}
