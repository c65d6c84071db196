//! `aws_ami`: an image that is there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::Image;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, FailureKind, typed};
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::DataSource;
use super::filters::{self, Given};
use crate::aws::Aws;
use crate::error::at;
use crate::types::ec2::tags_of;
use crate::types::image::{self, Facts};

/// The data source `aws_ami`.
pub(super) struct Ami;

/// Its arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    owners: Option<Vec<String>>,
    executable_users: Option<Vec<String>>,
    filter: Option<Vec<Given>>,
    name_regex: Option<String>,
    most_recent: Option<bool>,
    include_deprecated: Option<bool>,
}

/// What it answers beside them.
#[derive(Debug, Serialize)]
struct Attributes {
    id: String,
    image_id: String,
    name: Option<String>,
    description: Option<String>,
    root_device_type: Option<String>,
    state: Option<String>,
    tags: BTreeMap<String, String>,
    #[serde(flatten)]
    facts: Facts,
}

#[async_trait]
impl DataSource for Ami {
    fn schema(&self) -> TypeSchema {
        let given = |doc| Attribute::computed(Type::String, doc);
        let flag = |doc| Attribute::optional(Type::Bool, doc).default(false);
        let texts = |doc| Attribute::optional(Type::list(Type::String), doc);
        let own = [
            ("owners", texts("Accounts, or `self`, `amazon`, `aws-marketplace`.")),
            ("executable_users", texts("Accounts, or `self`, that may launch it.")),
            ("filter", filters::argument()),
            ("name_regex", Attribute::optional(Type::String, "What the name must match.")),
            ("most_recent", flag("Whether the latest counts if several fit.")),
            ("include_deprecated", flag("Whether deprecated images count.")),
            ("id", given("The image's id.")),
            ("image_id", given("The image's id.")),
            ("name", given("Its name.")),
            ("description", given("What it is.")),
            ("root_device_type", given("`ebs` or `instance-store`.")),
            ("state", given("Its state.")),
            ("tags", Attribute::computed(Type::map(Type::String), "Its tags.")),
        ];
        let all = own.into_iter().chain(image::facts());
        TypeSchema::new("aws_ami", "An image that is there.", all)
    }

    async fn read(&self, aws: &Aws, config: &Value) -> Result<Value, Failure> {
        let wanted: Arguments = typed(config)?;
        let names = wanted.name_regex.as_deref().map(pattern).transpose()?;
        let latest = wanted.most_recent == Some(true);
        let call = aws.again.ec2.describe_images();
        let call = call
            .set_owners(wanted.owners)
            .set_executable_users(wanted.executable_users)
            .set_include_deprecated(wanted.include_deprecated)
            .set_filters(Some(filters::filters(wanted.filter, None)));
        let found = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let mut found = found.map_err(at("ec2:DescribeImages"))?;
        let fits = |name: &str| names.as_ref().is_none_or(|it| it.is_match(name));
        found.retain(|image| fits(image.name.as_deref().unwrap_or_default()));
        if latest {
            found = found.into_iter().max_by_key(age).into_iter().collect();
        }
        let image = filters::only(found, "image", named)?;
        Ok(filters::answer(config, &attributes(aws, image)))
    }
}

/// An image, for people.
fn named(image: &Image) -> String {
    let id = image.image_id.as_deref().unwrap_or_default();
    format!("{id} ({})", image.name.as_deref().unwrap_or("without a name"))
}

/// What orders images by their age: AWS writes instants so that their text does. The id decides
/// between images of one instant.
fn age(image: &Image) -> (Option<String>, Option<String>) {
    (image.creation_date.clone(), image.image_id.clone())
}

fn pattern(text: &str) -> Result<Regex, Failure> {
    Regex::new(text).map_err(|error| {
        Failure::new(
            FailureKind::Argument,
            format!("`name_regex` is no regular expression: {error}"),
        )
    })
}

fn attributes(aws: &Aws, image: Image) -> Attributes {
    let facts = image::facts_of(aws, &image);
    let id = image.image_id.unwrap_or_default();
    Attributes {
        image_id: id.clone(),
        id,
        name: image.name,
        description: image.description,
        root_device_type: image.root_device_type.map(|it| it.as_str().to_owned()),
        state: image.state.map(|it| it.as_str().to_owned()),
        tags: tags_of(image.tags),
        facts,
    }
}
