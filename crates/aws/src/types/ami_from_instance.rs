//! `aws_ami_from_instance`: an image of an instance as it is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::{ec2, image};
use crate::aws::Aws;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_ami_from_instance`.
pub(crate) struct AmiFromInstance;

/// Its arguments; the rest is the image's.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    name: String,
    description: Option<String>,
    source_instance_id: String,
    snapshot_without_reboot: Option<bool>,
}

#[async_trait]
impl Resource for AmiFromInstance {
    fn schema(&self) -> TypeSchema {
        let own = [
            (
                "source_instance_id",
                Attribute::required(Type::String, "The instance.").replaces().write_only(),
            ),
            (
                "snapshot_without_reboot",
                Attribute::optional(
                    Type::Bool,
                    "Whether the instance runs on; its file systems may then not be whole.",
                )
                .default(false)
                .write_only()
                .replaces(),
            ),
        ];
        let all = own.into_iter().chain(image::arguments()).chain(image::facts());
        TypeSchema::new("aws_ami_from_instance", "An image of an instance as it is.", all)
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn poll(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn patience(&self) -> Duration {
        image::PATIENCE
    }

    fn propose(&self, draft: &mut Draft) {
        image::propose(draft);
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        image::look(aws, sought).await
    }

    fn as_written(&self, read: &mut Values, prior: &Value) {
        image::source_as_written(read, prior, &["source_instance_id"]);
        if prior.is_null() {
            read.insert("snapshot_without_reboot".into(), false.into());
        }
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateImage", || {
            let call = aws.once.ec2.create_image().name(&wanted.name);
            call.set_description(wanted.description.clone())
                .instance_id(&wanted.source_instance_id)
                .set_no_reboot(wanted.snapshot_without_reboot)
                .set_tag_specifications(Some(image::tag_specifications(&new.tags)))
                .send()
        })
        .await?;
        ec2::given(answer.image_id, "ec2:CreateImage")
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        image::describe_as(aws, &change.object.id, wanted.description).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        image::delete(aws, object).await
    }
}
