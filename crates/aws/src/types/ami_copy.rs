//! `aws_ami_copy`: an image that is copied from another one, mostly of another region.

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

/// The type `aws_ami_copy`.
pub(crate) struct AmiCopy;

/// Its arguments; the rest is the image's.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    name: String,
    description: Option<String>,
    source_ami_id: String,
    source_ami_region: String,
    encrypted: Option<bool>,
    kms_key_id: Option<String>,
}

#[async_trait]
impl Resource for AmiCopy {
    fn schema(&self) -> TypeSchema {
        let text = |doc| Attribute::required(Type::String, doc).replaces();
        let own = [
            (
                "encrypted",
                Attribute::optional(Type::Bool, "Whether the copy's snapshots are encrypted.")
                    .default(false)
                    .write_only()
                    .replaces(),
            ),
            (
                "kms_key_id",
                Attribute::optional(Type::String, "The ARN of the key that encrypts them.")
                    .write_only()
                    .replaces(),
            ),
            ("source_ami_id", text("The image that is copied.").write_only()),
            ("source_ami_region", text("The region of that image.").write_only()),
        ];
        let all = own.into_iter().chain(image::arguments()).chain(image::facts());
        TypeSchema::new("aws_ami_copy", "A copy of an image, with snapshots of its own.", all)
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
        let plain = draft.given("encrypted").and_then(Value::as_bool) != Some(true);
        let keyless = draft.left_out("kms_key_id");
        draft.expect(!plain || keyless, "kms_key_id", "it needs `encrypted`");
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        image::look(aws, sought).await
    }

    /// An image that was imported does not say how it was copied: what it says of its source does.
    fn as_written(&self, read: &mut Values, prior: &Value) {
        image::source_as_written(read, prior, &["source_ami_id", "source_ami_region"]);
        if prior.is_null() {
            read.insert("encrypted".into(), false.into());
        }
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CopyImage", || {
            let call = aws.again.ec2.copy_image().client_token(&new.token).name(&wanted.name);
            call.set_description(wanted.description.clone())
                .source_image_id(&wanted.source_ami_id)
                .source_region(&wanted.source_ami_region)
                .set_encrypted(wanted.encrypted.filter(|on| *on))
                .set_kms_key_id(wanted.kms_key_id.clone())
                .set_tag_specifications(Some(image::tag_specifications(&new.tags)))
                .send()
        })
        .await?;
        ec2::given(answer.image_id, "ec2:CopyImage")
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        image::describe_as(aws, &change.object.id, wanted.description).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        image::delete(aws, object).await
    }
}
