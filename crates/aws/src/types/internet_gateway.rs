//! `aws_internet_gateway`: the way from a virtual network to the internet.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self as ec2_types, AttachmentStatus, ResourceType};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_provider::{Deleted, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::{ec2, holders};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, Condition, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_internet_gateway`.
pub(crate) struct InternetGateway;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    vpc_id: Option<String>,
    arn: String,
    owner_id: String,
}

#[async_trait]
impl Resource for InternetGateway {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        TypeSchema::new(
            "aws_internet_gateway",
            "The way from a virtual network to the internet.",
            [
                ("vpc_id", Attribute::optional_computed(text(), "The VPC that it serves.").holds()),
                ("arn", Attribute::computed(text(), "Its ARN.")),
                ("owner_id", Attribute::computed(text(), "The account that it belongs to.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let filter = ec2::filter(sought, "internet-gateway-id");
        Ok(gateways(aws, filter).await?.into_iter().map(|it| seen(aws, it)).collect())
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let answer = patiently(aws.pace, "ec2:CreateInternetGateway", || {
            let tags = ec2::tag_specification(ResourceType::InternetGateway, &new.tags);
            aws.once.ec2.create_internet_gateway().tag_specifications(tags).send()
        })
        .await?;
        let gateway = answer.internet_gateway.and_then(|it| it.internet_gateway_id);
        ec2::given(gateway, "ec2:CreateInternetGateway")
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let made: Attributes = typed(&object.attributes)?;
        attach(aws, &object.id, made.vpc_id).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        if change.of("vpc_id") {
            detach(aws, &change.object.id).await?;
            attach(aws, &change.object.id, wanted.vpc_id).await?;
        }
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        detach(aws, &object.id).await?;
        let call = aws.again.ec2.delete_internet_gateway().internet_gateway_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteInternetGateway")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let Attributes { vpc_id: Some(vpc), .. } = typed(&object.attributes)? else {
            return Ok(Vec::new());
        };
        holders::public_interfaces(aws, ec2::filter_by("vpc-id", vpc), object).await
    }
}

fn seen(aws: &Aws, gateway: ec2_types::InternetGateway) -> Seen {
    let id = gateway.internet_gateway_id.unwrap_or_default();
    let account = gateway.owner_id.unwrap_or_default();
    let attached = gateway.attachments.unwrap_or_default().pop();
    let state = attached.as_ref().and_then(|it| it.state.clone());
    let attributes = Attributes {
        vpc_id: attached.and_then(|it| it.vpc_id),
        arn: ec2::arn(aws, &account, &format!("internet-gateway/{id}")),
        owner_id: account,
    };
    let seen = Seen::ready(id, ec2::tags_of(gateway.tags), &attributes);
    match state {
        Some(AttachmentStatus::Attaching) => seen.but(Condition::Pending("attaching".to_owned())),
        _ => seen,
    }
}

async fn gateways(
    aws: &Aws,
    filter: ec2_types::Filter,
) -> Result<Vec<ec2_types::InternetGateway>, Failure> {
    let pages = aws.again.ec2.describe_internet_gateways().filters(filter);
    let gateways = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    Ok(gateways.map_err(at("ec2:DescribeInternetGateways"))?)
}

/// Attaches a gateway to a VPC, if it is not attached yet.
async fn attach(aws: &Aws, id: &str, vpc: Option<String>) -> Result<(), Failure> {
    let Some(vpc) = vpc else { return Ok(()) };
    let answer = patiently(aws.pace, "ec2:AttachInternetGateway", || {
        aws.again.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(&vpc).send()
    })
    .await;
    match answer {
        Err(error) if error.has_code("Resource.AlreadyAssociated") => {
            let attached = gateways(aws, ec2::filter_by("internet-gateway-id", id)).await?;
            let mut attached = attached.into_iter().filter_map(|it| it.attachments).flatten();
            let is_done = attached.any(|it| it.vpc_id.as_ref() == Some(&vpc));
            if is_done { Ok(()) } else { Err(error.into()) }
        }
        answer => Ok(answer.map(drop)?),
    }
}

/// Detaches a gateway from the VPC that it is attached to now, if any.
async fn detach(aws: &Aws, id: &str) -> Result<(), Failure> {
    let attached = gateways(aws, ec2::filter_by("internet-gateway-id", id)).await?;
    for vpc in attached.into_iter().filter_map(|it| it.attachments).flatten() {
        let call = aws.again.ec2.detach_internet_gateway().internet_gateway_id(id);
        let answer = call.set_vpc_id(vpc.vpc_id).send().await;
        match answer.map_err(at("ec2:DetachInternetGateway")) {
            Err(error) if !error.has_code("Gateway.NotAttached") => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
