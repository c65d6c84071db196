//! `aws_route`: one route of a route table that leaves the table's other routes alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types as ec2_types;
use greenroom_model::schema::{Attribute, Recognition, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, FailureKind, Object, typed};
use serde::{Deserialize, Serialize};

use super::routes::{self, Destination, Target};
use super::{ec2, route_tables};
use crate::aws::Aws;
use crate::resource::{Change, New, Resource, Seen, Sent, Sought, Tagging};
use crate::tags::Tags;

/// The type `aws_route`.
pub(crate) struct Route;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    route_table_id: String,
    destination_cidr_block: Option<String>,
    destination_ipv6_cidr_block: Option<String>,
    destination_prefix_list_id: Option<String>,
    #[serde(flatten)]
    target: Target,
    instance_id: Option<String>,
    instance_owner_id: Option<String>,
    origin: Option<String>,
    state: Option<String>,
}

/// The arguments of its destination.
const DESTINATIONS: [&str; 3] =
    ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];

#[async_trait]
impl Resource for Route {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        let destinations = ["An IPv4 block.", "An IPv6 block.", "A prefix list."].into_iter();
        let destinations = DESTINATIONS.into_iter().zip(destinations);
        let destinations =
            destinations.map(|(name, doc)| (name, Attribute::optional(text(), doc).replaces()));
        let own = [
            (
                "route_table_id",
                Attribute::required(text(), "The table that it is part of.").replaces(),
            ),
            ("instance_id", Attribute::computed(text(), "The instance of its interface.")),
            ("instance_owner_id", Attribute::computed(text(), "The account of that instance.")),
            ("origin", Attribute::computed(text(), "How it was made.")),
            ("state", Attribute::computed(text(), "`active`, or `blackhole` without target.")),
        ];
        let attributes = own.into_iter().chain(destinations).chain(routes::target());
        let doc = "One route of a route table, beside its other routes.";
        TypeSchema {
            recognition: Recognition::Inside,
            ..TypeSchema::new("aws_route", doc, attributes)
        }
    }

    fn tagging(&self) -> Tagging {
        Tagging::None
    }

    /// An id may stand for two tables.
    fn batch(&self) -> usize {
        100
    }

    fn propose(&self, draft: &mut Draft) {
        routes::check(draft, "", DESTINATIONS, |draft, name| draft.planned(name).cloned());
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[
            &["destination_cidr_block", "route_table_id"],
            &["destination_ipv6_cidr_block", "route_table_id"],
            &["destination_prefix_list_id", "route_table_id"],
        ]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let Sought::Ids(ids) = sought else { return Ok(Vec::new()) };
        let of: BTreeSet<String> = ids.iter().flat_map(|id| tables_in(id)).collect();
        let mut found = Vec::new();
        for table in route_tables::by_ids(aws, of).await? {
            let id = table.route_table_id.as_deref().unwrap_or_default();
            found.extend(table.routes.iter().flatten().filter_map(|route| seen(id, route)));
        }
        found.retain(|it| {
            ids.contains(&it.id) || self.aliases(it).iter().any(|it| ids.contains(it))
        });
        Ok(found)
    }

    fn aliases(&self, seen: &Seen) -> Vec<Arc<str>> {
        let Ok(route) = typed::<Attributes>(&Value::from(seen.attributes.clone())) else {
            return Vec::new();
        };
        let table = route.route_table_id.clone();
        let destination = route.destination();
        destination.map(|it| format!("{table}_{}", it.as_str()).into()).into_iter().collect()
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let sent: Attributes = typed(sent.arguments).ok()?;
        Some(Sought::Ids(vec![id(&sent.route_table_id, &sent.destination()?)]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let destination = wanted.required()?;
        routes::create(aws, &wanted.route_table_id, &destination, &wanted.target).await?;
        Ok(id(&wanted.route_table_id, &destination))
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let destination = wanted.required()?;
        routes::replace(aws, &wanted.route_table_id, &destination, &wanted.target).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let recorded: Attributes = typed(&object.attributes)?;
        let destination = recorded.required()?;
        ec2::deleted(routes::delete(aws, &recorded.route_table_id, &destination).await)
    }
}

impl Attributes {
    fn destination(&self) -> Option<Destination> {
        Destination::of(
            self.destination_cidr_block.clone(),
            self.destination_ipv6_cidr_block.clone(),
            self.destination_prefix_list_id.clone(),
        )
    }

    fn required(&self) -> Result<Destination, Failure> {
        self.destination().ok_or_else(|| {
            Failure::new(FailureKind::Argument, "a route needs a destination".to_owned())
        })
    }
}

fn seen(table: &str, route: &ec2_types::Route) -> Option<Seen> {
    let (destination, target) = routes::made(route)?;
    let id = id(table, &destination);
    let (destination_cidr_block, destination_ipv6_cidr_block, destination_prefix_list_id) =
        destination.into_parts();
    let attributes = Attributes {
        route_table_id: table.to_owned(),
        destination_cidr_block,
        destination_ipv6_cidr_block,
        destination_prefix_list_id,
        target,
        instance_id: route.instance_id.clone(),
        instance_owner_id: route.instance_owner_id.clone(),
        origin: route.origin.as_ref().map(|it| it.as_str().to_owned()),
        state: route.state.as_ref().map(|it| it.as_str().to_owned()),
    };
    Some(Seen::ready(id, Tags::new(), &attributes))
}

/// The id that Terraform gives a route: of the table's id and the CRC-32 of the destination.
fn id(table: &str, destination: &Destination) -> Arc<str> {
    format!("r-{table}{}", crc32fast::hash(destination.as_str().as_bytes())).into()
}

/// The tables that a route may be part of, by its id or by the id that it is imported by.
///
/// A table's id has 17 or, if it is old, 8 hexadecimal digits; in a route's id nothing stands
/// between these and the digits that follow.
fn tables_in(id: &str) -> Vec<String> {
    if let Some((table, _)) = id.split_once('_') {
        return vec![table.to_owned()];
    }
    let Some(digits) = id.strip_prefix("r-rtb-") else { return Vec::new() };
    let table = |length: usize| Some(format!("rtb-{}", digits.get(..length)?));
    [8, 17].into_iter().filter_map(table).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_as_terraform_gives_it() {
        let all = Destination::Ipv4("0.0.0.0/0".to_owned());
        assert_eq!(&*id("rtb-0123456789abcdef0", &all), "r-rtb-0123456789abcdef01080289494");
    }

    #[test]
    fn an_id_says_which_tables_to_ask_for() {
        assert_eq!(tables_in("rtb-1_10.0.0.0/8"), ["rtb-1"]);
        let candidates = tables_in("r-rtb-0123456789abcdef01080289494");
        assert_eq!(candidates, ["rtb-01234567", "rtb-0123456789abcdef0"]);
        assert_eq!(tables_in("r-rtb-abcdef011"), ["rtb-abcdef01"]);
    }
}
