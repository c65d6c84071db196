//! `aws_volume_attachment`: a volume as a disk of an instance.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Volume, VolumeAttachmentState as State};
use futures::future::join_all;
use greenroom_model::schema::{Attribute, Recognition, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, Deleted, Draft, Failure, Object, WrongArgument, typed};
use serde::{Deserialize, Serialize};

use super::{ec2, placement};
use crate::aws::Aws;
use crate::error::{ApiError, at};
use crate::peers::{self, Peers};
use crate::resource::{Change, Condition, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::patiently_if;
use crate::tags::Tags;

/// The type `aws_volume_attachment`.
pub(crate) struct VolumeAttachment;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    device_name: String,
    instance_id: String,
    volume_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_detach: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_destroy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_instance_before_detaching: Option<bool>,
}

#[async_trait]
impl Resource for VolumeAttachment {
    fn schema(&self) -> TypeSchema {
        let text = |doc| Attribute::required(Type::String, doc).replaces();
        let flag = |doc| Attribute::optional(Type::Bool, doc).default(false).write_only();
        let mut schema = TypeSchema::new(
            "aws_volume_attachment",
            "A volume as a disk of an instance. It is imported as DEVICE:VOLUME:INSTANCE.",
            [
                ("device_name", text("The device that it is there, such as `/dev/sdf`.")),
                ("instance_id", text("The instance.")),
                ("volume_id", text("The volume.")),
                ("force_detach", flag("Whether it is detached though the instance uses it.")),
                ("skip_destroy", flag("Whether it stays attached when this goes.")),
                (
                    "stop_instance_before_detaching",
                    flag("Whether the instance is stopped before the volume is detached."),
                ),
            ],
        );
        schema.recognition = Recognition::Inside;
        schema
    }

    fn tagging(&self) -> Tagging {
        Tagging::None
    }

    fn propose(&self, draft: &mut Draft) {
        let text = draft.given("device_name").and_then(|it| it.as_str());
        let plain = text.is_none_or(|it| !it.contains(':') && !it.is_empty());
        draft.expect(plain, "device_name", "it is the name of a device, such as `/dev/sdf`");
    }

    fn check(&self, own: &CheckRequest, peers: &Peers<'_>) -> Vec<WrongArgument> {
        let named = |name: &str| peers.named(own.planned.get(name));
        let (Some(volume), Some(instance)) = (named("volume_id"), named("instance_id")) else {
            return Vec::new();
        };
        let its = volume.planned.get("availability_zone").and_then(Value::as_str);
        let zones = its.zip(placement::zone_of_instance(instance, peers));
        let apart = zones.filter(|(its, zone)| its != zone).map(|(its, zone)| {
            let message = format!("`{}` is in {its}, the instance in {zone}", volume.address);
            peers::wrong("volume_id", message)
        });
        apart.into_iter().collect()
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["device_name", "instance_id"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let Sought::Ids(ids) = sought else { return Ok(Vec::new()) };
        let mut volumes: Vec<String> =
            ids.iter().filter_map(|id| Some(Key::read(id)?.volume.to_owned())).collect();
        volumes.sort();
        volumes.dedup();
        let looks = volumes.chunks(200).map(|volumes| {
            let filter = ec2::filter_by_any("volume-id", volumes);
            let pages = aws.again.ec2.describe_volumes().filters(filter).into_paginator();
            pages.page_size(500).items().send().collect::<Result<Vec<_>, _>>()
        });
        let mut found = Vec::new();
        for volumes in join_all(looks).await {
            found.extend(volumes.map_err(at("ec2:DescribeVolumes"))?);
        }
        Ok(ids.iter().filter_map(|id| seen(id, &found)).collect())
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let sent: Attributes = typed(sent.arguments).ok()?;
        Some(Sought::Ids(vec![id(&sent)]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let call = || {
            let call = aws.once.ec2.attach_volume().device(&wanted.device_name);
            call.instance_id(&wanted.instance_id).volume_id(&wanted.volume_id).send()
        };
        // An instance takes no volume before it runs, a volume comes nowhere before it is there.
        let is_young = |error: &ApiError| error.is_not_found() || error.has_code("IncorrectState");
        patiently_if(aws.pace, "ec2:AttachVolume", is_young, call).await?;
        Ok(id(&wanted))
    }

    async fn update(&self, _: &Aws, _: &Change) -> Result<(), Failure> {
        // What can change is about the deletion, and stands in the state.
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let was: Attributes = typed(&object.attributes)?;
        if was.skip_destroy == Some(true) {
            return Ok(Deleted::Gone);
        }
        let Some(key) = Key::read(&object.id) else { return Ok(Deleted::Gone) };
        if was.stop_instance_before_detaching == Some(true) {
            super::instance::stop(aws, key.instance).await?;
        }
        let call = aws.again.ec2.detach_volume().volume_id(key.volume);
        let call = call.instance_id(key.instance).device(key.device);
        let call = call.set_force(was.force_detach.filter(|on| *on));
        match call.send().await.map_err(at("ec2:DetachVolume")) {
            // It is attached to nobody, or to another one.
            Err(error) if error.has_code("IncorrectState") => Ok(Deleted::Gone),
            answer => ec2::deleted(answer),
        }
    }

    /// While it is detached, the volume cannot be used elsewhere.
    fn lingers(&self, _: &Seen) -> bool {
        true
    }
}

/// What an attachment's id is made of: `DEVICE:VOLUME:INSTANCE`.
struct Key<'a> {
    device: &'a str,
    volume: &'a str,
    instance: &'a str,
}

impl Key<'_> {
    fn read(id: &str) -> Option<Key<'_>> {
        let (device, rest) = id.split_once(':')?;
        let (volume, instance) = rest.split_once(':')?;
        Some(Key { device, volume, instance })
    }
}

fn id(of: &Attributes) -> Arc<str> {
    format!("{}:{}:{}", of.device_name, of.volume_id, of.instance_id).into()
}

fn seen(id: &Arc<str>, volumes: &[Volume]) -> Option<Seen> {
    let key = Key::read(id)?;
    let volume = volumes.iter().find(|it| it.volume_id.as_deref() == Some(key.volume))?;
    let attachments = volume.attachments.iter().flatten();
    let mut attachments = attachments.filter(|it| it.state != Some(State::Detached));
    let attachment = attachments.find(|it| {
        it.instance_id.as_deref() == Some(key.instance) && it.device.as_deref() == Some(key.device)
    })?;
    let attributes = Attributes {
        device_name: key.device.to_owned(),
        instance_id: key.instance.to_owned(),
        volume_id: key.volume.to_owned(),
        ..Attributes::default()
    };
    let seen = Seen::ready(id.clone(), Tags::new(), &attributes);
    Some(match &attachment.state {
        Some(State::Attaching) => seen.but(Condition::Pending("attaching".to_owned())),
        Some(State::Detaching) => seen.but(Condition::Going),
        _ => seen,
    })
}
