//! `aws_availability_zones`: the zones of the region.

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, typed};
use serde::{Deserialize, Serialize};

use super::DataSource;
use super::filters::{self, Given};
use crate::aws::Aws;
use crate::error::at;
use crate::types::ec2;

/// The data source `aws_availability_zones`.
pub(super) struct AvailabilityZones;

/// Its arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    all_availability_zones: Option<bool>,
    exclude_names: Option<Vec<String>>,
    exclude_zone_ids: Option<Vec<String>>,
    filter: Option<Vec<Given>>,
    state: Option<String>,
}

/// What it answers beside them.
#[derive(Debug, Default, Serialize)]
struct Attributes {
    id: String,
    names: Vec<String>,
    zone_ids: Vec<String>,
    group_names: Vec<String>,
}

#[async_trait]
impl DataSource for AvailabilityZones {
    fn schema(&self) -> TypeSchema {
        let names = || Type::list(Type::String);
        let excluded = |doc| Attribute::optional(Type::set(Type::String), doc);
        TypeSchema::new(
            "aws_availability_zones",
            "The availability zones of the region, in the order of their names.",
            [
                (
                    "all_availability_zones",
                    Attribute::optional(Type::Bool, "Whether those not opted in count too."),
                ),
                ("exclude_names", excluded("Zones that do not count, by name.")),
                ("exclude_zone_ids", excluded("Zones that do not count, by id.")),
                ("filter", filters::argument()),
                ("state", Attribute::optional(Type::String, "The state that they are in.")),
                ("id", Attribute::computed(Type::String, "The region.")),
                ("names", Attribute::computed(names(), "Their names.")),
                ("zone_ids", Attribute::computed(names(), "Their ids, in the order of `names`.")),
                (
                    "group_names",
                    Attribute::computed(Type::set(Type::String), "The groups that they are in."),
                ),
            ],
        )
    }

    async fn read(&self, aws: &Aws, config: &Value) -> Result<Value, Failure> {
        let wanted: Arguments = typed(config)?;
        let mut all = filters::filters(wanted.filter, None);
        all.extend(wanted.state.map(|it| ec2::filter_by("state", it)));
        let call = aws.again.ec2.describe_availability_zones();
        let call = call
            .set_all_availability_zones(wanted.all_availability_zones)
            .set_filters(Some(all).filter(|it| !it.is_empty()));
        let answer = call.send().await.map_err(at("ec2:DescribeAvailabilityZones"))?;
        let mut zones = answer.availability_zones.unwrap_or_default();
        let among = |names: &Option<Vec<String>>, it: &Option<String>| {
            let it = it.as_deref().unwrap_or_default();
            names.iter().flatten().any(|name| name == it)
        };
        zones.retain(|it| !among(&wanted.exclude_names, &it.zone_name));
        zones.retain(|it| !among(&wanted.exclude_zone_ids, &it.zone_id));
        zones.sort_by(|a, b| a.zone_name.cmp(&b.zone_name));
        let mut attributes = Attributes { id: aws.region().to_owned(), ..Attributes::default() };
        for zone in zones {
            attributes.names.push(zone.zone_name.unwrap_or_default());
            attributes.zone_ids.push(zone.zone_id.unwrap_or_default());
            attributes.group_names.extend(zone.group_name);
        }
        attributes.group_names.sort();
        attributes.group_names.dedup();
        Ok(filters::answer(config, &attributes))
    }
}
