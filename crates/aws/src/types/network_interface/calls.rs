//! The calls that change a network interface.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{AttachmentStatus, AttributeBooleanValue, AttributeValue};
use greenroom_provider::Failure;

use super::{Attachment, Attributes, interfaces};
use crate::aws::Aws;
use crate::error::at;
use crate::send::{patiently, patiently_if};
use crate::types::ec2;

pub(super) async fn set_description(aws: &Aws, id: &str, text: String) -> Result<(), Failure> {
    let call = aws.again.ec2.modify_network_interface_attribute().network_interface_id(id);
    let call = call.description(AttributeValue::builder().value(text).build());
    call.send().await.map_err(at("ec2:ModifyNetworkInterfaceAttribute"))?;
    Ok(())
}

pub(super) async fn set_groups(
    aws: &Aws,
    id: &str,
    groups: BTreeSet<String>,
) -> Result<(), Failure> {
    let groups: Vec<String> = groups.into_iter().collect();
    patiently(aws.pace, "ec2:ModifyNetworkInterfaceAttribute", || {
        let call = aws.again.ec2.modify_network_interface_attribute().network_interface_id(id);
        call.set_groups(Some(groups.clone())).send()
    })
    .await?;
    Ok(())
}

pub(super) async fn set_source_dest_check(aws: &Aws, id: &str, to: bool) -> Result<(), Failure> {
    let to = AttributeBooleanValue::builder().value(to).build();
    patiently(aws.pace, "ec2:ModifyNetworkInterfaceAttribute", || {
        let call = aws.again.ec2.modify_network_interface_attribute().network_interface_id(id);
        call.source_dest_check(to.clone()).send()
    })
    .await?;
    Ok(())
}

pub(super) async fn change_addresses(
    aws: &Aws,
    id: &str,
    before: &Attributes,
    wanted: &Attributes,
) -> Result<(), Failure> {
    let (now, then) = (before.secondary(), wanted.secondary());
    unassign(aws, id, now.difference(&then).cloned().collect()).await?;
    let new: Vec<String> = then.difference(&now).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    let call = aws.again.ec2.assign_private_ip_addresses().network_interface_id(id);
    let call = call.set_private_ip_addresses(Some(new));
    call.send().await.map_err(at("ec2:AssignPrivateIpAddresses"))?;
    Ok(())
}

/// Has AWS choose more addresses, or takes the last ones away.
pub(super) async fn change_count(
    aws: &Aws,
    id: &str,
    before: &Attributes,
    count: i32,
) -> Result<(), Failure> {
    let now = before.secondary();
    let has = i32::try_from(now.len()).unwrap_or(i32::MAX);
    if count > has {
        // A second time it would choose more.
        let call = aws.once.ec2.assign_private_ip_addresses().network_interface_id(id);
        let call = call.secondary_private_ip_address_count(count - has);
        call.send().await.map_err(at("ec2:AssignPrivateIpAddresses"))?;
        return Ok(());
    }
    let kept = usize::try_from(count).unwrap_or(0);
    unassign(aws, id, now.into_iter().skip(kept).collect()).await
}

async fn unassign(aws: &Aws, id: &str, gone: Vec<String>) -> Result<(), Failure> {
    if gone.is_empty() {
        return Ok(());
    }
    let call = aws.again.ec2.unassign_private_ip_addresses().network_interface_id(id);
    let call = call.set_private_ip_addresses(Some(gone));
    call.send().await.map_err(at("ec2:UnassignPrivateIpAddresses"))?;
    Ok(())
}

/// Attaches an interface, if it is not attached yet.
pub(super) async fn attach(
    aws: &Aws,
    id: &str,
    to: Option<Vec<Attachment>>,
) -> Result<(), Failure> {
    let Some(to) = to.and_then(|mut it| it.pop()) else { return Ok(()) };
    let attached = interfaces(aws, ec2::filter_by("network-interface-id", id)).await?;
    let mut attached = attached.into_iter().filter_map(|it| it.attachment?.instance_id);
    if attached.any(|it| it == to.instance) {
        return Ok(());
    }
    // An interface that is still being detached is in use, and a new instance is in no state yet.
    let is_early = |error: &crate::error::ApiError| {
        let codes = ["InvalidNetworkInterface.InUse", "IncorrectState", "IncorrectInstanceState"];
        error.is_not_found() || codes.into_iter().any(|code| error.has_code(code))
    };
    patiently_if(aws.pace, "ec2:AttachNetworkInterface", is_early, || {
        let call = aws.once.ec2.attach_network_interface().network_interface_id(id);
        call.instance_id(&to.instance).device_index(to.device_index).send()
    })
    .await?;
    Ok(())
}

/// Detaches an interface from the instance that it is attached to now, if any.
pub(super) async fn detach(aws: &Aws, id: &str) -> Result<(), Failure> {
    let attached = interfaces(aws, ec2::filter_by("network-interface-id", id)).await?;
    let attached = attached.into_iter().filter_map(|it| it.attachment);
    let attached = attached.filter(|it| it.status != Some(AttachmentStatus::Detaching));
    for attachment in attached.filter_map(|it| it.attachment_id) {
        let call = aws.again.ec2.detach_network_interface().attachment_id(attachment);
        match call.force(true).send().await.map_err(at("ec2:DetachNetworkInterface")) {
            Err(error) if !error.is_not_found() => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
