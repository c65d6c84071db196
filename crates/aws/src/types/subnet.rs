//! `aws_subnet`: a part of a virtual network, in one availability zone.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder as Modify;
use aws_sdk_ec2::types::{
    self as ec2_types, AttributeBooleanValue, HostnameType, ResourceType, SubnetCidrBlockStateCode,
};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, Deleted, Draft, Failure, Object, WrongArgument, typed};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::{ec2, holders, placement};
use crate::aws::Aws;
use crate::error::at;
use crate::peers::{self, Peers, parsed};
use crate::resource::{Change, Condition, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_subnet`.
pub(crate) struct Subnet;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    vpc_id: String,
    cidr_block: String,
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    map_public_ip_on_launch: bool,
    ipv6_cidr_block: Option<String>,
    assign_ipv6_address_on_creation: bool,
    enable_dns64: bool,
    enable_resource_name_dns_a_record_on_launch: bool,
    enable_resource_name_dns_aaaa_record_on_launch: bool,
    private_dns_hostname_type_on_launch: Option<String>,
    arn: String,
    owner_id: String,
    ipv6_cidr_block_association_id: Option<String>,
}

#[async_trait]
impl Resource for Subnet {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        let flag = |doc: &str| Attribute::optional(Type::Bool, doc).default(false);
        TypeSchema::new(
            "aws_subnet",
            "A part of a virtual network, in one availability zone.",
            [
                ("vpc_id", Attribute::required(text(), "The VPC that it is part of.").replaces()),
                (
                    "cidr_block",
                    Attribute::required(text(), "The IPv4 addresses, `/16` to `/28`.").replaces(),
                ),
                (
                    "availability_zone",
                    Attribute::optional_computed(text(), "The zone by name, such as `eu-west-1a`.")
                        .replaces(),
                ),
                (
                    "availability_zone_id",
                    Attribute::optional_computed(text(), "The zone by id, such as `euw1-az1`.")
                        .replaces(),
                ),
                (
                    "map_public_ip_on_launch",
                    flag("Whether instances that start in it get a public address."),
                ),
                (
                    "ipv6_cidr_block",
                    Attribute::optional(text(), "The IPv6 addresses, a `/64` of the VPC."),
                ),
                (
                    "assign_ipv6_address_on_creation",
                    flag("Whether network interfaces made in it get an IPv6 address."),
                ),
                ("enable_dns64", flag("Whether names without IPv6 address get one made of IPv4.")),
                (
                    "enable_resource_name_dns_a_record_on_launch",
                    flag("Whether resource names of instances resolve to IPv4 addresses."),
                ),
                (
                    "enable_resource_name_dns_aaaa_record_on_launch",
                    flag("Whether resource names of instances resolve to IPv6 addresses."),
                ),
                (
                    "private_dns_hostname_type_on_launch",
                    Attribute::optional_computed(
                        text(),
                        "What instances are named after: `ip-name` or `resource-name`.",
                    ),
                ),
                ("arn", Attribute::computed(text(), "Its ARN.")),
                ("owner_id", Attribute::computed(text(), "The account that it belongs to.")),
                (
                    "ipv6_cidr_block_association_id",
                    Attribute::computed(text(), "What ties its IPv6 addresses to it."),
                ),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        ec2::check_cidr(draft, "cidr_block", 16..=28);
        ec2::canonical_ipv6(draft, "ipv6_cidr_block", 64..=64);
        let hostnames = draft.given("private_dns_hostname_type_on_launch").and_then(Value::as_str);
        let known = hostnames.is_none_or(|it| matches!(it, "ip-name" | "resource-name"));
        let message = "it is `ip-name` or `resource-name`";
        draft.expect(known, "private_dns_hostname_type_on_launch", message);
        let assigns = draft.given("assign_ipv6_address_on_creation") == Some(&true.into());
        let has_ipv6 = draft.planned("ipv6_cidr_block").is_some_and(|it| !it.is_null());
        let message = "it needs `ipv6_cidr_block`";
        draft.expect(!assigns || has_ipv6, "assign_ipv6_address_on_creation", message);
        // A subnet has one IPv6 block: it can be taken on and given up, and not be exchanged.
        let before = draft.prior().and_then(|it| it.get("ipv6_cidr_block"));
        if before.is_some_and(|it| !it.is_null()) && has_ipv6 {
            draft.replaces("ipv6_cidr_block");
        }
    }

    fn check(&self, own: &CheckRequest, peers: &Peers<'_>) -> Vec<WrongArgument> {
        let mut wrong: Vec<WrongArgument> = placement::zone(own, peers).into_iter().collect();
        let Some(block) = parsed::<Ipv4Net>(own, "cidr_block") else { return wrong };
        let mut refuse = |message| wrong.push(peers::wrong("cidr_block", message));
        let vpc = peers.named(own.planned.get("vpc_id"));
        let outer = vpc.and_then(|vpc| Some((vpc, parsed::<Ipv4Net>(vpc, "cidr_block")?)));
        if let Some((vpc, outer)) = outer.filter(|(_, outer)| !outer.contains(&block)) {
            refuse(format!("{block} is not part of {outer}, the block of `{}`", vpc.address));
        }
        for other in peers.earlier_with(own, "vpc_id") {
            let its = parsed::<Ipv4Net>(other, "cidr_block");
            if let Some(its) = its.filter(|its| its.contains(&block) || block.contains(its)) {
                refuse(format!("{block} overlaps {its} of `{}`", other.address));
            }
        }
        wrong
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let pages = aws.again.ec2.describe_subnets().filters(ec2::filter(sought, "subnet-id"));
        let subnets = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let subnets = subnets.map_err(at("ec2:DescribeSubnets"))?;
        Ok(subnets.into_iter().map(seen).collect())
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateSubnet", || {
            let call = aws.once.ec2.create_subnet();
            call.vpc_id(&wanted.vpc_id)
                .cidr_block(&wanted.cidr_block)
                .set_availability_zone(wanted.availability_zone.clone())
                .set_availability_zone_id(wanted.availability_zone_id.clone())
                .set_ipv6_cidr_block(wanted.ipv6_cidr_block.clone())
                .tag_specifications(ec2::tag_specification(ResourceType::Subnet, &new.tags))
                .send()
        })
        .await?;
        ec2::given(answer.subnet.and_then(|it| it.subnet_id), "ec2:CreateSubnet")
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let made: Attributes = typed(&object.attributes)?;
        // All is off in a new one.
        turn(aws, &object.id, &made, true, |_| true).await?;
        set_hostnames(aws, &object.id, made.private_dns_hostname_type_on_launch).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let before: Attributes = typed(&change.object.attributes)?;
        let id = &change.object.id;
        // What needs IPv6 goes off before it and on after it.
        turn(aws, id, &wanted, false, |name| change.of(name)).await?;
        if change.of("ipv6_cidr_block") {
            change_ipv6(aws, id, &before, &wanted).await?;
        }
        turn(aws, id, &wanted, true, |name| change.of(name)).await?;
        if change.of("private_dns_hostname_type_on_launch") {
            set_hostnames(aws, id, wanted.private_dns_hostname_type_on_launch).await?;
        }
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.ec2.delete_subnet().subnet_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteSubnet")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        holders::interfaces(aws, ec2::filter_by("subnet-id", &*object.id), object).await
    }
}

fn seen(subnet: ec2_types::Subnet) -> Seen {
    let options = subnet.private_dns_name_options_on_launch;
    let blocks = subnet.ipv6_cidr_block_association_set.unwrap_or_default();
    let (ipv6, is_coming) = match blocks.into_iter().find_map(ipv6_block) {
        Some((block, is_coming)) => (Some(block), is_coming),
        None => (None, false),
    };
    let attributes = Attributes {
        vpc_id: subnet.vpc_id.unwrap_or_default(),
        cidr_block: subnet.cidr_block.unwrap_or_default(),
        availability_zone: subnet.availability_zone,
        availability_zone_id: subnet.availability_zone_id,
        map_public_ip_on_launch: subnet.map_public_ip_on_launch == Some(true),
        ipv6_cidr_block_association_id: ipv6.as_ref().and_then(|it| it.association_id.clone()),
        ipv6_cidr_block: ipv6.and_then(|it| it.ipv6_cidr_block),
        assign_ipv6_address_on_creation: subnet.assign_ipv6_address_on_creation == Some(true),
        enable_dns64: subnet.enable_dns64 == Some(true),
        enable_resource_name_dns_a_record_on_launch: options
            .as_ref()
            .is_some_and(|it| it.enable_resource_name_dns_a_record == Some(true)),
        enable_resource_name_dns_aaaa_record_on_launch: options
            .as_ref()
            .is_some_and(|it| it.enable_resource_name_dns_aaaa_record == Some(true)),
        private_dns_hostname_type_on_launch: options
            .and_then(|it| it.hostname_type)
            .map(|it| it.as_str().to_owned()),
        arn: subnet.subnet_arn.unwrap_or_default(),
        owner_id: subnet.owner_id.unwrap_or_default(),
    };
    let id = subnet.subnet_id.unwrap_or_default();
    let seen = Seen::ready(id, ec2::tags_of(subnet.tags), &attributes);
    match subnet.state.as_ref().map(ec2_types::SubnetState::as_str) {
        Some(state @ ("failed" | "failed-insufficient-capacity")) => {
            seen.but(Condition::Broken(state.to_owned()))
        }
        Some(state @ "pending") => seen.but(Condition::Pending(state.to_owned())),
        _ if is_coming => seen.but(Condition::Pending("associating IPv6 addresses".to_owned())),
        _ => seen,
    }
}

/// An IPv6 block that a subnet has, and whether it is still to come.
fn ipv6_block(
    block: ec2_types::SubnetIpv6CidrBlockAssociation,
) -> Option<(ec2_types::SubnetIpv6CidrBlockAssociation, bool)> {
    match block.ipv6_cidr_block_state.as_ref()?.state.as_ref()? {
        SubnetCidrBlockStateCode::Associated => Some((block, false)),
        SubnetCidrBlockStateCode::Associating => Some((block, true)),
        _ => None,
    }
}

/// Turns those settings of a subnet on, or off, that are wanted so and that `is_due` names; AWS
/// takes one a call.
async fn turn(
    aws: &Aws,
    id: &str,
    wanted: &Attributes,
    on: bool,
    is_due: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    type Set = fn(Modify, AttributeBooleanValue) -> Modify;
    let settings: [(&str, bool, Set); 5] = [
        (
            "map_public_ip_on_launch",
            wanted.map_public_ip_on_launch,
            Modify::map_public_ip_on_launch,
        ),
        (
            "assign_ipv6_address_on_creation",
            wanted.assign_ipv6_address_on_creation,
            Modify::assign_ipv6_address_on_creation,
        ),
        ("enable_dns64", wanted.enable_dns64, Modify::enable_dns64),
        (
            "enable_resource_name_dns_a_record_on_launch",
            wanted.enable_resource_name_dns_a_record_on_launch,
            Modify::enable_resource_name_dns_a_record_on_launch,
        ),
        (
            "enable_resource_name_dns_aaaa_record_on_launch",
            wanted.enable_resource_name_dns_aaaa_record_on_launch,
            Modify::enable_resource_name_dns_aaaa_record_on_launch,
        ),
    ];
    let to = AttributeBooleanValue::builder().value(on).build();
    for (_, _, set) in settings.into_iter().filter(|(name, it, _)| *it == on && is_due(name)) {
        modify(aws, id, |call| set(call, to.clone())).await?;
    }
    Ok(())
}

async fn set_hostnames(aws: &Aws, id: &str, to: Option<String>) -> Result<(), Failure> {
    let Some(to) = to else { return Ok(()) };
    let to = HostnameType::from(&*to);
    modify(aws, id, |call| call.private_dns_hostname_type_on_launch(to.clone())).await
}

async fn modify(aws: &Aws, id: &str, set: impl Fn(Modify) -> Modify) -> Result<(), Failure> {
    patiently(aws.pace, "ec2:ModifySubnetAttribute", || {
        set(aws.again.ec2.modify_subnet_attribute().subnet_id(id)).send()
    })
    .await?;
    Ok(())
}

async fn change_ipv6(
    aws: &Aws,
    id: &str,
    before: &Attributes,
    wanted: &Attributes,
) -> Result<(), Failure> {
    let ec2 = &aws.again.ec2;
    if let Some(association) = &before.ipv6_cidr_block_association_id {
        let call = ec2.disassociate_subnet_cidr_block().association_id(association);
        call.send().await.map_err(at("ec2:DisassociateSubnetCidrBlock"))?;
    }
    if let Some(block) = &wanted.ipv6_cidr_block {
        let call = ec2.associate_subnet_cidr_block().subnet_id(id).ipv6_cidr_block(block);
        call.send().await.map_err(at("ec2:AssociateSubnetCidrBlock"))?;
    }
    Ok(())
}
