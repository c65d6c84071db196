//! Launching instances.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    self as ec2_types, BlockDeviceMapping, InstanceNetworkInterfaceSpecification, Placement,
    ResourceType,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use greenroom_provider::{Failure, FailureKind};

use super::attributes::{Attributes, Metadata, Template};
use crate::error::{ApiError, at};
use crate::tags::{LINEAGE, Tags, UID};
use crate::types::{ebs, ec2};

/// The call that launches instances.
pub(super) const ACTION: &str = "ec2:RunInstances";

/// The call that launches instances, all with these tags; how many, and by which token, is still
/// to be said.
pub(super) fn request(
    ec2: &Client,
    wanted: &Attributes,
    root: Option<&str>,
    tags: &Tags,
) -> RunInstancesFluentBuilder {
    let call = ec2.run_instances();
    let call = call
        .set_image_id(wanted.ami.clone())
        .set_instance_type(wanted.instance_type.as_deref().map(Into::into))
        .set_key_name(wanted.key_name.clone())
        .set_user_data(user_data(wanted))
        .set_ebs_optimized(wanted.ebs_optimized)
        .set_disable_api_stop(wanted.disable_api_stop)
        .set_disable_api_termination(wanted.disable_api_termination)
        .set_instance_initiated_shutdown_behavior(
            wanted.instance_initiated_shutdown_behavior.as_deref().map(Into::into),
        )
        .set_placement(placement(wanted))
        .set_launch_template(first(&wanted.launch_template).map(template))
        .set_metadata_options(first(&wanted.metadata_options).map(metadata))
        .set_block_device_mappings(volumes(wanted, root))
        .tag_specifications(ec2::tag_specification(ResourceType::Instance, tags))
        .tag_specifications(ec2::tag_specification(ResourceType::Volume, &of_volumes(tags)));
    with_network(with_options(call, wanted), wanted)
}

fn with_options(call: RunInstancesFluentBuilder, wanted: &Attributes) -> RunInstancesFluentBuilder {
    let monitoring = wanted
        .monitoring
        .map(|on| ec2_types::RunInstancesMonitoringEnabled::builder().enabled(on).build());
    let profile = wanted
        .iam_instance_profile
        .as_ref()
        .map(|name| ec2_types::IamInstanceProfileSpecification::builder().name(name).build());
    let hibernation = wanted
        .hibernation
        .filter(|on| *on)
        .map(|on| ec2_types::HibernationOptionsRequest::builder().configured(on).build());
    let credits = first(&wanted.credit_specification).and_then(|it| it.cpu_credits.clone());
    let credits = credits.map(|credits| {
        ec2_types::CreditSpecificationRequest::builder().cpu_credits(credits).build()
    });
    call.set_monitoring(monitoring)
        .set_iam_instance_profile(profile)
        .set_hibernation_options(hibernation)
        .set_credit_specification(credits)
}

/// Where the instance stands in the network. Whether it gets a public address can only be said of
/// an interface, which then has the subnet, the address and the groups.
fn with_network(call: RunInstancesFluentBuilder, wanted: &Attributes) -> RunInstancesFluentBuilder {
    let Some(public) = wanted.associate_public_ip_address else {
        return call
            .set_subnet_id(wanted.subnet_id.clone())
            .set_private_ip_address(wanted.private_ip.clone())
            .set_security_group_ids(wanted.vpc_security_group_ids.clone());
    };
    let interface = InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .delete_on_termination(true)
        .associate_public_ip_address(public)
        .set_subnet_id(wanted.subnet_id.clone())
        .set_private_ip_address(wanted.private_ip.clone())
        .set_groups(wanted.vpc_security_group_ids.clone());
    call.network_interfaces(interface.build())
}

fn placement(wanted: &Attributes) -> Option<Placement> {
    let placement = Placement::builder()
        .set_availability_zone(wanted.availability_zone.clone())
        .set_group_name(wanted.placement_group.clone())
        .set_tenancy(wanted.tenancy.as_deref().map(Into::into))
        .build();
    (placement != Placement::builder().build()).then_some(placement)
}

fn template(template: &Template) -> ec2_types::LaunchTemplateSpecification {
    // By one of the two: AWS refuses both.
    let name = template.name.clone().filter(|_| template.id.is_none());
    ec2_types::LaunchTemplateSpecification::builder()
        .set_launch_template_id(template.id.clone())
        .set_launch_template_name(name)
        .set_version(template.version.clone())
        .build()
}

fn metadata(options: &Metadata) -> ec2_types::InstanceMetadataOptionsRequest {
    ec2_types::InstanceMetadataOptionsRequest::builder()
        .set_http_endpoint(options.http_endpoint.as_deref().map(Into::into))
        .set_http_protocol_ipv6(options.http_protocol_ipv6.as_deref().map(Into::into))
        .set_http_put_response_hop_limit(options.http_put_response_hop_limit)
        .set_http_tokens(options.http_tokens.as_deref().map(Into::into))
        .set_instance_metadata_tags(options.instance_metadata_tags.as_deref().map(Into::into))
        .build()
}

fn volumes(wanted: &Attributes, root: Option<&str>) -> Option<Vec<BlockDeviceMapping>> {
    let mapping = |name: Option<&str>, device: &ebs::Device| {
        BlockDeviceMapping::builder()
            .set_device_name(name.map(str::to_owned))
            .ebs(ebs::to_launch(device))
            .build()
    };
    let first = first(&wanted.root_block_device).map(|it| mapping(root, it));
    let others = wanted.ebs_block_device.iter().flatten();
    let all: Vec<_> =
        first.into_iter().chain(others.map(|it| mapping(it.device_name.as_deref(), it))).collect();
    (!all.is_empty()).then_some(all)
}

/// The tags of the volumes that are made with an instance: whose they are, so that they are told
/// from those that are attached later.
fn of_volumes(tags: &Tags) -> Tags {
    let is_mark = |key: &str| matches!(key, LINEAGE | UID);
    tags.iter().filter(|(key, _)| is_mark(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The user data in Base64, as AWS takes it.
pub(super) fn user_data(wanted: &Attributes) -> Option<String> {
    let encoded = wanted.user_data.as_ref().map(|text| STANDARD.encode(text));
    encoded.or_else(|| wanted.user_data_base64.clone())
}

/// The device of the image's root volume, where something is said of that.
pub(super) async fn root_device_name(
    ec2: &Client,
    wanted: &Attributes,
) -> Result<Option<String>, Failure> {
    let (Some(_), Some(ami)) = (first(&wanted.root_block_device), &wanted.ami) else {
        return Ok(None);
    };
    let call = ec2.describe_images().filters(ec2::filter_by("image-id", ami));
    let answer = call.send().await.map_err(at("ec2:DescribeImages"))?;
    let image = answer.images.unwrap_or_default().pop();
    let Some(image) = image else {
        let message = format!("there is no image `{ami}` in this region");
        return Err(Failure::new(FailureKind::NotFound, message));
    };
    Ok(image.root_device_name)
}

/// Whether an error may come of something that AWS does not know everywhere yet. An image takes
/// minutes to make: one that is not found is not fresh.
pub(super) fn is_too_fresh(error: &ApiError) -> bool {
    let names_profile = error.message.contains("IAM Instance Profile")
        || error.message.contains("iamInstanceProfile");
    (error.is_not_found() && !error.has_code("InvalidAMIID.NotFound"))
        || (error.has_code("InvalidParameterValue") && names_profile)
}

pub(super) fn first<T>(tables: &Option<Vec<T>>) -> Option<&T> {
    tables.as_ref().and_then(|it| it.first())
}
