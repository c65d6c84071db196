//! `aws_network_interface`: a card by which an instance is in a subnet.

mod calls;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self as ec2_types, AttachmentStatus, PrivateIpAddressSpecification, ResourceType,
};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{
    CheckRequest, Deleted, Draft, Failure, FailureKind, Object, WrongArgument, typed,
};
use serde::{Deserialize, Serialize};

use super::{ec2, placement};
use crate::aws::Aws;
use crate::error::at;
use crate::peers::Peers;
use crate::resource::{Change, Condition, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_network_interface`.
pub(crate) struct NetworkInterface;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    subnet_id: String,
    description: Option<String>,
    private_ip: Option<String>,
    private_ips: Option<BTreeSet<String>>,
    private_ips_count: Option<i32>,
    security_groups: Option<BTreeSet<String>>,
    source_dest_check: Option<bool>,
    attachment: Option<Vec<Attachment>>,
    arn: String,
    interface_type: Option<String>,
    mac_address: Option<String>,
    owner_id: String,
    private_dns_name: Option<String>,
}

/// The instance that it is attached to.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attachment {
    instance: String,
    device_index: i32,
}

#[async_trait]
impl Resource for NetworkInterface {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        let texts = || Type::set(Type::String);
        let computed = |doc: &str| Attribute::computed(Type::String, doc);
        TypeSchema::new(
            "aws_network_interface",
            "A card by which an instance is in a subnet.",
            [
                ("subnet_id", Attribute::required(text(), "The subnet that it is in.").replaces()),
                ("description", Attribute::optional(text(), "What it is for.")),
                (
                    "private_ip",
                    Attribute::optional_computed(text(), "Its first private address.").replaces(),
                ),
                (
                    "private_ips",
                    Attribute::optional_computed(texts(), "All its private addresses."),
                ),
                (
                    "private_ips_count",
                    Attribute::optional_computed(
                        Type::Number,
                        "How many private addresses it has beside the first.",
                    ),
                ),
                (
                    "security_groups",
                    Attribute::optional_computed(texts(), "What traffic reaches it.").holds(),
                ),
                (
                    "source_dest_check",
                    Attribute::optional(Type::Bool, "Whether only its own traffic may pass it.")
                        .default(true),
                ),
                (
                    "attachment",
                    Attribute::optional_computed(
                        Type::list(attachment()),
                        "The instance that it is attached to.",
                    )
                    .at_most(1),
                ),
                ("arn", computed("Its ARN.")),
                ("interface_type", computed("What kind of interface it is.")),
                ("mac_address", computed("Its MAC address.")),
                ("owner_id", computed("The account that it belongs to.")),
                ("private_dns_name", computed("The name of its first private address.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        ec2::check_address(draft, "private_ip");
        let given: Option<BTreeSet<String>> = draft.typed("private_ips");
        for address in given.iter().flatten() {
            let is_address = address.parse::<std::net::Ipv4Addr>().is_ok();
            draft.expect(is_address, "private_ips", format!("`{address}` is no IPv4 address"));
        }
        if ec2::is_changed(draft, "private_ips") {
            ec2::leave_open(draft, &["private_ips_count"]);
        } else if ec2::is_changed(draft, "private_ips_count") {
            ec2::leave_open(draft, &["private_ips"]);
        }
        let before = draft.prior().and_then(|it| typed::<Attributes>(it).ok());
        let Some(before) = before else { return };
        // The first address stays as long as the interface.
        if let (Some(given), Some(first)) = (given, before.private_ip)
            && !given.contains(&first)
        {
            draft.replaces("private_ips");
        }
    }

    fn check(&self, own: &CheckRequest, peers: &Peers<'_>) -> Vec<WrongArgument> {
        let addresses = own.planned.get("private_ips").and_then(Value::as_list).unwrap_or_default();
        let addresses = addresses.iter().filter_map(|it| it.as_str()?.parse().ok());
        let outside = addresses.filter_map(|it| placement::address(own, peers, "private_ips", it));
        let mut wrong: Vec<WrongArgument> = outside.collect();
        if let Some(subnet) = peers.named(own.planned.get("subnet_id")) {
            wrong.extend(placement::groups(own, peers, subnet, "security_groups"));
        }
        wrong
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let interfaces = interfaces(aws, ec2::filter(sought, "network-interface-id")).await?;
        Ok(interfaces.into_iter().map(|it| seen(aws, it)).collect())
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateNetworkInterface", || {
            let call = aws.again.ec2.create_network_interface();
            let tags = ec2::tag_specification(ResourceType::NetworkInterface, &new.tags);
            call.subnet_id(&wanted.subnet_id)
                .set_description(wanted.description.clone())
                .set_groups(wanted.security_groups.clone().map(|it| it.into_iter().collect()))
                .set_private_ip_addresses(wanted.addresses())
                .set_secondary_private_ip_address_count(wanted.count())
                .client_token(&new.token)
                .tag_specifications(tags)
                .send()
        })
        .await?;
        let interface = answer.network_interface.and_then(|it| it.network_interface_id);
        ec2::given(interface, "ec2:CreateNetworkInterface")
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let made: Attributes = typed(&object.attributes)?;
        if made.source_dest_check == Some(false) {
            calls::set_source_dest_check(aws, &object.id, false).await?;
        }
        calls::attach(aws, &object.id, made.attachment).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let before: Attributes = typed(&change.object.attributes)?;
        let id = &change.object.id;
        if change.of("description") {
            calls::set_description(aws, id, wanted.description.clone().unwrap_or_default()).await?;
        }
        if let Some(groups) =
            wanted.security_groups.clone().filter(|_| change.of("security_groups"))
        {
            calls::set_groups(aws, id, groups).await?;
        }
        if let Some(check) = wanted.source_dest_check.filter(|_| change.of("source_dest_check")) {
            calls::set_source_dest_check(aws, id, check).await?;
        }
        if change.of("private_ips") {
            calls::change_addresses(aws, id, &before, &wanted).await?;
        } else if change.of("private_ips_count") {
            calls::change_count(aws, id, &before, wanted.private_ips_count.unwrap_or(0)).await?;
        }
        if change.of("attachment") {
            calls::detach(aws, id).await?;
            calls::attach(aws, id, wanted.attachment).await?;
        }
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        calls::detach(aws, &object.id).await?;
        let call = aws.again.ec2.delete_network_interface().network_interface_id(&*object.id);
        match call.send().await.map_err(at("ec2:DeleteNetworkInterface")) {
            // AWS has no code of its own for an interface that is still being detached.
            Err(error)
                if error.has_code("InvalidParameterValue") && error.message.contains("in use") =>
            {
                Err(Failure::new(FailureKind::Held, error.message))
            }
            answer => ec2::deleted(answer),
        }
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let filter = ec2::filter_by("network-interface-id", &*object.id);
        super::holders::interfaces(aws, filter, object).await
    }
}

/// The type of the entry of `attachment`.
fn attachment() -> Type {
    Type::object([
        ("instance", Attribute::required(Type::String, "The instance.")),
        ("device_index", Attribute::required(Type::Number, "Which of its cards this is.")),
    ])
}

impl Attributes {
    /// The private addresses to make it with; `None` where AWS chooses.
    fn addresses(&self) -> Option<Vec<PrivateIpAddressSpecification>> {
        let given = self.private_ips.clone().unwrap_or_default();
        let first = self.private_ip.clone().or_else(|| given.first().cloned())?;
        let all: BTreeSet<String> = given.into_iter().chain([first.clone()]).collect();
        let address = |it: String| {
            let is_first = it == first;
            PrivateIpAddressSpecification::builder()
                .private_ip_address(it)
                .primary(is_first)
                .build()
        };
        Some(all.into_iter().map(address).collect())
    }

    /// How many addresses AWS is to choose beside the first, if they are not written.
    fn count(&self) -> Option<i32> {
        self.private_ips_count.filter(|count| *count > 0 && self.private_ips.is_none())
    }

    fn secondary(&self) -> BTreeSet<String> {
        let mut all = self.private_ips.clone().unwrap_or_default();
        if let Some(first) = &self.private_ip {
            all.remove(first);
        }
        all
    }
}

fn seen(aws: &Aws, interface: ec2_types::NetworkInterface) -> Seen {
    let id = interface.network_interface_id.unwrap_or_default();
    let account = interface.owner_id.unwrap_or_default();
    let addresses = interface.private_ip_addresses.unwrap_or_default().into_iter();
    let addresses: BTreeSet<String> = addresses.filter_map(|it| it.private_ip_address).collect();
    let groups = interface.groups.unwrap_or_default().into_iter();
    let attached = interface.attachment.filter(|it| it.instance_id.is_some());
    let is_pending = interface.status.as_ref().is_some_and(|it| it.as_str() == "pending")
        || attached.as_ref().is_some_and(|it| it.status == Some(AttachmentStatus::Attaching));
    let attachment = attached.map(|it| Attachment {
        instance: it.instance_id.unwrap_or_default(),
        device_index: it.device_index.unwrap_or_default(),
    });
    let attributes = Attributes {
        subnet_id: interface.subnet_id.unwrap_or_default(),
        description: interface.description.filter(|it| !it.is_empty()),
        private_ip: interface.private_ip_address,
        private_ips_count: Some(i32::try_from(addresses.len()).unwrap_or(i32::MAX).max(1) - 1),
        private_ips: Some(addresses),
        security_groups: Some(groups.filter_map(|it| it.group_id).collect()),
        source_dest_check: interface.source_dest_check.or(Some(true)),
        attachment: Some(attachment.into_iter().collect()),
        arn: ec2::arn(aws, &account, &format!("network-interface/{id}")),
        interface_type: interface.interface_type.map(|it| it.as_str().to_owned()),
        mac_address: interface.mac_address,
        owner_id: account,
        private_dns_name: interface.private_dns_name.filter(|it| !it.is_empty()),
    };
    let seen = Seen::ready(id, ec2::tags_of(interface.tag_set), &attributes);
    if is_pending { seen.but(Condition::Pending("pending".to_owned())) } else { seen }
}

async fn interfaces(
    aws: &Aws,
    filter: ec2_types::Filter,
) -> Result<Vec<ec2_types::NetworkInterface>, Failure> {
    let pages = aws.again.ec2.describe_network_interfaces().filters(filter);
    let interfaces = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    Ok(interfaces.map_err(at("ec2:DescribeNetworkInterfaces"))?)
}
