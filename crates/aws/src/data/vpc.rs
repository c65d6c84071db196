//! `aws_vpc`: a VPC that is there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, typed};
use serde::{Deserialize, Serialize};

use super::DataSource;
use super::filters::{self, Given};
use crate::aws::Aws;
use crate::error::at;
use crate::types::{ec2, vpc};

/// The data source `aws_vpc`.
pub(super) struct Vpc;

/// Its arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    id: Option<String>,
    cidr_block: Option<String>,
    default: Option<bool>,
    dhcp_options_id: Option<String>,
    state: Option<String>,
    filter: Option<Vec<Given>>,
    tags: Option<BTreeMap<String, String>>,
}

/// What it answers.
#[derive(Debug, Serialize)]
struct Attributes {
    id: String,
    arn: String,
    cidr_block: Option<String>,
    default: bool,
    dhcp_options_id: Option<String>,
    enable_dns_hostnames: Option<bool>,
    enable_dns_support: Option<bool>,
    instance_tenancy: Option<String>,
    main_route_table_id: Option<String>,
    owner_id: String,
    state: Option<String>,
    tags: BTreeMap<String, String>,
}

#[async_trait]
impl DataSource for Vpc {
    fn schema(&self) -> TypeSchema {
        let chosen = |doc| Attribute::optional_computed(Type::String, doc);
        let given = |doc| Attribute::computed(Type::String, doc);
        let flag = |doc| Attribute::computed(Type::Bool, doc);
        let tags = Type::map(Type::String);
        TypeSchema::new(
            "aws_vpc",
            "A VPC that is there.",
            [
                ("id", chosen("Its id.")),
                ("cidr_block", chosen("Its IPv4 addresses.")),
                (
                    "default",
                    Attribute::optional_computed(Type::Bool, "Whether it is the region's default."),
                ),
                ("dhcp_options_id", chosen("Its DHCP options.")),
                ("state", chosen("`available` or `pending`.")),
                ("filter", filters::argument()),
                ("tags", Attribute::optional_computed(tags, "Tags that it has.")),
                ("arn", given("Its ARN.")),
                ("enable_dns_hostnames", flag("Whether public addresses get names.")),
                ("enable_dns_support", flag("Whether AWS resolves names in it.")),
                ("instance_tenancy", given("`default` or `dedicated`.")),
                ("main_route_table_id", given("Its main route table.")),
                ("owner_id", given("The account that it belongs to.")),
            ],
        )
    }

    async fn read(&self, aws: &Aws, config: &Value) -> Result<Value, Failure> {
        let wanted: Arguments = typed(config)?;
        let fields = [
            ("vpc-id", wanted.id),
            ("cidr", wanted.cidr_block),
            ("is-default", wanted.default.filter(|it| *it).map(|_| "true".to_owned())),
            ("dhcp-options-id", wanted.dhcp_options_id),
            ("state", wanted.state),
        ];
        let fields = fields.into_iter().filter_map(|(name, it)| Some(ec2::filter_by(name, it?)));
        let mut all = filters::filters(wanted.filter, wanted.tags);
        all.extend(fields);
        let pages = aws.again.ec2.describe_vpcs().set_filters(Some(all)).into_paginator();
        let found = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let found = found.map_err(at("ec2:DescribeVpcs"))?;
        let found = filters::only(found, "VPC", |it| it.vpc_id.clone().unwrap_or_default())?;
        let id = found.vpc_id.unwrap_or_default();
        let (enable_dns_support, enable_dns_hostnames) = vpc::dns(aws, &id).await?;
        let owner_id = found.owner_id.unwrap_or_default();
        let attributes = Attributes {
            arn: ec2::arn(aws, &owner_id, &format!("vpc/{id}")),
            cidr_block: found.cidr_block,
            default: found.is_default.unwrap_or(false),
            dhcp_options_id: found.dhcp_options_id,
            enable_dns_hostnames,
            enable_dns_support,
            instance_tenancy: found.instance_tenancy.map(|it| it.as_str().to_owned()),
            main_route_table_id: vpc::main_route_table(aws, &id).await?,
            owner_id,
            state: found.state.map(|it| it.as_str().to_owned()),
            tags: ec2::tags_of(found.tags),
            id,
        };
        Ok(filters::answer(config, &attributes))
    }
}
