//! What volumes have in common, wherever they are written: sizes, kinds, and how they change.

use aws_sdk_ec2::types::{EbsBlockDevice, Volume, VolumeModificationState as Modification};
use greenroom_model::schema::{Attribute, Type};
use greenroom_model::value::Value;
use greenroom_provider::{Draft, Failure, FailureKind};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::error::at;

/// A volume of an instance.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
pub(crate) struct Device {
    pub(crate) device_name: Option<String>,
    pub(crate) volume_id: Option<String>,
    pub(crate) delete_on_termination: Option<bool>,
    /// Not of a root volume: its snapshot is the image's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snapshot_id: Option<String>,
    pub(crate) volume_size: Option<i32>,
    pub(crate) volume_type: Option<String>,
    pub(crate) iops: Option<i32>,
    pub(crate) throughput: Option<i32>,
    pub(crate) encrypted: Option<bool>,
    pub(crate) kms_key_id: Option<String>,
}

/// What AWS chooses of a volume where the configuration does not.
pub(crate) const CHOSEN: [&str; 8] = [
    "device_name",
    "volume_id",
    "volume_size",
    "volume_type",
    "iops",
    "throughput",
    "encrypted",
    "kms_key_id",
];

/// The schema of a root volume.
pub(crate) fn root_device() -> Type {
    let name = Attribute::computed(Type::String, "The device that it is.");
    Type::object(volume().into_iter().chain([("device_name", name)]))
}

/// The schema of another volume of an instance.
pub(crate) fn device() -> Type {
    let name = Attribute::required(Type::String, "The device that it is, such as `/dev/sdf`.");
    let snapshot = Attribute::optional_computed(Type::String, "The snapshot that it starts from.");
    Type::object(volume().into_iter().chain([("device_name", name), ("snapshot_id", snapshot)]))
}

fn volume() -> [(&'static str, Attribute); 8] {
    let number = |doc| Attribute::optional_computed(Type::Number, doc);
    let text = |doc| Attribute::optional_computed(Type::String, doc);
    [
        ("volume_id", Attribute::computed(Type::String, "The volume's id.")),
        (
            "delete_on_termination",
            Attribute::optional(Type::Bool, "Whether it goes with the instance.").default(true),
        ),
        ("volume_size", number("Its size in GiB.")),
        ("volume_type", text("`gp3`, `gp2`, `io1`, `io2`, `st1`, `sc1` or `standard`.")),
        ("iops", number("Operations a second, for `gp3`, `io1` and `io2`.")),
        ("throughput", number("MiB a second, for `gp3`.")),
        (
            "encrypted",
            Attribute::optional_computed(Type::Bool, "Whether it is encrypted.").replaces(),
        ),
        ("kms_key_id", text("The ARN of the key that encrypts it.").replaces()),
    ]
}

/// Checks what a volume is to be; `at` is the path in front of its fields, with a point, and
/// `kind` and `size` are the fields' names.
pub(crate) fn check(draft: &mut Draft, at: &str, table: &Value, kind: &str, size: &str) {
    let text = |name: &str| table.get(name).and_then(Value::as_str);
    let number = |name: &str| table.get(name).and_then(Value::as_i64);
    if let Some(kind_is) = text(kind) {
        let known = KINDS.contains(&kind_is);
        draft.expect(known, &format!("{at}{kind}"), format!("it is one of {}", KINDS.join(", ")));
        let provisioned = matches!(kind_is, "gp3" | "io1" | "io2");
        let message = format!("`{kind_is}` has no `iops` to choose");
        draft.expect(provisioned || number("iops").is_none(), &format!("{at}iops"), message);
        let message = format!("`{kind_is}` has no `throughput` to choose");
        let fits = kind_is == "gp3" || number("throughput").is_none();
        draft.expect(fits, &format!("{at}throughput"), message);
        let needs =
            !matches!(kind_is, "io1" | "io2") || table.get("iops").is_some_and(|it| !it.is_null());
        draft.expect(needs, &format!("{at}iops"), format!("`{kind_is}` needs `iops`"));
    }
    let in_range = number(size).is_none_or(|it| (1..=65_536).contains(&it));
    draft.expect(in_range, &format!("{at}{size}"), "a volume has 1 to 65536 GiB");
    let is_arn = text("kms_key_id").is_none_or(|it| it.starts_with("arn:"));
    draft.expect(is_arn, &format!("{at}kms_key_id"), "it is the ARN of a key, as AWS returns it");
    let plain = table.get("encrypted").and_then(Value::as_bool) == Some(false);
    let message = "a volume that is not encrypted has no key";
    draft.expect(!plain || text("kms_key_id").is_none(), &format!("{at}kms_key_id"), message);
}

/// The kinds of volumes (EBS User Guide, "Amazon EBS volume types").
const KINDS: [&str; 7] = ["gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"];

/// Whether the field `field` of a volume stays as AWS chose it. What AWS derived from another kind,
/// or from another size of `gp2`, does not; `kind` and `size` are the fields' names.
pub(crate) fn stays(before: &Value, after: &Value, field: &str, kind: &str, size: &str) -> bool {
    let same = |name: &str| {
        let after = after.get(name).filter(|it| !it.is_null());
        after.is_none_or(|after| before.get(name) == Some(after))
    };
    let derived = before.get(kind).and_then(Value::as_str) == Some("gp2");
    !matches!(field, "iops" | "throughput") || (same(kind) && (same(size) || !derived))
}

/// The volume that a launch makes for `device`.
pub(crate) fn to_launch(device: &Device) -> EbsBlockDevice {
    EbsBlockDevice::builder()
        .set_delete_on_termination(device.delete_on_termination)
        .set_snapshot_id(device.snapshot_id.clone())
        .set_volume_size(device.volume_size)
        .set_volume_type(device.volume_type.as_deref().map(Into::into))
        .set_iops(device.iops)
        .set_throughput(device.throughput)
        .set_encrypted(device.encrypted)
        .set_kms_key_id(device.kms_key_id.clone())
        .build()
}

/// A volume that is there, as a device of an instance.
pub(crate) fn as_device(volume: &Volume) -> Device {
    Device {
        volume_id: volume.volume_id.clone(),
        snapshot_id: volume.snapshot_id.clone().filter(|it| !it.is_empty()),
        volume_size: volume.size,
        volume_type: volume.volume_type.as_ref().map(|it| it.as_str().to_owned()),
        iops: volume.iops,
        throughput: volume.throughput,
        encrypted: volume.encrypted,
        kms_key_id: volume.kms_key_id.clone(),
        ..Device::default()
    }
}

/// Changes a volume in place to the size, kind and performance of `to`, and returns when it has
/// them, though AWS may still be moving its data.
pub(crate) async fn modify(aws: &Aws, id: &str, to: &Device) -> Result<(), Failure> {
    let kind = to.volume_type.as_deref().unwrap_or_default();
    let call = aws
        .again
        .ec2
        .modify_volume()
        .volume_id(id)
        .set_size(to.volume_size)
        .set_volume_type(to.volume_type.as_deref().map(Into::into))
        .set_iops(to.iops.filter(|_| matches!(kind, "gp3" | "io1" | "io2")))
        .set_throughput(to.throughput.filter(|_| kind == "gp3"));
    call.send().await.map_err(at("ec2:ModifyVolume"))?;
    let done = ec2::until(aws, "the change of the volume", || modified(aws, id)).await;
    done.map_err(Failure::unknown_effect)
}

async fn modified(aws: &Aws, id: &str) -> Result<Option<()>, Failure> {
    let filter = ec2::filter_by("volume-id", id);
    let call = aws.again.ec2.describe_volumes_modifications().filters(filter);
    let answer = call.send().await.map_err(at("ec2:DescribeVolumesModifications"))?;
    let last = answer.volumes_modifications.unwrap_or_default().pop();
    let Some(state) = last.as_ref().and_then(|it| it.modification_state.as_ref()) else {
        return Ok(None);
    };
    match state {
        Modification::Completed | Modification::Optimizing => Ok(Some(())),
        Modification::Failed => {
            let why = last.and_then(|it| it.status_message).unwrap_or_default();
            let message = format!("the change of the volume `{id}` failed: {why}");
            Err(Failure::new(FailureKind::Broken, message))
        }
        _ => Ok(None),
    }
}
