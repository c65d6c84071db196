//! Where things stand: whether addresses, zones, subnets, security groups and VPCs fit together.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, WrongArgument};
use ipnet::Ipv4Net;

use crate::peers::{Peers, parsed, wrong};

/// A zone of another region.
pub(super) fn zone(own: &CheckRequest, peers: &Peers<'_>) -> Option<WrongArgument> {
    let zone = text(own, "availability_zone").filter(|it| !it.starts_with(peers.region))?;
    Some(wrong("availability_zone", format!("`{zone}` is no zone of {}", peers.region)))
}

/// A zone that is not the one of the subnet.
pub(super) fn zone_of_subnet(own: &CheckRequest, peers: &Peers<'_>) -> Option<WrongArgument> {
    let subnet = peers.named(own.planned.get("subnet_id"))?;
    let (ours, its) = (text(own, "availability_zone")?, text(subnet, "availability_zone")?);
    let message = format!("`{ours}` is not the zone of `{}`, which is in {its}", subnet.address);
    (ours != its).then(|| wrong("availability_zone", message))
}

/// The zone of an instance, by itself or by its subnet.
pub(super) fn zone_of_instance<'a>(
    instance: &'a CheckRequest,
    peers: &Peers<'a>,
) -> Option<&'a str> {
    let subnet = || peers.named(instance.planned.get("subnet_id"));
    text(instance, "availability_zone").or_else(|| text(subnet()?, "availability_zone"))
}

/// An address of the argument `name` that is not part of the subnet.
pub(super) fn address(
    own: &CheckRequest,
    peers: &Peers<'_>,
    name: &str,
    address: Ipv4Addr,
) -> Option<WrongArgument> {
    let subnet = peers.named(own.planned.get("subnet_id"))?;
    let block: Ipv4Net = parsed(subnet, "cidr_block")?;
    let message = format!("{address} is not part of {block}, the block of `{}`", subnet.address);
    (!block.contains(&address)).then(|| wrong(name, message))
}

/// Security groups in the argument `groups` that are of another VPC than the subnet.
pub(super) fn groups(
    own: &CheckRequest,
    peers: &Peers<'_>,
    subnet: &CheckRequest,
    groups: &str,
) -> Vec<WrongArgument> {
    let others = peers.all_named(own.planned.get(groups)).into_iter();
    let others = others.filter(|group| are_of_different_vpcs(group, subnet, peers));
    others.map(|group| wrong(groups, of_another_vpc(group, subnet))).collect()
}

/// Subnets of a load balancer that are of several VPCs, or several in one zone.
pub(super) fn subnets(own: &CheckRequest, peers: &Peers<'_>) -> Vec<WrongArgument> {
    let subnets = peers.all_named(own.planned.get("subnets"));
    let mut found = Vec::new();
    let mut by_zone: BTreeMap<&str, &CheckRequest> = BTreeMap::new();
    for subnet in &subnets {
        if let Some(first) = subnets.first().filter(|it| are_of_different_vpcs(subnet, it, peers)) {
            found.push(wrong("subnets", of_another_vpc(subnet, first)));
        }
        let Some(zone) = text(subnet, "availability_zone") else { continue };
        if let Some(before) = by_zone.insert(zone, subnet) {
            let message =
                format!("`{}` and `{}` are both in {zone}", before.address, subnet.address);
            found.push(wrong("subnets", message));
        }
    }
    found
}

fn are_of_different_vpcs(one: &CheckRequest, other: &CheckRequest, peers: &Peers<'_>) -> bool {
    let vpc = |of: &CheckRequest| peers.named(of.planned.get("vpc_id"));
    match (vpc(one), vpc(other)) {
        (Some(one), Some(other)) => one.address != other.address,
        _ => false,
    }
}

fn of_another_vpc(one: &CheckRequest, other: &CheckRequest) -> String {
    format!("`{}` is of another VPC than `{}`", one.address, other.address)
}

fn text<'a>(planned: &'a CheckRequest, name: &str) -> Option<&'a str> {
    planned.planned.get(name).and_then(Value::as_str)
}
