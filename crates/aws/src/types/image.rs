//! Images: what AWS tells of them, and what is the same for all that are made here.

use std::time::Duration;

use aws_sdk_ec2::types::{AttributeValue, Image, ImageState, ResourceType, TagSpecification};
use greenroom_model::schema::{Attribute, Type};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Condition, Seen, Sought};
use crate::tags::{EXPIRES, Tags};

/// Computed attributes of an image.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Facts {
    pub(crate) arn: Option<String>,
    pub(crate) architecture: Option<String>,
    pub(crate) boot_mode: Option<String>,
    pub(crate) creation_date: Option<String>,
    pub(crate) ena_support: Option<bool>,
    pub(crate) hypervisor: Option<String>,
    pub(crate) image_location: Option<String>,
    pub(crate) image_owner_alias: Option<String>,
    pub(crate) image_type: Option<String>,
    pub(crate) imds_support: Option<String>,
    pub(crate) owner_id: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) platform_details: Option<String>,
    pub(crate) public: Option<bool>,
    pub(crate) root_device_name: Option<String>,
    pub(crate) root_snapshot_id: Option<String>,
    pub(crate) tpm_support: Option<String>,
    pub(crate) virtualization_type: Option<String>,
}

/// Their schema.
pub(crate) fn facts() -> Vec<(&'static str, Attribute)> {
    let given = |doc| Attribute::computed(Type::String, doc);
    let flag = |doc| Attribute::computed(Type::Bool, doc);
    vec![
        ("arn", given("Its ARN.")),
        ("architecture", given("The processors that it is for.")),
        ("boot_mode", given("How it boots.")),
        ("creation_date", given("When it was made.")),
        ("ena_support", flag("Whether it has enhanced networking.")),
        ("hypervisor", given("The hypervisor that it is for.")),
        ("image_location", given("Where it is.")),
        ("image_owner_alias", given("The owner's name, of images of AWS.")),
        ("image_type", given("The type of the image.")),
        ("imds_support", given("`v2.0` if its instances ask for metadata with tokens only.")),
        ("owner_id", given("The account that it belongs to.")),
        ("platform", given("`windows` for Windows.")),
        ("platform_details", given("The platform, as the bill names it.")),
        ("public", flag("Whether everybody may launch it.")),
        ("root_device_name", given("The device of its root volume.")),
        ("root_snapshot_id", given("The snapshot of its root volume.")),
        ("tpm_support", given("The TPM that its instances have.")),
        ("virtualization_type", given("How it is virtualised.")),
    ]
}

/// What AWS tells of an image.
pub(crate) fn facts_of(aws: &Aws, image: &Image) -> Facts {
    macro_rules! word {
        ($field:ident) => {
            image.$field.as_ref().map(|it| it.as_str().to_owned())
        };
    }
    let id = image.image_id.as_deref().unwrap_or_default();
    Facts {
        arn: Some(ec2::arn(aws, "", &format!("image/{id}"))),
        architecture: word!(architecture),
        boot_mode: word!(boot_mode),
        creation_date: image.creation_date.clone(),
        ena_support: Some(image.ena_support.unwrap_or(false)),
        hypervisor: word!(hypervisor),
        image_location: image.image_location.clone(),
        image_owner_alias: image.image_owner_alias.clone(),
        image_type: word!(image_type),
        imds_support: word!(imds_support),
        owner_id: image.owner_id.clone(),
        platform: word!(platform),
        platform_details: image.platform_details.clone(),
        public: Some(image.public.unwrap_or(false)),
        root_device_name: image.root_device_name.clone(),
        root_snapshot_id: root_snapshot(image),
        tpm_support: word!(tpm_support),
        virtualization_type: word!(virtualization_type),
    }
}

fn root_snapshot(image: &Image) -> Option<String> {
    let root = image.root_device_name.as_ref()?;
    let mappings = image.block_device_mappings.iter().flatten();
    let mut mappings = mappings.filter(|it| it.device_name.as_ref() == Some(root));
    mappings.next()?.ebs.as_ref()?.snapshot_id.clone()
}

/// The snapshots that an image stands on.
pub(crate) fn snapshots(image: &Image) -> Vec<String> {
    let mappings = image.block_device_mappings.iter().flatten();
    let ids = mappings.filter_map(|it| it.ebs.as_ref()?.snapshot_id.clone());
    ids.filter(|it| !it.is_empty()).collect()
}

/// How long a copy of an image may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40 * 60);

/// What every image that is made here is told, and the snapshots that go with it.
pub(crate) fn arguments() -> Vec<(&'static str, Attribute)> {
    let name = Attribute::required(Type::String, "Its name, unique in account and region.");
    let snapshots = Attribute::computed(Type::list(Type::String), "The snapshots that go with it.");
    vec![
        ("name", name.replaces()),
        ("description", Attribute::optional(Type::String, "What it is.")),
        ("snapshot_ids", snapshots),
    ]
}

/// Checks the name (EC2 API Reference, "CreateImage").
pub(crate) fn propose(draft: &mut Draft) {
    let is_part = |it: char| it.is_ascii_alphanumeric() || "()[] ./-'@_".contains(it);
    let name = draft.given("name").and_then(Value::as_str);
    let fits = name.is_none_or(|it| (3..=128).contains(&it.len()) && it.chars().all(is_part));
    let message = "a name has 3 to 128 letters, digits, spaces and characters of `()[]./-'@_`";
    draft.expect(fits, "name", message);
}

/// The tags of an image that is made, and of its snapshots. Nobody renews those, so that they name
/// no time: they go with the image.
pub(crate) fn tag_specifications(tags: &Tags) -> Vec<TagSpecification> {
    let mut lasting = tags.clone();
    lasting.remove(EXPIRES);
    vec![
        ec2::tag_specification(ResourceType::Image, tags),
        ec2::tag_specification(ResourceType::Snapshot, &lasting),
    ]
}

/// An image that was made here, as far as a look tells.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Made {
    name: String,
    description: Option<String>,
    snapshot_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ami_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ami_region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_instance_id: Option<String>,
    #[serde(flatten)]
    facts: Facts,
}

/// Looks at images of this account.
pub(crate) async fn look(aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
    let call = aws.again.ec2.describe_images().owners("self");
    let pages = call.filters(ec2::filter(sought, "image-id")).into_paginator().items().send();
    let images = pages.collect::<Result<Vec<_>, _>>().await.map_err(at("ec2:DescribeImages"))?;
    Ok(images.into_iter().map(|image| seen(aws, image)).collect())
}

fn seen(aws: &Aws, image: Image) -> Seen {
    let made = Made {
        name: image.name.clone().unwrap_or_default(),
        description: image.description.clone().filter(|it| !it.is_empty()),
        snapshot_ids: snapshots(&image),
        source_ami_id: image.source_image_id.clone(),
        source_ami_region: image.source_image_region.clone(),
        source_instance_id: image.source_instance_id.clone(),
        facts: facts_of(aws, &image),
    };
    let id = image.image_id.unwrap_or_default();
    let seen = Seen::ready(id, ec2::tags_of(image.tags), &made);
    let reason = image.state_reason.and_then(|it| it.message);
    match image.state.as_ref().map(ImageState::as_str) {
        Some("available" | "disabled") => seen,
        Some("deregistered") => seen.but(Condition::Going),
        Some("failed" | "invalid" | "error") => {
            let reason = reason.unwrap_or_else(|| "AWS could not make it".to_owned());
            seen.but(Condition::Broken(reason))
        }
        state => seen.but(Condition::Pending(state.unwrap_or("pending").to_owned())),
    }
}

/// What AWS tells of an image's source counts for one that is imported; what was written counts
/// for others. `of_type` are the fields that the type has.
pub(crate) fn source_as_written(read: &mut Values, prior: &Value, of_type: &[&str]) {
    for field in ["source_ami_id", "source_ami_region", "source_instance_id"] {
        if !prior.is_null() || !of_type.contains(&field) {
            read.remove(field);
        }
    }
}

/// Gives an image another description.
pub(crate) async fn describe_as(aws: &Aws, id: &str, text: Option<String>) -> Result<(), Failure> {
    let text = AttributeValue::builder().value(text.unwrap_or_default()).build();
    let call = aws.again.ec2.modify_image_attribute().image_id(id).description(text);
    call.send().await.map_err(at("ec2:ModifyImageAttribute"))?;
    Ok(())
}

/// Deregisters an image, then deletes the snapshots that it stood on. Those are in the state: an
/// attempt that was cut off between the two is taken up.
pub(crate) async fn delete(aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
    let was: Made = typed(&object.attributes)?;
    let call = aws.again.ec2.deregister_image().image_id(&*object.id);
    let deleted = ec2::deleted(call.send().await.map_err(at("ec2:DeregisterImage")))?;
    for snapshot in was.snapshot_ids {
        let call = aws.again.ec2.delete_snapshot().snapshot_id(&snapshot);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteSnapshot")))?;
    }
    Ok(deleted)
}
