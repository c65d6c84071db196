//! `aws_lb`: an application, network or gateway load balancer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::builders::CreateLoadBalancerFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    self as elb_types, IpAddressType, LoadBalancerAttribute, LoadBalancerSchemeEnum,
    LoadBalancerStateEnum, LoadBalancerTypeEnum,
};
use greenroom_model::schema::TypeSchema;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, Deleted, Draft, Failure, Object, WrongArgument, typed};
use serde::{Deserialize, Serialize};

use super::elb::Which;
use super::{ec2, elb, placement};
use crate::aws::Aws;
use crate::error::at;
use crate::peers::Peers;
use crate::resource::{Change, Condition, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::patiently;
use crate::tags::Tags;

mod logs;
mod propose;
mod schema;
mod traffic;

use logs::Logs;
use schema::SETTINGS;

/// The type `aws_lb`.
pub(crate) struct LoadBalancer;

/// Its attributes, without settings and logs.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Attributes {
    name: String,
    load_balancer_type: String,
    internal: Option<bool>,
    ip_address_type: Option<String>,
    security_groups: Option<BTreeSet<String>>,
    subnets: Option<BTreeSet<String>>,
    subnet_mapping: Option<BTreeSet<Mapping>>,
    arn: String,
    arn_suffix: String,
    dns_name: String,
    vpc_id: String,
    zone_id: String,
}

/// A subnet with the addresses that the load balancer has in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(default)]
struct Mapping {
    // In the order of their names, which is the order of sets of tables.
    allocation_id: Option<String>,
    ipv6_address: Option<String>,
    outpost_id: Option<String>,
    private_ipv4_address: Option<String>,
    subnet_id: String,
}

#[async_trait]
impl Resource for LoadBalancer {
    fn schema(&self) -> TypeSchema {
        schema::schema()
    }

    fn tagging(&self) -> Tagging {
        Tagging::Elb
    }

    fn propose(&self, draft: &mut Draft) {
        propose::propose(draft);
    }

    fn named_like_id(&self) -> Option<&'static str> {
        Some("arn")
    }

    fn check(&self, own: &CheckRequest, peers: &Peers<'_>) -> Vec<WrongArgument> {
        let mut wrong = placement::subnets(own, peers);
        if let Some(subnet) = peers.all_named(own.planned.get("subnets")).first() {
            wrong.extend(placement::groups(own, peers, subnet, "security_groups"));
        }
        wrong
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["name"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        elb::look(aws, sought, |which| async move {
            Ok(describe(aws, which).await?.into_iter().map(seen).collect())
        })
        .await
    }

    async fn look_closer(&self, aws: &Aws, seen: &mut Seen) -> Result<(), Failure> {
        let call = aws.again.elb.describe_load_balancer_attributes();
        let call = call.load_balancer_arn(&*seen.id);
        let action = "elasticloadbalancing:DescribeLoadBalancerAttributes";
        let answer = call.send().await.map_err(at(action))?;
        let pair = |it: LoadBalancerAttribute| Some((it.key?, it.value.unwrap_or_default()));
        let all: BTreeMap<String, String> =
            answer.attributes.unwrap_or_default().into_iter().filter_map(pair).collect();
        let kind = seen.attributes.get("load_balancer_type").and_then(Value::as_str);
        let settings = elb::read_settings(SETTINGS, kind.unwrap_or_default(), &all);
        seen.attributes.extend(settings);
        for name in logs::NAMES {
            let logs = Logs::read(name, &all).map(|it| vec![it]);
            seen.attributes.insert(name.into(), greenroom_provider::value(&logs));
        }
        Ok(())
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let name = sent.arguments.get("name").and_then(Value::as_str)?;
        Some(Sought::Names(vec![name.to_owned()]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let taken = self.look(aws, &Sought::Names(vec![wanted.name.clone()])).await?;
        if let Some(arn) = elb::made_before(new, &taken)? {
            return Ok(arn);
        }
        let action = "elasticloadbalancing:CreateLoadBalancer";
        let answer = patiently(aws.pace, action, || create(aws, &wanted, &new.tags).send()).await?;
        let made = answer.load_balancers.and_then(|mut it| it.pop());
        elb::really_made(aws, new, made.and_then(|it| it.load_balancer_arn), action).await
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        write(aws, &object.id, &object.attributes, |_| true).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let arn = &change.object.id;
        // Addresses of a new kind need subnets that have some, and go before such subnets do.
        if change.of("subnets") || change.of("subnet_mapping") {
            set_subnets(aws, arn, &wanted).await?;
        } else if change.of("ip_address_type") {
            set_address_type(aws, arn, &wanted).await?;
        }
        if change.of("security_groups") {
            let groups = wanted.security_groups.into_iter().flatten().collect();
            let call = aws.again.elb.set_security_groups().load_balancer_arn(&**arn);
            let call = call.set_security_groups(Some(groups));
            call.send().await.map_err(at("elasticloadbalancing:SetSecurityGroups"))?;
        }
        write(aws, arn, &change.planned, |name| change.of(name)).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.elb.delete_load_balancer().load_balancer_arn(&*object.id);
        ec2::deleted(call.send().await.map_err(at("elasticloadbalancing:DeleteLoadBalancer")))
    }

    async fn traffic(&self, aws: &Aws, object: &Object) -> Result<Traffic, Failure> {
        traffic::of(aws, &object.id).await
    }

    async fn holders(&self, _: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let protected = object.attributes.get("enable_deletion_protection");
        let protected = protected.and_then(Value::as_bool) == Some(true);
        Ok(protected.then(|| "its `enable_deletion_protection`".to_owned()).into_iter().collect())
    }
}

/// The load balancer of an ARN or of a name, or all of them.
pub(crate) async fn describe(
    aws: &Aws,
    which: Which,
) -> Result<Vec<elb_types::LoadBalancer>, Failure> {
    let call = aws.again.elb.describe_load_balancers();
    let call = match which {
        Which::Arn(arn) => call.load_balancer_arns(arn),
        Which::Name(name) => call.names(name),
        Which::All => call,
    };
    let found = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    match found.map_err(at("elasticloadbalancing:DescribeLoadBalancers")) {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        answer => Ok(answer?),
    }
}

/// The ARNs of all load balancers of the account and region.
pub(crate) async fn all_arns(aws: &Aws) -> Result<Vec<String>, Failure> {
    let found = describe(aws, Which::All).await?;
    Ok(found.into_iter().filter_map(|it| it.load_balancer_arn).collect())
}

/// A load balancer as a look sees it, its tags aside.
pub(crate) fn seen(found: elb_types::LoadBalancer) -> Seen {
    let arn = found.load_balancer_arn.unwrap_or_default();
    let zones = found.availability_zones.unwrap_or_default();
    let attributes = Attributes {
        name: found.load_balancer_name.unwrap_or_default(),
        load_balancer_type: found.r#type.map_or("application".into(), |it| it.as_str().to_owned()),
        internal: Some(found.scheme == Some(LoadBalancerSchemeEnum::Internal)),
        ip_address_type: found.ip_address_type.map(|it| it.as_str().to_owned()),
        security_groups: Some(found.security_groups.into_iter().flatten().collect()),
        subnets: Some(zones.iter().filter_map(|it| it.subnet_id.clone()).collect()),
        subnet_mapping: Some(zones.into_iter().filter_map(Mapping::read).collect()),
        arn_suffix: elb::suffix(&arn, ":loadbalancer/"),
        dns_name: found.dns_name.unwrap_or_default(),
        vpc_id: found.vpc_id.unwrap_or_default(),
        zone_id: found.canonical_hosted_zone_id.unwrap_or_default(),
        arn: arn.clone(),
    };
    let seen = Seen::ready(arn, Tags::new(), &attributes);
    match found.state.map(|it| (it.code, it.reason)) {
        Some((Some(LoadBalancerStateEnum::Provisioning), _)) => {
            seen.but(Condition::Pending("provisioning".to_owned()))
        }
        Some((Some(LoadBalancerStateEnum::Failed), reason)) => {
            seen.but(Condition::Broken(reason.unwrap_or_else(|| "it failed".to_owned())))
        }
        _ => seen,
    }
}

fn create(aws: &Aws, wanted: &Attributes, tags: &Tags) -> CreateLoadBalancerFluentBuilder {
    let scheme = match wanted.internal {
        Some(true) => LoadBalancerSchemeEnum::Internal,
        _ => LoadBalancerSchemeEnum::InternetFacing,
    };
    let groups = wanted.security_groups.clone().filter(|it| !it.is_empty());
    let call = aws.once.elb.create_load_balancer().name(&wanted.name);
    call.r#type(LoadBalancerTypeEnum::from(wanted.load_balancer_type.as_str()))
        .set_scheme((wanted.load_balancer_type != "gateway").then_some(scheme))
        .set_ip_address_type(wanted.ip_address_type.as_deref().map(IpAddressType::from))
        .set_security_groups(groups.map(|it| it.into_iter().collect()))
        .set_subnets(wanted.plain_subnets())
        .set_subnet_mappings(wanted.mappings())
        .set_tags(Some(elb::sdk_tags(tags)))
}

async fn set_subnets(aws: &Aws, arn: &str, wanted: &Attributes) -> Result<(), Failure> {
    let call = aws.again.elb.set_subnets().load_balancer_arn(arn);
    let call = call
        .set_ip_address_type(wanted.ip_address_type.as_deref().map(IpAddressType::from))
        .set_subnets(wanted.plain_subnets())
        .set_subnet_mappings(wanted.mappings());
    call.send().await.map_err(at("elasticloadbalancing:SetSubnets"))?;
    Ok(())
}

async fn set_address_type(aws: &Aws, arn: &str, wanted: &Attributes) -> Result<(), Failure> {
    let kind = wanted.ip_address_type.as_deref().map(IpAddressType::from);
    let call = aws.again.elb.set_ip_address_type().load_balancer_arn(arn);
    let call = call.set_ip_address_type(kind).send();
    call.await.map_err(at("elasticloadbalancing:SetIpAddressType"))?;
    Ok(())
}

/// Writes the settings and logs that `is_wanted` picks.
async fn write(
    aws: &Aws,
    arn: &str,
    planned: &Value,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let kind = planned.get("load_balancer_type").and_then(Value::as_str).unwrap_or_default();
    let mut all = elb::written_settings(SETTINGS, kind, planned, &is_wanted);
    for name in logs::NAMES.into_iter().filter(|name| is_wanted(name)) {
        all.extend(Logs::written(name, kind, planned)?);
    }
    if all.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build();
    let attributes: Vec<_> = all.into_iter().map(attribute).collect();
    patiently(aws.pace, "elasticloadbalancing:ModifyLoadBalancerAttributes", || {
        let call = aws.again.elb.modify_load_balancer_attributes().load_balancer_arn(arn);
        call.set_attributes(Some(attributes.clone())).send()
    })
    .await?;
    Ok(())
}

impl Attributes {
    /// Its subnets, where nothing is said of addresses in them.
    fn plain_subnets(&self) -> Option<Vec<String>> {
        let subnets = self.subnets.as_ref().filter(|_| self.mappings().is_none());
        subnets.map(|it| it.iter().cloned().collect())
    }

    /// Its subnets with addresses, where something is said of these.
    fn mappings(&self) -> Option<Vec<elb_types::SubnetMapping>> {
        let mappings = self.subnet_mapping.as_ref().filter(|it| !it.is_empty())?;
        let has_plain = self.subnets.as_ref().is_some_and(|it| !it.is_empty());
        if has_plain && mappings.iter().all(Mapping::is_plain) {
            return None;
        }
        let mapping = |it: &Mapping| {
            let mapping = elb_types::SubnetMapping::builder().subnet_id(&it.subnet_id);
            mapping
                .set_allocation_id(it.allocation_id.clone())
                .set_ipv6_address(it.ipv6_address.clone())
                .set_private_ipv4_address(it.private_ipv4_address.clone())
                .build()
        };
        Some(mappings.iter().map(mapping).collect())
    }
}

impl Mapping {
    fn read(zone: elb_types::AvailabilityZone) -> Option<Mapping> {
        let addresses = zone.load_balancer_addresses.unwrap_or_default().into_iter().next();
        let address =
            addresses.unwrap_or_else(|| elb_types::LoadBalancerAddress::builder().build());
        Some(Mapping {
            allocation_id: address.allocation_id,
            ipv6_address: address.ipv6_address,
            outpost_id: zone.outpost_id,
            private_ipv4_address: address.private_ipv4_address,
            subnet_id: zone.subnet_id?,
        })
    }

    /// Whether it says nothing but the subnet.
    fn is_plain(&self) -> bool {
        let Mapping { allocation_id, ipv6_address, private_ipv4_address, .. } = self;
        allocation_id.is_none() && ipv6_address.is_none() && private_ipv4_address.is_none()
    }
}
