//! What a version of a launch template says.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    self as ec2_types, LaunchTemplateBlockDeviceMappingRequest as Mapping,
    LaunchTemplateEbsBlockDeviceRequest, LaunchTemplateIamInstanceProfileSpecificationRequest,
    LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateTagSpecificationRequest,
    LaunchTemplateVersion, LaunchTemplatesMonitoringRequest, RequestLaunchTemplateData,
};
use greenroom_model::schema::{Attribute, Type};
use serde::{Deserialize, Serialize};

use crate::tags::Tags;

/// A version.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Data {
    pub(super) description: Option<String>,
    image_id: Option<String>,
    instance_type: Option<String>,
    key_name: Option<String>,
    user_data: Option<String>,
    ebs_optimized: Option<bool>,
    vpc_security_group_ids: Option<Vec<String>>,
    disable_api_stop: Option<bool>,
    disable_api_termination: Option<bool>,
    instance_initiated_shutdown_behavior: Option<String>,
    iam_instance_profile: Option<Vec<Profile>>,
    monitoring: Option<Vec<Monitoring>>,
    metadata_options: Option<Vec<Metadata>>,
    block_device_mappings: Option<Vec<Device>>,
    tag_specifications: Option<Vec<Tagged>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Profile {
    arn: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Monitoring {
    enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Metadata {
    http_endpoint: Option<String>,
    http_put_response_hop_limit: Option<i32>,
    http_tokens: Option<String>,
    instance_metadata_tags: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Device {
    device_name: Option<String>,
    ebs: Option<Vec<Volume>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Volume {
    delete_on_termination: Option<bool>,
    encrypted: Option<bool>,
    iops: Option<i32>,
    kms_key_id: Option<String>,
    snapshot_id: Option<String>,
    throughput: Option<i32>,
    volume_size: Option<i32>,
    volume_type: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Tagged {
    resource_type: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

/// The schema of what a version says; each of it takes a call for each template to read.
pub(super) fn schema() -> Vec<(&'static str, Attribute)> {
    let text = |doc| Attribute::optional(Type::String, doc).single();
    let flag = |doc| Attribute::optional(Type::Bool, doc).single();
    let one = |fields: Type, doc| Attribute::optional(Type::list(fields), doc).at_most(1).single();
    let many = |fields: Type, doc| Attribute::optional(Type::list(fields), doc).single();
    let groups = Attribute::optional(Type::set(Type::String), "The instances' security groups.");
    vec![
        ("description", text("What this version is for.")),
        ("image_id", text("The image that they start from.")),
        ("instance_type", text("Their type.")),
        ("key_name", text("Their key pair.").needs_exists()),
        ("user_data", text("What they do when they first start, in Base64.")),
        ("ebs_optimized", flag("Whether they have bandwidth of their own to their volumes.")),
        ("vpc_security_group_ids", groups.single().needs_exists().holds()),
        ("disable_api_stop", flag("Whether AWS refuses to stop them.")),
        ("disable_api_termination", flag("Whether AWS refuses to terminate them.")),
        (
            "instance_initiated_shutdown_behavior",
            text("What a shutdown from within comes to: `stop` or `terminate`."),
        ),
        ("iam_instance_profile", one(profile(), "Their instance profile.")),
        ("monitoring", one(monitoring(), "How closely they are monitored.")),
        ("metadata_options", one(metadata(), "How their metadata service is reached.")),
        ("block_device_mappings", many(device(), "Their volumes.")),
        ("tag_specifications", many(tagged(), "Tags of what is made with them.")),
    ]
}

fn text(doc: &str) -> Attribute {
    Attribute::optional(Type::String, doc)
}

fn profile() -> Type {
    Type::object([("arn", text("Its ARN.")), ("name", text("Its name."))])
}

fn monitoring() -> Type {
    Type::object([("enabled", Attribute::optional(Type::Bool, "Whether every minute."))])
}

fn metadata() -> Type {
    Type::object([
        ("http_endpoint", text("`enabled` or `disabled`.")),
        (
            "http_put_response_hop_limit",
            Attribute::optional(Type::Number, "How many hops an answer goes, 1 to 64."),
        ),
        ("http_tokens", text("Whether tokens are `required` (IMDSv2) or `optional`.")),
        ("instance_metadata_tags", text("Whether instances see their tags there.")),
    ])
}

fn device() -> Type {
    let volume = Attribute::optional(Type::list(volume()), "The volume.").at_most(1);
    Type::object([("device_name", text("The device, such as `/dev/sdf`.")), ("ebs", volume)])
}

fn volume() -> Type {
    let number = |doc| Attribute::optional(Type::Number, doc);
    let flag = |doc| Attribute::optional(Type::Bool, doc);
    Type::object([
        ("delete_on_termination", flag("Whether it goes with the instance.")),
        ("encrypted", flag("Whether it is encrypted.")),
        ("iops", number("Operations a second.")),
        ("kms_key_id", text("The ARN of the key that encrypts it.")),
        ("snapshot_id", text("The snapshot that it starts from.")),
        ("throughput", number("MiB a second.")),
        ("volume_size", number("Its size in GiB.")),
        ("volume_type", text("Its kind.")),
    ])
}

fn tagged() -> Type {
    Type::object([
        ("resource_type", text("`instance`, `volume` …")),
        ("tags", Attribute::optional(Type::map(Type::String), "The tags.")),
    ])
}

impl Data {
    /// As the API takes it.
    pub(super) fn to_send(&self) -> RequestLaunchTemplateData {
        let monitoring = first(&self.monitoring)
            .map(|it| LaunchTemplatesMonitoringRequest::builder().set_enabled(it.enabled).build());
        let behaviour = self.instance_initiated_shutdown_behavior.as_deref().map(Into::into);
        let request = RequestLaunchTemplateData::builder()
            .set_image_id(self.image_id.clone())
            .set_instance_type(self.instance_type.as_deref().map(Into::into))
            .set_key_name(self.key_name.clone())
            .set_user_data(self.user_data.clone())
            .set_ebs_optimized(self.ebs_optimized)
            .set_security_group_ids(self.vpc_security_group_ids.clone())
            .set_disable_api_stop(self.disable_api_stop)
            .set_disable_api_termination(self.disable_api_termination)
            .set_instance_initiated_shutdown_behavior(behaviour)
            .set_iam_instance_profile(first(&self.iam_instance_profile).map(Profile::to_send))
            .set_monitoring(monitoring)
            .set_metadata_options(first(&self.metadata_options).map(Metadata::to_send));
        let devices = self.block_device_mappings.iter().flatten().map(Device::to_send);
        let tagged = self.tag_specifications.iter().flatten().map(Tagged::to_send);
        request
            .set_block_device_mappings(some(devices.collect()))
            .set_tag_specifications(some(tagged.collect()))
            .build()
    }

    /// As the API returns it.
    pub(super) fn of(version: LaunchTemplateVersion) -> Data {
        let Some(data) = version.launch_template_data else { return Data::default() };
        let profile = data.iam_instance_profile.map(|it| Profile { arn: it.arn, name: it.name });
        let mut groups = data.security_group_ids.unwrap_or_default();
        groups.sort();
        let behaviour = data.instance_initiated_shutdown_behavior;
        let devices = data.block_device_mappings.unwrap_or_default();
        // The template's own tags are no part of what is made with it.
        let mut tagged = data.tag_specifications.unwrap_or_default();
        tagged.retain(|it| it.resource_type != Some(ec2_types::ResourceType::LaunchTemplate));
        Data {
            description: version.version_description.filter(|it| !it.is_empty()),
            image_id: data.image_id,
            instance_type: data.instance_type.map(|it| it.as_str().to_owned()),
            key_name: data.key_name,
            user_data: data.user_data,
            ebs_optimized: data.ebs_optimized,
            vpc_security_group_ids: some(groups),
            disable_api_stop: data.disable_api_stop,
            disable_api_termination: data.disable_api_termination,
            instance_initiated_shutdown_behavior: behaviour.map(|it| it.as_str().to_owned()),
            iam_instance_profile: profile.map(|it| vec![it]),
            monitoring: data.monitoring.map(|it| vec![Monitoring { enabled: it.enabled }]),
            metadata_options: data.metadata_options.map(|it| vec![Metadata::of(it)]),
            block_device_mappings: some(devices.into_iter().map(Device::of).collect()),
            tag_specifications: some(tagged.into_iter().map(Tagged::of).collect()),
        }
    }
}

impl Profile {
    fn to_send(&self) -> LaunchTemplateIamInstanceProfileSpecificationRequest {
        LaunchTemplateIamInstanceProfileSpecificationRequest::builder()
            .set_arn(self.arn.clone())
            .set_name(self.name.clone())
            .build()
    }
}

impl Metadata {
    fn to_send(&self) -> LaunchTemplateInstanceMetadataOptionsRequest {
        LaunchTemplateInstanceMetadataOptionsRequest::builder()
            .set_http_endpoint(self.http_endpoint.as_deref().map(Into::into))
            .set_http_put_response_hop_limit(self.http_put_response_hop_limit)
            .set_http_tokens(self.http_tokens.as_deref().map(Into::into))
            .set_instance_metadata_tags(self.instance_metadata_tags.as_deref().map(Into::into))
            .build()
    }

    fn of(found: ec2_types::LaunchTemplateInstanceMetadataOptions) -> Metadata {
        Metadata {
            http_endpoint: found.http_endpoint.map(|it| it.as_str().to_owned()),
            http_put_response_hop_limit: found.http_put_response_hop_limit,
            http_tokens: found.http_tokens.map(|it| it.as_str().to_owned()),
            instance_metadata_tags: found.instance_metadata_tags.map(|it| it.as_str().to_owned()),
        }
    }
}

impl Device {
    fn to_send(&self) -> Mapping {
        let volume = first(&self.ebs).map(Volume::to_send);
        Mapping::builder().set_device_name(self.device_name.clone()).set_ebs(volume).build()
    }

    fn of(found: ec2_types::LaunchTemplateBlockDeviceMapping) -> Device {
        let volume = found.ebs.map(|it| vec![Volume::of(it)]);
        Device { device_name: found.device_name, ebs: volume }
    }
}

impl Volume {
    fn to_send(&self) -> LaunchTemplateEbsBlockDeviceRequest {
        LaunchTemplateEbsBlockDeviceRequest::builder()
            .set_delete_on_termination(self.delete_on_termination)
            .set_encrypted(self.encrypted)
            .set_iops(self.iops)
            .set_kms_key_id(self.kms_key_id.clone())
            .set_snapshot_id(self.snapshot_id.clone())
            .set_throughput(self.throughput)
            .set_volume_size(self.volume_size)
            .set_volume_type(self.volume_type.as_deref().map(Into::into))
            .build()
    }

    fn of(found: ec2_types::LaunchTemplateEbsBlockDevice) -> Volume {
        Volume {
            delete_on_termination: found.delete_on_termination,
            encrypted: found.encrypted,
            iops: found.iops,
            kms_key_id: found.kms_key_id,
            snapshot_id: found.snapshot_id,
            throughput: found.throughput,
            volume_size: found.volume_size,
            volume_type: found.volume_type.map(|it| it.as_str().to_owned()),
        }
    }
}

impl Tagged {
    fn to_send(&self) -> LaunchTemplateTagSpecificationRequest {
        let tags: Tags = self.tags.clone().unwrap_or_default();
        let tags = tags
            .into_iter()
            .map(|(key, text)| ec2_types::Tag::builder().key(key).value(text).build());
        LaunchTemplateTagSpecificationRequest::builder()
            .set_resource_type(self.resource_type.as_deref().map(Into::into))
            .set_tags(Some(tags.collect()))
            .build()
    }

    fn of(found: ec2_types::LaunchTemplateTagSpecification) -> Tagged {
        Tagged {
            resource_type: found.resource_type.map(|it| it.as_str().to_owned()),
            tags: Some(crate::types::ec2::tags_of(found.tags)),
        }
    }
}

fn first<T>(tables: &Option<Vec<T>>) -> Option<&T> {
    tables.as_ref().and_then(|it| it.first())
}

/// What AWS leaves out where there is nothing.
fn some<T>(entries: Vec<T>) -> Option<Vec<T>> {
    (!entries.is_empty()).then_some(entries)
}
