//! `aws_nat_gateway`: the way out of subnets whose addresses are private.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self as ec2_types, ConnectivityType, NatGatewayState as State, ResourceType,
};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, Condition, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_nat_gateway`.
pub(crate) struct NatGateway;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    subnet_id: String,
    connectivity_type: String,
    allocation_id: Option<String>,
    private_ip: Option<String>,
    association_id: Option<String>,
    network_interface_id: Option<String>,
    public_ip: Option<String>,
}

#[async_trait]
impl Resource for NatGateway {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        TypeSchema::new(
            "aws_nat_gateway",
            "The way out of subnets whose addresses are private.",
            [
                ("subnet_id", Attribute::required(text(), "The subnet that it is in.").replaces()),
                (
                    "connectivity_type",
                    Attribute::optional(text(), "`public`, or `private` for other networks only.")
                        .default("public")
                        .replaces(),
                ),
                (
                    "allocation_id",
                    Attribute::optional(text(), "The elastic IP of a public one.").replaces(),
                ),
                (
                    "private_ip",
                    Attribute::optional_computed(text(), "Its address in the subnet.").replaces(),
                ),
                ("association_id", Attribute::computed(text(), "What ties its elastic IP to it.")),
                ("network_interface_id", Attribute::computed(text(), "Its network interface.")),
                ("public_ip", Attribute::computed(text(), "Its address in the internet.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        let has_address = draft.planned("allocation_id").is_some_and(|it| !it.is_null());
        match draft.given("connectivity_type").and_then(Value::as_str) {
            Some("public") => {
                draft.expect(has_address, "allocation_id", "a public NAT gateway needs it");
            }
            Some("private") => {
                draft.expect(!has_address, "allocation_id", "a private NAT gateway has none");
            }
            Some(_) => draft.wrong("connectivity_type", "it is `public` or `private`", None),
            None => {}
        }
        ec2::check_address(draft, "private_ip");
    }

    fn poll(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(15 * 60)
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let pages = aws.again.ec2.describe_nat_gateways();
        let pages = pages.filter(ec2::filter(sought, "nat-gateway-id"));
        let gateways = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let gateways = gateways.map_err(at("ec2:DescribeNatGateways"))?;
        // AWS speaks of a deleted one for about an hour.
        let left = gateways.into_iter().filter(|it| it.state != Some(State::Deleted));
        Ok(left.map(seen).collect())
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateNatGateway", || {
            let call = aws.again.ec2.create_nat_gateway();
            call.subnet_id(&wanted.subnet_id)
                .connectivity_type(ConnectivityType::from(&*wanted.connectivity_type))
                .set_allocation_id(wanted.allocation_id.clone())
                .set_private_ip_address(wanted.private_ip.clone())
                .client_token(&new.token)
                .tag_specifications(ec2::tag_specification(ResourceType::Natgateway, &new.tags))
                .send()
        })
        .await?;
        let gateway = answer.nat_gateway.and_then(|it| it.nat_gateway_id);
        ec2::given(gateway, "ec2:CreateNatGateway")
    }

    /// Nothing but tags can change in place.
    async fn update(&self, _: &Aws, _: &Change) -> Result<(), Failure> {
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.ec2.delete_nat_gateway().nat_gateway_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteNatGateway")))
    }

    /// Its elastic IP and its interface are in use until it is gone.
    fn lingers(&self, _: &Seen) -> bool {
        true
    }
}

fn seen(gateway: ec2_types::NatGateway) -> Seen {
    let addresses = gateway.nat_gateway_addresses.unwrap_or_default();
    let primary = addresses.iter().find(|it| it.is_primary == Some(true)).or(addresses.first());
    let of = |field: fn(&ec2_types::NatGatewayAddress) -> &Option<String>| {
        primary.and_then(|it| field(it).clone())
    };
    let connectivity = gateway.connectivity_type.unwrap_or(ConnectivityType::Public);
    let attributes = Attributes {
        subnet_id: gateway.subnet_id.unwrap_or_default(),
        connectivity_type: connectivity.as_str().to_owned(),
        allocation_id: of(|it| &it.allocation_id),
        private_ip: of(|it| &it.private_ip),
        association_id: of(|it| &it.association_id),
        network_interface_id: of(|it| &it.network_interface_id),
        public_ip: of(|it| &it.public_ip),
    };
    let id = gateway.nat_gateway_id.unwrap_or_default();
    let seen = Seen::ready(id, ec2::tags_of(gateway.tags), &attributes);
    let reason = gateway.failure_message.or(gateway.failure_code).unwrap_or_default();
    match gateway.state {
        Some(State::Pending) => seen.but(Condition::Pending("pending".to_owned())),
        Some(State::Failed) => seen.but(Condition::Broken(reason)),
        Some(State::Deleting | State::Deleted) => seen.but(Condition::Going),
        _ => seen,
    }
}
