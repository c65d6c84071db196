//! `aws_route_table`: which way traffic takes out of subnets.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self as ec2_types, ResourceType};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::routes::{self, Destination, Target};
use super::{ec2, route_tables};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_route_table`.
pub(crate) struct RouteTable;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    vpc_id: String,
    route: Option<Vec<Route>>,
    arn: String,
    owner_id: String,
}

/// An entry of `route`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Route {
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
    destination_prefix_list_id: Option<String>,
    #[serde(flatten)]
    target: Target,
}

/// The arguments of a route's destination.
const DESTINATIONS: [&str; 3] = ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"];

#[async_trait]
impl Resource for RouteTable {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        TypeSchema::new(
            "aws_route_table",
            "Which way traffic takes out of subnets.",
            [
                ("vpc_id", Attribute::required(text(), "The VPC that it is part of.").replaces()),
                (
                    "route",
                    Attribute::optional(
                        Type::set(route()),
                        "All its routes but the local one; left out, they are managed elsewhere.",
                    ),
                ),
                ("arn", Attribute::computed(text(), "Its ARN.")),
                ("owner_id", Attribute::computed(text(), "The account that it belongs to.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        let count = draft.planned("route").and_then(Value::as_list).map_or(0, <[Value]>::len);
        for at in 0..count {
            routes::check(draft, &format!("route[{at}]."), DESTINATIONS, |draft, name| {
                draft.planned("route")?.as_list()?.get(at)?.get(name).cloned()
            });
        }
        let Some(given) = draft.typed::<Vec<Route>>("route") else { return };
        let fits = given.len() == by_destination(given).len();
        draft.expect(fits, "route", "two routes lead to the same destination");
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        if let Sought::Ids(ids) = sought {
            let tables = route_tables::by_ids(aws, ids.iter().map(ToString::to_string)).await?;
            return Ok(tables.iter().map(|table| seen(aws, table)).collect());
        }
        let filter = ec2::filter(sought, "route-table-id");
        let tables = route_tables::describe(&aws.again.ec2, filter).await?;
        Ok(tables.iter().map(|table| seen(aws, table)).collect())
    }

    fn as_written(&self, attributes: &mut Values, prior: &Value) {
        // Routes that are managed elsewhere are no matter of this object's.
        let is_managed = prior.is_null() || prior.get("route").is_some_and(|it| !it.is_null());
        if !is_managed {
            attributes.insert("route".into(), Value::Null);
        }
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateRouteTable", || {
            let call = aws.again.ec2.create_route_table();
            call.vpc_id(&wanted.vpc_id)
                .client_token(&new.token)
                .tag_specifications(ec2::tag_specification(ResourceType::RouteTable, &new.tags))
                .send()
        })
        .await?;
        let table = answer.route_table.and_then(|it| it.route_table_id);
        ec2::given(table, "ec2:CreateRouteTable")
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let made: Attributes = typed(&object.attributes)?;
        reconcile(aws, &object.id, made.route).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        reconcile(aws, &change.object.id, wanted.route).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.ec2.delete_route_table().route_table_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteRouteTable")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let tables = route_tables::by_ids(aws, [object.id.to_string()]).await?;
        let associations = tables.iter().filter_map(|it| it.associations.as_ref()).flatten();
        Ok(associations
            .filter_map(|it| Some(format!("its association with {}", it.subnet_id.as_ref()?)))
            .collect())
    }
}

/// The type of one entry of `route`.
fn route() -> Type {
    let docs = ["An IPv4 block.", "An IPv6 block.", "A prefix list."];
    let destinations = DESTINATIONS.into_iter().zip(docs);
    let destinations =
        destinations.map(|(name, doc)| (name, Attribute::optional(Type::String, doc)));
    Type::object(destinations.chain(routes::target()))
}

fn seen(aws: &Aws, table: &ec2_types::RouteTable) -> Seen {
    let id = table.route_table_id.clone().unwrap_or_default();
    let account = table.owner_id.clone().unwrap_or_default();
    let made = table.routes.iter().flatten().filter_map(routes::made);
    let attributes = Attributes {
        vpc_id: table.vpc_id.clone().unwrap_or_default(),
        route: Some(made.map(Route::from).collect()),
        arn: ec2::arn(aws, &account, &format!("route-table/{id}")),
        owner_id: account,
    };
    Seen::ready(id, ec2::tags_of(table.tags.clone()), &attributes)
}

impl From<(Destination, Target)> for Route {
    fn from((destination, target): (Destination, Target)) -> Route {
        let (cidr_block, ipv6_cidr_block, destination_prefix_list_id) = destination.into_parts();
        Route { cidr_block, ipv6_cidr_block, destination_prefix_list_id, target }
    }
}

fn by_destination(routes: Vec<Route>) -> BTreeMap<Destination, Target> {
    let pair = |it: Route| {
        let to = Destination::of(it.cidr_block, it.ipv6_cidr_block, it.destination_prefix_list_id);
        Some((to?, it.target))
    };
    routes.into_iter().filter_map(pair).collect()
}

/// Gives a table the routes that are wanted, and no others but those that AWS makes; nothing where
/// they are managed elsewhere.
async fn reconcile(aws: &Aws, id: &str, wanted: Option<Vec<Route>>) -> Result<(), Failure> {
    let Some(wanted) = wanted.map(by_destination) else { return Ok(()) };
    let answer = patiently(aws.pace, "ec2:DescribeRouteTables", || {
        aws.again.ec2.describe_route_tables().route_table_ids(id).send()
    })
    .await?;
    let tables = answer.route_tables.unwrap_or_default().into_iter();
    let routes = tables.filter_map(|it| it.routes).flatten();
    let now: BTreeMap<_, _> = routes.filter_map(|it| routes::made(&it)).collect();
    for (destination, target) in &wanted {
        match now.get(destination) {
            None => routes::create(aws, id, destination, target).await?,
            Some(before) if before != target => {
                routes::replace(aws, id, destination, target).await?;
            }
            Some(_) => {}
        }
    }
    for destination in now.keys().filter(|it| !wanted.contains_key(*it)) {
        match routes::delete(aws, id, destination).await {
            Err(error) if !error.is_not_found() => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
