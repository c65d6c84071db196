//! `aws_route53_zone`: a zone that is there, by id or by name.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_route53::types::HostedZone;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{Failure, FailureKind, value};

use super::DataSource;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Resource, Sought};
use crate::tags;
use crate::types::route53::{bare_id, normal_name};
use crate::types::route53_zone::Zone;

/// The data source `aws_route53_zone`.
pub(crate) struct ZoneSource;

#[async_trait]
impl DataSource for ZoneSource {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        TypeSchema::new(
            "aws_route53_zone",
            "A zone that is there, by id or by name.",
            [
                ("zone_id", Attribute::optional_computed(text(), "Its id.")),
                ("name", Attribute::optional_computed(text(), "Its name.")),
                (
                    "private_zone",
                    Attribute::optional(Type::Bool, "Whether it is private, if found by name.")
                        .default(false),
                ),
                ("id", Attribute::computed(text(), "Its id.")),
                ("arn", Attribute::computed(text(), "Its ARN.")),
                ("comment", Attribute::computed(text(), "What it is for.")),
                (
                    "name_servers",
                    Attribute::computed(Type::list(text()), "Its name servers, sorted."),
                ),
                (
                    "primary_name_server",
                    Attribute::computed(text(), "The first of its name servers."),
                ),
                ("tags", Attribute::computed(Type::map(text()), "Its tags.")),
            ],
        )
    }

    async fn read(&self, aws: &Aws, config: &Value) -> Result<Value, Failure> {
        let id = find(aws, config).await?;
        let missing = || Failure::new(FailureKind::NotFound, format!("there is no zone `{id}`"));
        let sought = Sought::Ids(vec![Arc::from(id.as_str())]);
        let mut seen = Zone.look(aws, &sought).await?.pop().ok_or_else(missing)?;
        Zone.look_closer(aws, &mut seen).await?;
        let is_private = seen.attributes.get("vpc").is_some_and(|it| !it.is_null());
        let mut attributes: Attributes = self
            .schema()
            .attributes
            .into_keys()
            .map(|name| {
                let read = seen.attributes.get(&name).cloned().unwrap_or_default();
                (name, read)
            })
            .collect();
        attributes.insert("id".into(), Value::from(seen.id));
        attributes.insert("private_zone".into(), Value::from(is_private));
        attributes.insert("tags".into(), value(&tags::of_user(&seen.tags)));
        Ok(Value::from(attributes))
    }
}

/// The id of the zone that is asked for.
async fn find(aws: &Aws, config: &Value) -> Result<String, Failure> {
    let text = |name: &str| config.get(name).and_then(Value::as_str);
    if let Some(id) = text("zone_id") {
        return Ok(bare_id(id).to_owned());
    }
    let name = text("name").map(normal_name).ok_or_else(|| {
        Failure::new(FailureKind::Argument, "a zone is found by `zone_id` or by `name`")
    })?;
    let private = config.get("private_zone").and_then(Value::as_bool) == Some(true);
    let is_it = |it: &HostedZone| {
        normal_name(it.name()) == name && it.config().is_some_and(|it| it.private_zone()) == private
    };
    let answer = aws.again.route53.list_hosted_zones_by_name().dns_name(&name).send().await;
    let zones = answer.map_err(at("route53:ListHostedZonesByName"))?.hosted_zones;
    let found: Vec<&HostedZone> = zones.iter().filter(|it| is_it(it)).collect();
    match found.as_slice() {
        [only] => Ok(bare_id(only.id()).to_owned()),
        [] => {
            let kind = if private { "private" } else { "public" };
            Err(Failure::new(FailureKind::NotFound, format!("there is no {kind} zone `{name}`")))
        }
        several => {
            let message = format!("{} zones have the name `{name}`", several.len());
            Err(Failure::new(FailureKind::Argument, message).help("say which by `zone_id`"))
        }
    }
}
