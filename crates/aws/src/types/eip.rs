//! `aws_eip`: a public IPv4 address that stays the same.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self as ec2_types, DomainType, ResourceType};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};
use crate::send::{patiently, patiently_if};

/// The type `aws_eip`.
pub(crate) struct Eip;

/// The attributes that say where it leads.
const PLACE: [&str; 5] =
    ["instance", "network_interface", "association_id", "private_ip", "private_dns"];

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    domain: String,
    address: Option<String>,
    public_ipv4_pool: Option<String>,
    network_border_group: Option<String>,
    instance: Option<String>,
    network_interface: Option<String>,
    associate_with_private_ip: Option<String>,
    allocation_id: String,
    association_id: Option<String>,
    private_ip: Option<String>,
    public_ip: Option<String>,
    public_dns: Option<String>,
    private_dns: Option<String>,
    arn: String,
}

#[async_trait]
impl Resource for Eip {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        let computed = |doc: &str| Attribute::computed(Type::String, doc);
        TypeSchema::new(
            "aws_eip",
            "A public IPv4 address that stays the same.",
            [
                (
                    "domain",
                    Attribute::optional(text(), "`vpc`: addresses are for VPCs.")
                        .default("vpc")
                        .replaces(),
                ),
                (
                    "address",
                    Attribute::optional(text(), "An address of a pool of one's own.")
                        .write_only()
                        .replaces(),
                ),
                (
                    "public_ipv4_pool",
                    Attribute::optional_computed(text(), "The pool that it comes from.").replaces(),
                ),
                (
                    "network_border_group",
                    Attribute::optional_computed(text(), "Where the address is announced.")
                        .replaces(),
                ),
                ("instance", Attribute::optional_computed(text(), "The instance it leads to.")),
                (
                    "network_interface",
                    Attribute::optional_computed(text(), "The network interface it leads to."),
                ),
                (
                    "associate_with_private_ip",
                    Attribute::optional(text(), "Which private address there it leads to.")
                        .write_only(),
                ),
                ("allocation_id", computed("Its id.")),
                ("association_id", computed("What ties it to where it leads.")),
                ("private_ip", computed("The private address that it leads to.")),
                ("public_ip", computed("The address.")),
                ("public_dns", computed("The name of the address.")),
                ("private_dns", computed("The name of the private address.")),
                ("arn", computed("Its ARN.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        let is_vpc = draft.given("domain").and_then(Value::as_str).is_none_or(|it| it == "vpc");
        draft.expect(is_vpc, "domain", "it is `vpc`");
        ec2::check_address(draft, "address");
        ec2::check_address(draft, "associate_with_private_ip");
        let places = ["instance", "network_interface", "associate_with_private_ip"];
        if places.into_iter().any(|name| ec2::is_changed(draft, name)) {
            // Where it leads now says nothing of where it is to lead.
            ec2::leave_open(draft, &PLACE);
        }
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let found = addresses(aws, sought).await?;
        let account = match found.is_empty() {
            true => "",
            false => &aws.identity().await?.account,
        };
        Ok(found.into_iter().map(|address| seen(aws, account, address)).collect())
    }

    fn as_written(&self, attributes: &mut Values, prior: &Value) {
        // Where it leads is no matter of this object's where others say so, as a NAT gateway does.
        let is_written = |name| prior.get(name).is_some_and(|it| !it.is_null());
        if prior.is_null() || is_written("instance") || is_written("network_interface") {
            return;
        }
        for name in PLACE {
            attributes.insert(name.into(), Value::Null);
        }
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:AllocateAddress", || {
            let call = aws.once.ec2.allocate_address().domain(DomainType::Vpc);
            call.set_address(wanted.address.clone())
                .set_public_ipv4_pool(wanted.public_ipv4_pool.clone())
                .set_network_border_group(wanted.network_border_group.clone())
                .tag_specifications(ec2::tag_specification(ResourceType::ElasticIp, &new.tags))
                .send()
        })
        .await?;
        ec2::given(answer.allocation_id, "ec2:AllocateAddress")
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let made: Attributes = typed(&object.attributes)?;
        associate(aws, &object.id, &made).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let places = ["instance", "network_interface", "associate_with_private_ip"];
        if places.into_iter().any(|name| change.of(name)) {
            associate(aws, &change.object.id, &wanted).await?;
        }
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let ec2 = &aws.again.ec2;
        for address in addresses(aws, &Sought::Ids(vec![object.id.clone()])).await? {
            let Some(association) = address.association_id.filter(|it| !it.is_empty()) else {
                continue;
            };
            let answer = ec2.disassociate_address().association_id(association).send().await;
            match answer.map_err(at("ec2:DisassociateAddress")) {
                Err(error) if !error.is_not_found() => return Err(error.into()),
                _ => {}
            }
        }
        let call = ec2.release_address().allocation_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:ReleaseAddress")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let found = addresses(aws, &Sought::Ids(vec![object.id.clone()])).await?;
        let interfaces = found.into_iter().filter_map(|it| it.network_interface_id);
        let mut holders = Vec::new();
        for interface in interfaces.filter(|it| !it.is_empty()) {
            let filter = ec2::filter_by("network-interface-id", interface);
            holders.extend(super::holders::interfaces(aws, filter, object).await?);
        }
        Ok(holders)
    }
}

async fn addresses(aws: &Aws, sought: &Sought) -> Result<Vec<ec2_types::Address>, Failure> {
    let call = aws.again.ec2.describe_addresses().filters(ec2::filter(sought, "allocation-id"));
    let answer = call.send().await.map_err(at("ec2:DescribeAddresses"))?;
    Ok(answer.addresses.unwrap_or_default())
}

fn seen(aws: &Aws, account: &str, address: ec2_types::Address) -> Seen {
    let present = |text: Option<String>| text.filter(|it| !it.is_empty());
    let id = address.allocation_id.unwrap_or_default();
    let private_ip = present(address.private_ip_address);
    let attributes = Attributes {
        domain: address.domain.map_or("vpc".to_owned(), |it| it.as_str().to_owned()),
        address: None,
        public_ipv4_pool: present(address.public_ipv4_pool),
        network_border_group: present(address.network_border_group),
        instance: present(address.instance_id),
        network_interface: present(address.network_interface_id),
        associate_with_private_ip: None,
        allocation_id: id.clone(),
        association_id: present(address.association_id),
        public_dns: address.public_ip.as_deref().map(|it| public_name(aws.region(), it)),
        private_dns: private_ip.as_deref().map(|it| private_name(aws.region(), it)),
        private_ip,
        public_ip: address.public_ip,
        arn: ec2::arn(aws, account, &format!("elastic-ip/{id}")),
    };
    let mut seen = Seen::ready(id, ec2::tags_of(address.tags), &attributes);
    // AWS does not say these: what was written counts.
    seen.attributes.remove("address");
    seen.attributes.remove("associate_with_private_ip");
    seen
}

/// The name of a public address (EC2 User Guide, "EC2 instance hostnames and domains").
fn public_name(region: &str, address: &str) -> String {
    let address = address.replace('.', "-");
    match region {
        "us-east-1" => format!("ec2-{address}.compute-1.amazonaws.com"),
        region => format!("ec2-{address}.{region}.compute.amazonaws.com"),
    }
}

/// The name of a private address, as [`public_name`].
fn private_name(region: &str, address: &str) -> String {
    let address = address.replace('.', "-");
    match region {
        "us-east-1" => format!("ip-{address}.ec2.internal"),
        region => format!("ip-{address}.{region}.compute.internal"),
    }
}

/// Has an address lead to the instance or the interface that is wanted, if any.
async fn associate(aws: &Aws, id: &str, wanted: &Attributes) -> Result<(), Failure> {
    // Of an instance, AWS takes the first interface by itself.
    let interface = wanted.network_interface.clone().filter(|_| wanted.instance.is_none());
    if wanted.instance.is_none() && interface.is_none() {
        return Ok(());
    }
    // An instance must run first.
    let is_early = |error: &crate::error::ApiError| {
        error.is_not_found() || error.has_code("InvalidInstanceID")
    };
    patiently_if(aws.pace, "ec2:AssociateAddress", is_early, || {
        let call = aws.again.ec2.associate_address().allocation_id(id);
        // It is ours, wherever it leads until now.
        call.allow_reassociation(true)
            .set_instance_id(wanted.instance.clone())
            .set_network_interface_id(interface.clone())
            .set_private_ip_address(wanted.associate_with_private_ip.clone())
            .send()
    })
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_name_that_its_region_gives_it() {
        let named =
            |region| (public_name(region, "198.51.100.7"), private_name(region, "10.0.0.9"));
        let (public, private) = named("eu-west-1");
        assert_eq!(public, "ec2-198-51-100-7.eu-west-1.compute.amazonaws.com");
        assert_eq!(private, "ip-10-0-0-9.eu-west-1.compute.internal");
        let (public, private) = named("us-east-1");
        assert_eq!(public, "ec2-198-51-100-7.compute-1.amazonaws.com");
        assert_eq!(private, "ip-10-0-0-9.ec2.internal");
    }
}
