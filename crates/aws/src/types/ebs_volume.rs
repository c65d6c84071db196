//! `aws_ebs_volume`: a disk that lives for itself.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, Volume, VolumeState};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, Deleted, Draft, Failure, Object, WrongArgument, typed};
use serde::{Deserialize, Serialize};

use super::{ebs, ec2, placement};
use crate::aws::Aws;
use crate::error::at;
use crate::peers::Peers;
use crate::resource::{Change, Condition, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_ebs_volume`.
pub(crate) struct EbsVolume;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    availability_zone: String,
    size: Option<i32>,
    r#type: Option<String>,
    iops: Option<i32>,
    throughput: Option<i32>,
    encrypted: Option<bool>,
    kms_key_id: Option<String>,
    snapshot_id: Option<String>,
    multi_attach_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    final_snapshot: Option<bool>,
    arn: String,
    create_time: Option<String>,
}

#[async_trait]
impl Resource for EbsVolume {
    fn schema(&self) -> TypeSchema {
        let chosen = |ty, doc| Attribute::optional_computed(ty, doc);
        let flag = |doc| Attribute::optional(Type::Bool, doc).default(false);
        let zone = Attribute::required(Type::String, "The availability zone.").replaces();
        TypeSchema::new(
            "aws_ebs_volume",
            "A disk that lives for itself, and can be attached to an instance of its zone.",
            [
                ("availability_zone", zone),
                ("size", chosen(Type::Number, "Its size in GiB.")),
                (
                    "type",
                    chosen(Type::String, "`gp3`, `gp2`, `io1`, `io2`, `st1`, `sc1` or `standard`."),
                ),
                ("iops", chosen(Type::Number, "Operations a second, for `gp3`, `io1` and `io2`.")),
                ("throughput", chosen(Type::Number, "MiB a second, for `gp3`.")),
                ("encrypted", chosen(Type::Bool, "Whether it is encrypted.").replaces()),
                (
                    "kms_key_id",
                    chosen(Type::String, "The ARN of the key that encrypts it.").replaces(),
                ),
                (
                    "snapshot_id",
                    chosen(Type::String, "The snapshot that it starts from.").replaces(),
                ),
                (
                    "multi_attach_enabled",
                    flag("Whether several instances may have it at a time.").replaces(),
                ),
                (
                    "final_snapshot",
                    flag("Whether a snapshot is made before it is deleted.").write_only(),
                ),
                ("arn", Attribute::computed(Type::String, "Its ARN.")),
                ("create_time", Attribute::computed(Type::String, "When it was made.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        let sized = !draft.left_out("size") || !draft.left_out("snapshot_id");
        draft.expect(sized, "size", "it is needed where there is no `snapshot_id`");
        let given = ["size", "type", "iops", "throughput", "encrypted", "kms_key_id"];
        let given = given.into_iter().filter(|name| !draft.left_out(name));
        let table = given.filter_map(|name| Some((name, draft.planned(name)?.clone())));
        let table = Value::object(table.collect::<Vec<_>>());
        ebs::check(draft, "", &table, "type", "size");
        let Some(prior) = draft.prior().cloned() else { return };
        for field in ["iops", "throughput"] {
            if draft.left_out(field) && !ebs::stays(&prior, &table, field, "type", "size") {
                draft.leave_open(field);
            }
        }
        let size = |of: &Value| of.get("size").and_then(Value::as_i64);
        if let (Some(was), Some(is)) = (size(&prior), size(&table))
            && is < was
        {
            let help = format!("volumes only grow; it has {was}");
            draft.wrong("size", "the volume would shrink", Some(&help));
        }
    }

    fn check(&self, own: &CheckRequest, peers: &Peers<'_>) -> Vec<WrongArgument> {
        placement::zone(own, peers).into_iter().collect()
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let pages = aws.again.ec2.describe_volumes().filters(ec2::filter(sought, "volume-id"));
        let pages = pages.into_paginator().page_size(500).items().send();
        let volumes = pages.collect::<Result<Vec<_>, _>>().await;
        let volumes = volumes.map_err(at("ec2:DescribeVolumes"))?;
        let account = &aws.identity().await?.account;
        Ok(volumes.into_iter().map(|volume| seen(aws, account, volume)).collect())
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateVolume", || {
            let call = aws.again.ec2.create_volume().client_token(&new.token);
            call.availability_zone(&wanted.availability_zone)
                .set_size(wanted.size)
                .set_volume_type(wanted.r#type.as_deref().map(Into::into))
                .set_iops(wanted.iops)
                .set_throughput(wanted.throughput)
                .set_encrypted(wanted.encrypted)
                .set_kms_key_id(wanted.kms_key_id.clone())
                .set_snapshot_id(wanted.snapshot_id.clone())
                .set_multi_attach_enabled(wanted.multi_attach_enabled.filter(|on| *on))
                .tag_specifications(ec2::tag_specification(ResourceType::Volume, &new.tags))
                .send()
        })
        .await?;
        ec2::given(answer.volume_id, "ec2:CreateVolume")
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        if !["size", "type", "iops", "throughput"].iter().any(|name| change.of(name)) {
            return Ok(());
        }
        let wanted: Attributes = typed(&change.planned)?;
        let to = ebs::Device {
            volume_size: wanted.size,
            volume_type: wanted.r#type,
            iops: wanted.iops,
            throughput: wanted.throughput,
            ..ebs::Device::default()
        };
        ebs::modify(aws, &change.object.id, &to).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let was: Attributes = typed(&object.attributes)?;
        if was.final_snapshot == Some(true) {
            keep_snapshot(aws, object).await?;
        }
        let call = aws.again.ec2.delete_volume().volume_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteVolume")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let call = aws.again.ec2.describe_volumes();
        let call = call.filters(ec2::filter_by("volume-id", &*object.id));
        let answer = call.send().await.map_err(at("ec2:DescribeVolumes"))?;
        let volumes = answer.volumes.unwrap_or_default().into_iter();
        let attachments = volumes.flat_map(|it| it.attachments.unwrap_or_default());
        let instances = attachments.filter_map(|it| it.instance_id);
        Ok(instances.map(|it| format!("instance {it}, which it is attached to")).collect())
    }
}

fn seen(aws: &Aws, account: &str, volume: Volume) -> Seen {
    let id = volume.volume_id.unwrap_or_default();
    let attributes = Attributes {
        availability_zone: volume.availability_zone.unwrap_or_default(),
        size: volume.size,
        r#type: volume.volume_type.map(|it| it.as_str().to_owned()),
        iops: volume.iops,
        throughput: volume.throughput,
        encrypted: volume.encrypted,
        kms_key_id: volume.kms_key_id,
        snapshot_id: volume.snapshot_id.filter(|it| !it.is_empty()),
        multi_attach_enabled: Some(volume.multi_attach_enabled.unwrap_or(false)),
        final_snapshot: None,
        arn: ec2::arn(aws, account, &format!("volume/{id}")),
        create_time: volume.create_time.map(|it| it.to_string()),
    };
    let seen = Seen::ready(id, ec2::tags_of(volume.tags), &attributes);
    match volume.state {
        Some(VolumeState::Creating) => seen.but(Condition::Pending("creating".to_owned())),
        Some(VolumeState::Error) => seen.but(Condition::Broken("AWS could not make it".to_owned())),
        Some(VolumeState::Deleting | VolumeState::Deleted) => seen.but(Condition::Going),
        _ => seen,
    }
}

/// Makes a snapshot and waits for it; one that an earlier attempt made counts.
async fn keep_snapshot(aws: &Aws, object: &Object) -> Result<(), Failure> {
    let description = format!("final snapshot of {}", object.id);
    let found = ec2::filter_by("description", &description);
    let of_volume = ec2::filter_by("volume-id", &*object.id);
    let made = aws.again.ec2.describe_snapshots().filters(found.clone()).filters(of_volume.clone());
    let made = made.send().await.map_err(at("ec2:DescribeSnapshots"))?;
    if made.snapshots.unwrap_or_default().is_empty() {
        let call = aws.once.ec2.create_snapshot().volume_id(&*object.id).description(&description);
        call.send().await.map_err(at("ec2:CreateSnapshot"))?;
    }
    let what = format!("the final snapshot of `{}`", object.id);
    ec2::until(aws, &what, || async {
        let call = aws.again.ec2.describe_snapshots();
        let call = call.filters(found.clone()).filters(of_volume.clone());
        let answer = call.send().await.map_err(at("ec2:DescribeSnapshots"))?;
        let done = |state: &str| state == "completed";
        let snapshots = answer.snapshots.unwrap_or_default();
        let states = snapshots.iter().filter_map(|it| it.state.as_ref());
        Ok(states.map(|it| it.as_str()).any(done).then_some(()))
    })
    .await
}
