//! Routes of route tables: where to, by which way, and the calls that make and change them.

use aws_sdk_ec2::types::{self as ec2_types, RouteOrigin};
use greenroom_model::schema::{Attribute, Type};
use greenroom_model::value::Value;
use greenroom_provider::{Draft, Failure, FailureKind};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::error::ApiError;
use crate::send::patiently;

/// Where a route leads to; one table has at most one for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Destination {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
}

/// Which way a route takes: exactly one is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Target {
    gateway_id: Option<String>,
    nat_gateway_id: Option<String>,
    network_interface_id: Option<String>,
    transit_gateway_id: Option<String>,
    vpc_endpoint_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
    egress_only_gateway_id: Option<String>,
    carrier_gateway_id: Option<String>,
    local_gateway_id: Option<String>,
    core_network_arn: Option<String>,
}

/// The arguments of a target, with what they are.
const TARGETS: [(&str, &str); 10] = [
    ("gateway_id", "An internet gateway or a virtual private gateway."),
    ("nat_gateway_id", "A NAT gateway."),
    ("network_interface_id", "A network interface."),
    ("transit_gateway_id", "A transit gateway."),
    ("vpc_endpoint_id", "A VPC endpoint."),
    ("vpc_peering_connection_id", "A VPC peering connection."),
    ("egress_only_gateway_id", "An egress-only internet gateway."),
    ("carrier_gateway_id", "A carrier gateway."),
    ("local_gateway_id", "A local gateway of an outpost."),
    ("core_network_arn", "A core network."),
];

/// The schema of a target.
pub(crate) fn target() -> impl Iterator<Item = (&'static str, Attribute)> {
    TARGETS.into_iter().map(|(name, doc)| (name, Attribute::optional(Type::String, doc)))
}

/// Notes it unless a route has one destination and one target, both at `path` ("" for arguments
/// themselves, else with a dot at its end), and if its blocks are wrong.
pub(crate) fn check(
    draft: &mut Draft,
    path: &str,
    destinations: [&str; 3],
    field: impl Fn(&Draft, &str) -> Option<Value>,
) {
    let targets = TARGETS.map(|(name, _)| name);
    check_one(draft, path, &destinations, &field);
    check_one(draft, path, &targets, &field);
    let text = |draft: &Draft, name: &str| Some(field(draft, name)?.as_str()?.to_owned());
    if let Some(block) = text(draft, destinations[0]) {
        ec2::check_ipv4(draft, &format!("{path}{}", destinations[0]), &block, 0..=32);
    }
    let path_of_ipv6 = format!("{path}{}", destinations[1]);
    if let Some(block) = text(draft, destinations[1])
        && let Some(canonical) = ec2::check_ipv6(draft, &path_of_ipv6, &block, 0..=128)
        && canonical != block
    {
        draft.wrong(&path_of_ipv6, format!("AWS writes it as {canonical}"), None);
    }
    if text(draft, "gateway_id").as_deref() == Some("local") {
        let message = "the local route is there without being written";
        draft.wrong(&format!("{path}gateway_id"), message, None);
    }
}

fn check_one(
    draft: &mut Draft,
    path: &str,
    names: &[&str],
    field: &impl Fn(&Draft, &str) -> Option<Value>,
) {
    let given = names.iter().filter(|name| field(draft, name).is_some_and(|it| !it.is_null()));
    let message = format!("exactly one of {} is needed", names.join(", "));
    draft.expect(given.count() == 1, &format!("{path}{}", names[0]), message);
}

impl Destination {
    /// The destination of the arguments for it, of which one is given.
    pub(crate) fn of(
        ipv4: Option<String>,
        ipv6: Option<String>,
        list: Option<String>,
    ) -> Option<Destination> {
        let ipv6 = ipv6.map(Destination::Ipv6);
        ipv4.map(Destination::Ipv4).or(ipv6).or(list.map(Destination::PrefixList))
    }

    /// The arguments for it: IPv4 block, IPv6 block, prefix list.
    pub(crate) fn into_parts(self) -> (Option<String>, Option<String>, Option<String>) {
        match self {
            Destination::Ipv4(block) => (Some(block), None, None),
            Destination::Ipv6(block) => (None, Some(block), None),
            Destination::PrefixList(id) => (None, None, Some(id)),
        }
    }

    /// Its text, which says itself what kind it is.
    pub(crate) fn as_str(&self) -> &str {
        let (Destination::Ipv4(text) | Destination::Ipv6(text) | Destination::PrefixList(text)) =
            self;
        text
    }
}

/// The destination and the target of a route that somebody made; `None` for those that AWS makes
/// by itself: local, propagated, and to gateway endpoints.
pub(crate) fn made(route: &ec2_types::Route) -> Option<(Destination, Target)> {
    let is_made = !matches!(
        route.origin,
        Some(RouteOrigin::CreateRouteTable | RouteOrigin::EnableVgwRoutePropagation)
    );
    let gateway = route.gateway_id.clone().filter(|it| !it.is_empty());
    let is_endpoint = gateway.as_ref().is_some_and(|it| it.starts_with("vpce-"));
    let is_local = gateway.as_deref() == Some("local");
    let destination = Destination::of(
        route.destination_cidr_block.clone(),
        route.destination_ipv6_cidr_block.clone(),
        route.destination_prefix_list_id.clone(),
    )?;
    let of_endpoint = is_endpoint && matches!(destination, Destination::PrefixList(_));
    if !is_made || is_local || of_endpoint {
        return None;
    }
    let (vpc_endpoint_id, gateway_id) = if is_endpoint { (gateway, None) } else { (None, gateway) };
    let target = Target {
        gateway_id,
        vpc_endpoint_id,
        nat_gateway_id: route.nat_gateway_id.clone(),
        network_interface_id: route.network_interface_id.clone(),
        transit_gateway_id: route.transit_gateway_id.clone(),
        vpc_peering_connection_id: route.vpc_peering_connection_id.clone(),
        egress_only_gateway_id: route.egress_only_internet_gateway_id.clone(),
        carrier_gateway_id: route.carrier_gateway_id.clone(),
        local_gateway_id: route.local_gateway_id.clone(),
        core_network_arn: route.core_network_arn.clone(),
    };
    Some((destination, target))
}

/// Gives a call that makes or replaces a route its parameters.
macro_rules! addressed {
    ($call:expr, $table:expr, $destination:expr, $target:expr) => {{
        let (ipv4, ipv6, list) = $destination.clone().into_parts();
        let target: Target = $target.clone();
        $call
            .route_table_id($table)
            .set_destination_cidr_block(ipv4)
            .set_destination_ipv6_cidr_block(ipv6)
            .set_destination_prefix_list_id(list)
            .set_gateway_id(target.gateway_id)
            .set_nat_gateway_id(target.nat_gateway_id)
            .set_network_interface_id(target.network_interface_id)
            .set_transit_gateway_id(target.transit_gateway_id)
            .set_vpc_endpoint_id(target.vpc_endpoint_id)
            .set_vpc_peering_connection_id(target.vpc_peering_connection_id)
            .set_egress_only_internet_gateway_id(target.egress_only_gateway_id)
            .set_carrier_gateway_id(target.carrier_gateway_id)
            .set_local_gateway_id(target.local_gateway_id)
            .set_core_network_arn(target.core_network_arn)
    }};
}

/// Makes a route.
///
/// # Errors
///
/// [`FailureKind::Stranger`]: the table has one to this destination already.
pub(crate) async fn create(
    aws: &Aws,
    table: &str,
    destination: &Destination,
    target: &Target,
) -> Result<(), Failure> {
    let answer = patiently(aws.pace, "ec2:CreateRoute", || {
        addressed!(aws.once.ec2.create_route(), table, destination, target).send()
    })
    .await;
    match answer {
        Err(error) if error.has_code("RouteAlreadyExists") => {
            let destination = destination.as_str();
            let message = format!("`{table}` has a route to {destination} already");
            let help = format!("`import` takes it over, as `{table}_{destination}`");
            Err(Failure::new(FailureKind::Stranger, message).help(help))
        }
        answer => Ok(answer.map(drop)?),
    }
}

/// Gives a route another target.
pub(crate) async fn replace(
    aws: &Aws,
    table: &str,
    destination: &Destination,
    target: &Target,
) -> Result<(), Failure> {
    patiently(aws.pace, "ec2:ReplaceRoute", || {
        addressed!(aws.again.ec2.replace_route(), table, destination, target).send()
    })
    .await?;
    Ok(())
}

/// Deletes a route.
pub(crate) async fn delete(
    aws: &Aws,
    table: &str,
    destination: &Destination,
) -> Result<(), ApiError> {
    let (ipv4, ipv6, list) = destination.clone().into_parts();
    let call = aws.again.ec2.delete_route().route_table_id(table);
    let call = call.set_destination_cidr_block(ipv4).set_destination_ipv6_cidr_block(ipv6);
    let answer = call.set_destination_prefix_list_id(list).send().await;
    answer.map(drop).map_err(crate::error::at("ec2:DeleteRoute"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_routes_that_somebody_made_are_seen() {
        let to = |gateway: &str| {
            ec2_types::Route::builder().destination_cidr_block("0.0.0.0/0").gateway_id(gateway)
        };
        let by_hand = to("igw-1").origin(RouteOrigin::CreateRoute).build();
        let (destination, target) = made(&by_hand).expect("somebody made it");
        assert_eq!(destination, Destination::Ipv4("0.0.0.0/0".to_owned()));
        assert_eq!(target, Target { gateway_id: Some("igw-1".to_owned()), ..Target::default() });
        assert_eq!(made(&to("local").build()), None);
        assert_eq!(made(&to("vgw-1").origin(RouteOrigin::EnableVgwRoutePropagation).build()), None);
    }

    #[test]
    fn an_endpoint_comes_back_as_a_gateway() {
        let route = ec2_types::Route::builder().gateway_id("vpce-1");
        let to_block = route.clone().destination_cidr_block("10.0.0.0/8").build();
        let (_, target) = made(&to_block).expect("somebody made it");
        assert_eq!(target.vpc_endpoint_id.as_deref(), Some("vpce-1"));
        assert_eq!(made(&route.destination_prefix_list_id("pl-1").build()), None);
    }
}
