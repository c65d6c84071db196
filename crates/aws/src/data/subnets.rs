//! `aws_subnets`: the ids of subnets that are there.

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

/// The data source `aws_subnets`.
pub(super) struct Subnets;

/// Its arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    filter: Option<Vec<Given>>,
    tags: Option<BTreeMap<String, String>>,
}

/// What it answers beside them.
#[derive(Debug, Serialize)]
struct Attributes {
    id: String,
    ids: Vec<String>,
}

#[async_trait]
impl DataSource for Subnets {
    fn schema(&self) -> TypeSchema {
        let tags = Type::map(Type::String);
        TypeSchema::new(
            "aws_subnets",
            "The ids of the subnets that fit; there may be none.",
            [
                ("filter", filters::argument()),
                ("tags", Attribute::optional(tags, "Tags that they have.")),
                ("id", Attribute::computed(Type::String, "The region.")),
                ("ids", Attribute::computed(Type::list(Type::String), "Their ids, sorted.")),
            ],
        )
    }

    async fn read(&self, aws: &Aws, config: &Value) -> Result<Value, Failure> {
        let wanted: Arguments = typed(config)?;
        let all = filters::filters(wanted.filter, wanted.tags);
        let pages = aws.again.ec2.describe_subnets().set_filters(Some(all)).into_paginator();
        let found = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let found = found.map_err(at("ec2:DescribeSubnets"))?;
        let mut ids: Vec<String> = found.into_iter().filter_map(|it| it.subnet_id).collect();
        ids.sort();
        Ok(filters::answer(config, &Attributes { id: aws.region().to_owned(), ids }))
    }
}
