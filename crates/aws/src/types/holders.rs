//! What holds an object that AWS refuses to delete, and whose that is; for people.

use aws_sdk_ec2::types::{Filter, NetworkInterface, Tag};
use futures::try_join;
use greenroom_provider::{Failure, Object};

use super::ec2;
use crate::aws::Aws;
use crate::error::at;
use crate::tags::{self, Tags};

/// Whose an object with these tags is, from where `held` stands.
pub(crate) fn whose(tags: &Tags, held: &Object) -> String {
    let of = |key: &str| tags.get(&format!("{}{key}", tags::PREFIX)).map_or("?", |it| it);
    match tags.get(tags::LINEAGE) {
        Some(lineage) if **lineage == *held.owner.lineage.0 => "ours".to_owned(),
        Some(_) => format!("of the environment `{}` of stage `{}`", of("environment"), of("stage")),
        None => "not made by Greenroom".to_owned(),
    }
}

/// The network interfaces that a filter finds, with what they belong to.
pub(crate) async fn interfaces(
    aws: &Aws,
    filter: Filter,
    held: &Object,
) -> Result<Vec<String>, Failure> {
    describe(aws, found(aws, filter).await?, held).await
}

/// As [`interfaces`], only those with a public address.
pub(crate) async fn public_interfaces(
    aws: &Aws,
    filter: Filter,
    held: &Object,
) -> Result<Vec<String>, Failure> {
    let public = found(aws, filter).await?.into_iter().filter(|it| it.association.is_some());
    describe(aws, public.collect(), held).await
}

/// What is left of a VPC beside what AWS made with it.
pub(crate) async fn parts_of_vpc(aws: &Aws, vpc: &Object) -> Result<Vec<String>, Failure> {
    let of_vpc = || ec2::filter_by("vpc-id", &*vpc.id);
    let (subnets, gateways, groups, tables, interfaces) = try_join!(
        subnets(aws, of_vpc()),
        gateways(aws, ec2::filter_by("attachment.vpc-id", &*vpc.id)),
        groups(aws, of_vpc()),
        tables(aws, of_vpc()),
        interfaces(aws, of_vpc(), vpc),
    )?;
    let parts = [
        ("subnet", subnets),
        ("internet gateway", gateways),
        ("security group", groups),
        ("route table", tables),
    ];
    let named = parts.into_iter().flat_map(|(what, parts)| {
        parts.into_iter().map(move |(id, tags)| format!("{what} {id} ({})", whose(&tags, vpc)))
    });
    Ok(named.chain(interfaces).collect())
}

/// Ids with tags.
type Tagged = Vec<(String, Tags)>;

async fn subnets(aws: &Aws, filter: Filter) -> Result<Tagged, Failure> {
    let answer = aws.again.ec2.describe_subnets().filters(filter).send().await;
    let subnets = answer.map_err(at("ec2:DescribeSubnets"))?.subnets.unwrap_or_default();
    Ok(subnets.into_iter().map(|it| tagged(it.subnet_id, it.tags)).collect())
}

async fn gateways(aws: &Aws, filter: Filter) -> Result<Tagged, Failure> {
    let answer = aws.again.ec2.describe_internet_gateways().filters(filter).send().await;
    let answer = answer.map_err(at("ec2:DescribeInternetGateways"))?;
    let gateways = answer.internet_gateways.unwrap_or_default().into_iter();
    Ok(gateways.map(|it| tagged(it.internet_gateway_id, it.tags)).collect())
}

/// The groups beside the one that goes with the VPC.
async fn groups(aws: &Aws, filter: Filter) -> Result<Tagged, Failure> {
    let answer = aws.again.ec2.describe_security_groups().filters(filter).send().await;
    let answer = answer.map_err(at("ec2:DescribeSecurityGroups"))?;
    let groups = answer.security_groups.unwrap_or_default().into_iter();
    let others = groups.filter(|it| it.group_name.as_deref() != Some("default"));
    Ok(others.map(|it| tagged(it.group_id, it.tags)).collect())
}

/// The tables beside the one that goes with the VPC.
async fn tables(aws: &Aws, filter: Filter) -> Result<Tagged, Failure> {
    let answer = aws.again.ec2.describe_route_tables().filters(filter).send().await;
    let answer = answer.map_err(at("ec2:DescribeRouteTables"))?;
    let tables = answer.route_tables.unwrap_or_default().into_iter();
    let others =
        tables.filter(|it| !it.associations.iter().flatten().any(|it| it.main == Some(true)));
    Ok(others.map(|it| tagged(it.route_table_id, it.tags)).collect())
}

fn tagged(id: Option<String>, tags: Option<Vec<Tag>>) -> (String, Tags) {
    (id.unwrap_or_default(), ec2::tags_of(tags))
}

async fn found(aws: &Aws, filter: Filter) -> Result<Vec<NetworkInterface>, Failure> {
    let pages = aws.again.ec2.describe_network_interfaces().filters(filter);
    let found = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    Ok(found.map_err(at("ec2:DescribeNetworkInterfaces"))?)
}

async fn describe(
    aws: &Aws,
    interfaces: Vec<NetworkInterface>,
    held: &Object,
) -> Result<Vec<String>, Failure> {
    let mut described = Vec::new();
    for interface in interfaces {
        let id = interface.network_interface_id.unwrap_or_default();
        let instance = interface.attachment.and_then(|it| it.instance_id);
        let user = User::of(instance, interface.description.unwrap_or_default());
        let mut tags = ec2::tags_of(interface.tag_set);
        // The interfaces of what AWS runs for us have no tags; their user has.
        if !tags.contains_key(tags::LINEAGE) {
            tags = user.tags(aws).await?;
        }
        described.push(format!("network interface {id}{} ({})", user.named(), whose(&tags, held)));
    }
    described.sort();
    Ok(described)
}

/// What uses a network interface.
enum User {
    Instance(String),
    NatGateway(String),
    LoadBalancer(String),
    Other(String),
}

impl User {
    /// The user of an interface; AWS names its own services in the interface's description.
    fn of(instance: Option<String>, description: String) -> User {
        if let Some(instance) = instance {
            return User::Instance(instance);
        }
        if let Some(gateway) = description.strip_prefix("Interface for NAT Gateway ") {
            return User::NatGateway(gateway.to_owned());
        }
        // "ELB app/NAME/ID" or "ELB net/NAME/ID".
        let balancer = description.strip_prefix("ELB ").and_then(|it| it.split('/').nth(1));
        match balancer {
            Some(name) => User::LoadBalancer(name.to_owned()),
            None => User::Other(description),
        }
    }

    fn named(&self) -> String {
        match self {
            User::Instance(id) => format!(" of instance {id}"),
            User::NatGateway(id) => format!(" of NAT gateway {id}"),
            User::LoadBalancer(name) => format!(" of load balancer {name}"),
            User::Other(description) if description.is_empty() => String::new(),
            User::Other(description) => format!(" of {description}"),
        }
    }

    async fn tags(&self, aws: &Aws) -> Result<Tags, Failure> {
        match self {
            User::Instance(id) | User::NatGateway(id) => tags_by_id(aws, id).await,
            User::LoadBalancer(name) => tags_of_balancer(aws, name).await,
            User::Other(_) => Ok(Tags::new()),
        }
    }
}

async fn tags_by_id(aws: &Aws, id: &str) -> Result<Tags, Failure> {
    let call = aws.again.ec2.describe_tags().filters(ec2::filter_by("resource-id", id));
    let answer = call.send().await.map_err(at("ec2:DescribeTags"))?;
    let tags = answer.tags.unwrap_or_default().into_iter();
    Ok(tags.filter_map(|it| Some((it.key?, it.value.unwrap_or_default()))).collect())
}

/// The tags of a load balancer; none if it is gone already.
async fn tags_of_balancer(aws: &Aws, name: &str) -> Result<Tags, Failure> {
    let elb = &aws.again.elb;
    let answer = elb.describe_load_balancers().names(name).send().await;
    let balancers = match answer.map_err(at("elasticloadbalancing:DescribeLoadBalancers")) {
        Err(error) if error.is_not_found() => return Ok(Tags::new()),
        answer => answer?.load_balancers.unwrap_or_default(),
    };
    let Some(arn) = balancers.into_iter().find_map(|it| it.load_balancer_arn) else {
        return Ok(Tags::new());
    };
    let answer = elb.describe_tags().resource_arns(arn).send().await;
    let tags = answer.map_err(at("elasticloadbalancing:DescribeTags"))?.tag_descriptions;
    let tags = tags.unwrap_or_default().into_iter().filter_map(|it| it.tags).flatten();
    Ok(tags.filter_map(|it| Some((it.key?, it.value.unwrap_or_default()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_of_an_interface_names_its_user() {
        let named = |instance: Option<&str>, text: &str| {
            User::of(instance.map(str::to_owned), text.to_owned()).named()
        };
        assert_eq!(named(Some("i-1"), "eth0"), " of instance i-1");
        assert_eq!(named(None, "Interface for NAT Gateway nat-1"), " of NAT gateway nat-1");
        assert_eq!(named(None, "ELB app/web/50dc6c"), " of load balancer web");
        assert_eq!(named(None, "EFS mount target"), " of EFS mount target");
        assert_eq!(named(None, ""), "");
    }
}
