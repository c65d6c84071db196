//! Changing instances in place.

use std::sync::Arc;

use aws_sdk_ec2::operation::modify_instance_attribute::builders::ModifyInstanceAttributeFluentBuilder;
use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, AttributeValue, EbsInstanceBlockDeviceSpecification,
    IamInstanceProfileSpecification, Instance, InstanceBlockDeviceMappingSpecification,
    InstanceCreditSpecificationRequest, SecureBlobAttributeValue,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use greenroom_provider::{Failure, FailureKind, Object, typed};

use super::attributes::{Attributes, Metadata};
use super::launch::{first, user_data};
use super::read;
use crate::aws::Aws;
use crate::error::{ApiError, at};
use crate::resource::{Change, Tagging};
use crate::retag;
use crate::send::{patiently, patiently_if};
use crate::tags::{RESTART, Tags};
use crate::types::ebs::{self, Device};
use crate::types::ec2;

/// What AWS changes only while an instance is stopped.
pub(super) const WHILE_STOPPED: [&str; 4] =
    ["instance_type", "ebs_optimized", "user_data", "user_data_base64"];

/// Changes an instance; what takes a stop comes last, and takes one stop together.
pub(super) async fn apply(aws: &Aws, change: &Change) -> Result<(), Failure> {
    let wanted: Attributes = typed(&change.planned)?;
    let id = &change.object.id;
    running(aws, change, &wanted).await?;
    if change.of("disable_api_stop") && wanted.disable_api_stop == Some(false) {
        set_disable_api_stop(aws, id, false).await?;
    }
    if change.of("instance_state") || WHILE_STOPPED.iter().any(|name| change.of(name)) {
        stopped(aws, change, &wanted).await?;
    }
    if change.of("disable_api_stop") && wanted.disable_api_stop == Some(true) {
        set_disable_api_stop(aws, id, true).await?;
    }
    Ok(())
}

/// What changes while the instance runs.
async fn running(aws: &Aws, change: &Change, wanted: &Attributes) -> Result<(), Failure> {
    let id = &change.object.id;
    if change.of("vpc_security_group_ids") {
        set_groups(aws, &change.object, wanted).await?;
    }
    if change.of("source_dest_check") {
        set_source_dest_check(aws, id, wanted.source_dest_check).await?;
    }
    if change.of("iam_instance_profile") {
        set_profile(aws, id, wanted.iam_instance_profile.as_deref()).await?;
    }
    if change.of("monitoring") {
        set_monitoring(aws, id, wanted.monitoring == Some(true)).await?;
    }
    if change.of("disable_api_termination") {
        let flag = flag(wanted.disable_api_termination);
        modify(aws, id, |call| call.disable_api_termination(flag.clone())).await?;
    }
    if change.of("instance_initiated_shutdown_behavior") {
        let text = text(wanted.instance_initiated_shutdown_behavior.as_deref());
        modify(aws, id, |call| call.instance_initiated_shutdown_behavior(text.clone())).await?;
    }
    if change.of("credit_specification") {
        set_credits(aws, id, wanted).await?;
    }
    if let Some(options) = first(&wanted.metadata_options).filter(|_| change.of("metadata_options"))
    {
        set_metadata(aws, id, options).await?;
    }
    if change.of("root_block_device") {
        set_root_volume(aws, change, wanted).await?;
    }
    Ok(())
}

/// Stops the instance, changes it and starts it again. One that does not run is not started.
async fn stopped(aws: &Aws, change: &Change, wanted: &Attributes) -> Result<(), Failure> {
    let id = &change.object.id;
    let is_to_run = interrupt(aws, id).await?;
    let changed = set_stopped(aws, change, wanted).await;
    if is_to_run {
        // Also after a change that was refused: it ran before.
        let started = start(aws, id).await;
        changed.clone()?;
        started.map_err(|failure| not_started(id, failure))?;
    }
    changed
}

/// Stops an instance for a change; whether it is to run again. It is then marked for as long as it
/// does not, so that it is started even if this process dies before.
async fn interrupt(aws: &Aws, id: &Arc<str>) -> Result<bool, Failure> {
    let instance = find(aws, id).await?;
    let runs = instance.as_ref().is_some_and(|it| read::state(it) == "running");
    if runs {
        let mark = Tags::from([(RESTART.to_owned(), "true".to_owned())]);
        retag::apply(aws, Tagging::Ec2, id, mark, Vec::new()).await?;
    }
    stop(aws, id).await?;
    Ok(runs || instance.is_some_and(|it| read::is_restarting(&it)))
}

async fn start(aws: &Aws, id: &Arc<str>) -> Result<(), Failure> {
    let call = || aws.again.ec2.start_instances().instance_ids(&**id).send();
    patiently(aws.pace, "ec2:StartInstances", call).await?;
    until_in(aws, id, "running").await?;
    retag::apply(aws, Tagging::Ec2, id, Tags::new(), vec![RESTART.to_owned()]).await
}

/// Stops an instance and waits until it is stopped.
pub(crate) async fn stop(aws: &Aws, id: &str) -> Result<(), Failure> {
    if state(aws, id).await?.as_deref() == Some("running") {
        let call = || aws.again.ec2.stop_instances().instance_ids(id).send();
        patiently(aws.pace, "ec2:StopInstances", call).await?;
    }
    until_in(aws, id, "stopped").await.map_err(Failure::unknown_effect)
}

async fn set_stopped(aws: &Aws, change: &Change, wanted: &Attributes) -> Result<(), Failure> {
    let id = &change.object.id;
    if change.of("instance_type") {
        let kind = text(wanted.instance_type.as_deref());
        modify(aws, id, |call| call.instance_type(kind.clone())).await?;
    }
    if change.of("ebs_optimized") {
        let flag = flag(wanted.ebs_optimized);
        modify(aws, id, |call| call.ebs_optimized(flag.clone())).await?;
    }
    if change.of("user_data") || change.of("user_data_base64") {
        // The SDK encodes the bytes of its own.
        let bytes = user_data(wanted).and_then(|it| STANDARD.decode(it).ok()).unwrap_or_default();
        let data = SecureBlobAttributeValue::builder().value(Blob::new(bytes)).build();
        modify(aws, id, |call| call.user_data(data.clone())).await?;
    }
    Ok(())
}

fn not_started(id: &str, failure: Failure) -> Failure {
    let help = format!("`{id}` was changed and is stopped; the next apply starts it");
    failure.help(help).unknown_effect()
}

async fn find(aws: &Aws, id: &str) -> Result<Option<Instance>, Failure> {
    let call = aws.again.ec2.describe_instances().filters(ec2::filter_by("instance-id", id));
    let answer = call.send().await.map_err(at("ec2:DescribeInstances"))?;
    let reservation = answer.reservations.unwrap_or_default().pop();
    Ok(reservation.and_then(|it| it.instances.unwrap_or_default().pop()))
}

async fn state(aws: &Aws, id: &str) -> Result<Option<String>, Failure> {
    Ok(find(aws, id).await?.map(|it| read::state(&it).to_owned()))
}

async fn until_in(aws: &Aws, id: &str, wanted: &str) -> Result<(), Failure> {
    let what = format!("the way of `{id}` to `{wanted}`");
    ec2::until(aws, &what, || async {
        let state = state(aws, id).await?;
        match state.as_deref() {
            Some("shutting-down" | "terminated") => {
                let message = format!("`{id}` was terminated on its way to `{wanted}`");
                Err(Failure::new(FailureKind::NotFound, message))
            }
            state => Ok((state == Some(wanted)).then_some(())),
        }
    })
    .await
}

async fn modify(
    aws: &Aws,
    id: &str,
    with: impl Fn(ModifyInstanceAttributeFluentBuilder) -> ModifyInstanceAttributeFluentBuilder,
) -> Result<(), Failure> {
    let call = || with(aws.again.ec2.modify_instance_attribute().instance_id(id)).send();
    patiently(aws.pace, "ec2:ModifyInstanceAttribute", call).await?;
    Ok(())
}

fn flag(on: Option<bool>) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().set_value(on).build()
}

fn text(text: Option<&str>) -> AttributeValue {
    AttributeValue::builder().set_value(text.map(str::to_owned)).build()
}

async fn set_disable_api_stop(aws: &Aws, id: &str, on: bool) -> Result<(), Failure> {
    let flag = flag(Some(on));
    modify(aws, id, |call| call.disable_api_stop(flag.clone())).await
}

/// Turns the check of sources and destinations on or off. A new instance may still be too young.
pub(super) async fn set_source_dest_check(
    aws: &Aws,
    id: &str,
    on: Option<bool>,
) -> Result<(), Failure> {
    let is_young =
        |error: &ApiError| error.is_not_found() || error.has_code("IncorrectInstanceState");
    let call = || {
        let call = aws.again.ec2.modify_instance_attribute().instance_id(id);
        call.source_dest_check(flag(on)).send()
    };
    patiently_if(aws.pace, "ec2:ModifyInstanceAttribute", is_young, call).await?;
    Ok(())
}

/// Groups belong to an interface: an instance with several takes no change of its own.
async fn set_groups(aws: &Aws, object: &Object, wanted: &Attributes) -> Result<(), Failure> {
    let now: Attributes = typed(&object.attributes)?;
    let groups = wanted.vpc_security_group_ids.clone();
    let Some(interface) = now.primary_network_interface_id else {
        return modify(aws, &object.id, |call| call.set_groups(groups.clone())).await;
    };
    let call = || {
        let call = aws.again.ec2.modify_network_interface_attribute();
        call.network_interface_id(&interface).set_groups(groups.clone()).send()
    };
    patiently(aws.pace, "ec2:ModifyNetworkInterfaceAttribute", call).await?;
    Ok(())
}

async fn set_profile(aws: &Aws, id: &str, name: Option<&str>) -> Result<(), Failure> {
    let ec2 = &aws.again.ec2;
    let associations = ec2.describe_iam_instance_profile_associations();
    let found = associations.filters(ec2::filter_by("instance-id", id)).send().await;
    let found = found.map_err(at("ec2:DescribeIamInstanceProfileAssociations"))?;
    let found = found.iam_instance_profile_associations.unwrap_or_default();
    let is_on = |state: &str| matches!(state, "associated" | "associating");
    let association = found
        .into_iter()
        .find(|it| it.state.as_ref().is_some_and(|it| is_on(it.as_str())))
        .and_then(|it| it.association_id);
    let profile = IamInstanceProfileSpecification::builder().set_name(name.map(str::to_owned));
    let profile = profile.build();
    match (association, name) {
        (Some(association), Some(_)) => {
            let call = || {
                let call = ec2.replace_iam_instance_profile_association();
                call.association_id(&association).iam_instance_profile(profile.clone()).send()
            };
            let action = "ec2:ReplaceIamInstanceProfileAssociation";
            patiently_if(aws.pace, action, is_fresh_profile, call).await?;
        }
        (Some(association), None) => {
            let call = ec2.disassociate_iam_instance_profile().association_id(association);
            call.send().await.map_err(at("ec2:DisassociateIamInstanceProfile"))?;
        }
        (None, Some(_)) => {
            let call = || {
                let call = ec2.associate_iam_instance_profile().instance_id(id);
                call.iam_instance_profile(profile.clone()).send()
            };
            let action = "ec2:AssociateIamInstanceProfile";
            patiently_if(aws.pace, action, is_fresh_profile, call).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// Whether a profile may be too fresh for EC2 to know it.
fn is_fresh_profile(error: &ApiError) -> bool {
    error.is_not_found() || error.has_code("InvalidParameterValue")
}

async fn set_monitoring(aws: &Aws, id: &str, on: bool) -> Result<(), Failure> {
    if on {
        let call = || aws.again.ec2.monitor_instances().instance_ids(id).send();
        patiently(aws.pace, "ec2:MonitorInstances", call).await?;
    } else {
        let call = || aws.again.ec2.unmonitor_instances().instance_ids(id).send();
        patiently(aws.pace, "ec2:UnmonitorInstances", call).await?;
    }
    Ok(())
}

async fn set_credits(aws: &Aws, id: &str, wanted: &Attributes) -> Result<(), Failure> {
    let credits = first(&wanted.credit_specification).and_then(|it| it.cpu_credits.clone());
    // Left out, it stays as it is.
    let Some(credits) = credits else { return Ok(()) };
    let credits =
        InstanceCreditSpecificationRequest::builder().instance_id(id).cpu_credits(credits);
    let call = aws.again.ec2.modify_instance_credit_specification();
    let call = call.instance_credit_specifications(credits.build());
    call.send().await.map_err(at("ec2:ModifyInstanceCreditSpecification"))?;
    Ok(())
}

async fn set_metadata(aws: &Aws, id: &str, options: &Metadata) -> Result<(), Failure> {
    let call = aws
        .again
        .ec2
        .modify_instance_metadata_options()
        .instance_id(id)
        .set_http_endpoint(options.http_endpoint.as_deref().map(Into::into))
        .set_http_protocol_ipv6(options.http_protocol_ipv6.as_deref().map(Into::into))
        .set_http_put_response_hop_limit(options.http_put_response_hop_limit)
        .set_http_tokens(options.http_tokens.as_deref().map(Into::into))
        .set_instance_metadata_tags(options.instance_metadata_tags.as_deref().map(Into::into));
    call.send().await.map_err(at("ec2:ModifyInstanceMetadataOptions"))?;
    Ok(())
}

async fn set_root_volume(aws: &Aws, change: &Change, wanted: &Attributes) -> Result<(), Failure> {
    let now: Attributes = typed(&change.object.attributes)?;
    let (Some(before), Some(after)) =
        (first(&now.root_block_device), first(&wanted.root_block_device))
    else {
        return Ok(());
    };
    let shape = |it: &Device| (it.volume_size, it.volume_type.clone(), it.iops, it.throughput);
    if let Some(id) = before.volume_id.as_ref().filter(|_| shape(before) != shape(after)) {
        ebs::modify(aws, id, after).await?;
    }
    if before.delete_on_termination != after.delete_on_termination {
        let id: &Arc<str> = &change.object.id;
        let mapping = deletion(before.device_name.clone(), after.delete_on_termination);
        modify(aws, id, |call| call.block_device_mappings(mapping.clone())).await?;
    }
    Ok(())
}

fn deletion(device: Option<String>, on: Option<bool>) -> InstanceBlockDeviceMappingSpecification {
    let ebs = EbsInstanceBlockDeviceSpecification::builder().set_delete_on_termination(on).build();
    InstanceBlockDeviceMappingSpecification::builder().set_device_name(device).ebs(ebs).build()
}
