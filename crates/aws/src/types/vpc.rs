//! `aws_vpc`: a virtual network.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self as ec2_types, AttributeBooleanValue, ResourceType, Tenancy, VpcAttributeName, VpcState,
    VpcTenancy,
};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::{ec2, holders};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, Condition, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_vpc`.
pub(crate) struct Vpc;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    cidr_block: String,
    instance_tenancy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_dns_support: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_dns_hostnames: Option<bool>,
    arn: String,
    owner_id: String,
    dhcp_options_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    main_route_table_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_route_table_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_security_group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_network_acl_id: Option<String>,
}

#[async_trait]
impl Resource for Vpc {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        TypeSchema::new(
            "aws_vpc",
            "A virtual network of a region.",
            [
                (
                    "cidr_block",
                    Attribute::required(text(), "The IPv4 addresses, `/16` to `/28`.").replaces(),
                ),
                (
                    "instance_tenancy",
                    Attribute::optional(text(), "`default` or `dedicated`.").default("default"),
                ),
                (
                    "enable_dns_support",
                    Attribute::optional(Type::Bool, "Whether AWS resolves names in it.")
                        .default(true)
                        .single(),
                ),
                (
                    "enable_dns_hostnames",
                    Attribute::optional(Type::Bool, "Whether public addresses get names.")
                        .default(false)
                        .single(),
                ),
                ("arn", Attribute::computed(text(), "Its ARN.")),
                ("owner_id", Attribute::computed(text(), "The account that it belongs to.")),
                ("dhcp_options_id", Attribute::computed(text(), "Its DHCP options.")),
                (
                    "main_route_table_id",
                    Attribute::computed(text(), "Its main route table.").single(),
                ),
                (
                    "default_route_table_id",
                    Attribute::computed(text(), "The route table that was made with it.").single(),
                ),
                (
                    "default_security_group_id",
                    Attribute::computed(text(), "The security group that was made with it.")
                        .single(),
                ),
                (
                    "default_network_acl_id",
                    Attribute::computed(text(), "The network ACL that was made with it.").single(),
                ),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        ec2::check_cidr(draft, "cidr_block", 16..=28);
        let tenancy = draft.given("instance_tenancy").and_then(Value::as_str);
        let known = tenancy.is_none_or(|it| matches!(it, "default" | "dedicated"));
        draft.expect(known, "instance_tenancy", "it is `default` or `dedicated`");
        let flag = |name: &str| draft.given(name).and_then(Value::as_bool);
        if flag("enable_dns_hostnames") == Some(true) && flag("enable_dns_support") == Some(false) {
            draft.wrong("enable_dns_hostnames", "it needs `enable_dns_support`", None);
        }
        // Dedicated tenancy can be given up in place, and never taken on.
        let was = draft.prior().and_then(|it| it.get("instance_tenancy")).and_then(Value::as_str);
        if was == Some("default") && draft.given("instance_tenancy") == Some(&"dedicated".into()) {
            draft.replaces("instance_tenancy");
        }
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let pages = aws.again.ec2.describe_vpcs().filters(ec2::filter(sought, "vpc-id"));
        let vpcs = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let vpcs = vpcs.map_err(at("ec2:DescribeVpcs"))?;
        Ok(vpcs.into_iter().map(|vpc| seen(aws, vpc)).collect())
    }

    async fn look_closer(&self, aws: &Aws, seen: &mut Seen) -> Result<(), Failure> {
        let (enable_dns_support, enable_dns_hostnames) = dns(aws, &seen.id).await?;
        let closer = Attributes {
            enable_dns_support,
            enable_dns_hostnames,
            ..made_with(aws, &seen.id).await?
        };
        seen.add(&closer, &self.schema());
        Ok(())
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateVpc", || {
            let call = aws.once.ec2.create_vpc();
            call.cidr_block(&wanted.cidr_block)
                .set_instance_tenancy(wanted.instance_tenancy.as_deref().map(Tenancy::from))
                .tag_specifications(ec2::tag_specification(ResourceType::Vpc, &new.tags))
                .send()
        })
        .await?;
        ec2::given(answer.vpc.and_then(|vpc| vpc.vpc_id), "ec2:CreateVpc")
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let made: Attributes = typed(&object.attributes)?;
        // A new one resolves names, and gives none.
        set_dns_support(aws, &object.id, made.enable_dns_support.filter(|it| !it)).await?;
        set_dns_hostnames(aws, &object.id, made.enable_dns_hostnames.filter(|it| *it)).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let id = &change.object.id;
        if change.of("instance_tenancy") {
            let call = aws.again.ec2.modify_vpc_tenancy().vpc_id(&**id);
            let call = call.instance_tenancy(VpcTenancy::Default);
            call.send().await.map_err(at("ec2:ModifyVpcTenancy"))?;
        }
        let support = wanted.enable_dns_support.filter(|_| change.of("enable_dns_support"));
        let hostnames = wanted.enable_dns_hostnames.filter(|_| change.of("enable_dns_hostnames"));
        // Names need that they are resolved: that goes on first and off last.
        if support == Some(true) {
            set_dns_support(aws, id, support).await?;
            return set_dns_hostnames(aws, id, hostnames).await;
        }
        set_dns_hostnames(aws, id, hostnames).await?;
        set_dns_support(aws, id, support).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.ec2.delete_vpc().vpc_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteVpc")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        holders::parts_of_vpc(aws, object).await
    }
}

fn seen(aws: &Aws, vpc: ec2_types::Vpc) -> Seen {
    let id = vpc.vpc_id.unwrap_or_default();
    let account = vpc.owner_id.unwrap_or_default();
    let attributes = Attributes {
        cidr_block: vpc.cidr_block.unwrap_or_default(),
        instance_tenancy: vpc.instance_tenancy.map(|it| it.as_str().to_owned()),
        arn: ec2::arn(aws, &account, &format!("vpc/{id}")),
        owner_id: account,
        dhcp_options_id: vpc.dhcp_options_id,
        ..Attributes::default()
    };
    let seen = Seen::ready(id, ec2::tags_of(vpc.tags), &attributes);
    match vpc.state {
        Some(VpcState::Pending) => seen.but(Condition::Pending("pending".to_owned())),
        _ => seen,
    }
}

async fn set_dns_support(aws: &Aws, id: &str, to: Option<bool>) -> Result<(), Failure> {
    let Some(to) = to else { return Ok(()) };
    let to = AttributeBooleanValue::builder().value(to).build();
    patiently(aws.pace, "ec2:ModifyVpcAttribute", || {
        let call = aws.again.ec2.modify_vpc_attribute().vpc_id(id);
        call.enable_dns_support(to.clone()).send()
    })
    .await?;
    Ok(())
}

async fn set_dns_hostnames(aws: &Aws, id: &str, to: Option<bool>) -> Result<(), Failure> {
    let Some(to) = to else { return Ok(()) };
    let to = AttributeBooleanValue::builder().value(to).build();
    patiently(aws.pace, "ec2:ModifyVpcAttribute", || {
        let call = aws.again.ec2.modify_vpc_attribute().vpc_id(id);
        call.enable_dns_hostnames(to.clone()).send()
    })
    .await?;
    Ok(())
}

/// Whether AWS resolves names in a VPC, and whether it gives some.
pub(crate) async fn dns(aws: &Aws, id: &str) -> Result<(Option<bool>, Option<bool>), Failure> {
    let attribute = |name: VpcAttributeName| {
        aws.again.ec2.describe_vpc_attribute().vpc_id(id).attribute(name).send()
    };
    let action = "ec2:DescribeVpcAttribute";
    let support = attribute(VpcAttributeName::EnableDnsSupport).await.map_err(at(action))?;
    let hostnames = attribute(VpcAttributeName::EnableDnsHostnames).await.map_err(at(action))?;
    Ok((
        support.enable_dns_support.and_then(|it| it.value),
        hostnames.enable_dns_hostnames.and_then(|it| it.value),
    ))
}

/// The main route table of a VPC.
pub(crate) async fn main_route_table(aws: &Aws, id: &str) -> Result<Option<String>, Failure> {
    let main = ec2::filter_by("association.main", "true");
    let call = aws.again.ec2.describe_route_tables().filters(ec2::filter_by("vpc-id", id));
    let answer = call.filters(main).send().await.map_err(at("ec2:DescribeRouteTables"))?;
    Ok(answer.route_tables.unwrap_or_default().pop().and_then(|it| it.route_table_id))
}

/// What AWS makes with a VPC.
async fn made_with(aws: &Aws, id: &str) -> Result<Attributes, Failure> {
    let ec2 = &aws.again.ec2;
    let of_vpc = || ec2::filter_by("vpc-id", id);
    let table = main_route_table(aws, id).await?;
    let default = ec2::filter_by("group-name", "default");
    let groups = ec2.describe_security_groups().filters(of_vpc()).filters(default).send();
    let groups = groups.await.map_err(at("ec2:DescribeSecurityGroups"))?;
    let acls = ec2.describe_network_acls().filters(of_vpc());
    let acls = acls.filters(ec2::filter_by("default", "true")).send();
    let acls = acls.await.map_err(at("ec2:DescribeNetworkAcls"))?;
    Ok(Attributes {
        default_route_table_id: table.clone(),
        main_route_table_id: table,
        default_security_group_id: groups.security_groups.and_then(|mut it| it.pop()?.group_id),
        default_network_acl_id: acls.network_acls.and_then(|mut it| it.pop()?.network_acl_id),
        ..Attributes::default()
    })
}
