//! What is in use is not deleted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use xmltree::Element;

use crate::call::Call;
use crate::leftovers::Leftovers;
use crate::pace::{Looks, grant, use_one};
use crate::proxy::Backend;
use crate::reply::Failure;
use crate::xml;

/// What deleted load balancers still hold in an account.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    /// Subnets and security groups with an interface that goes later than what it belonged to.
    lingering: Mutex<Looks<String>>,
}

impl Dependencies {
    /// Refuses to delete what is in use, where the server would delete it.
    ///
    /// # Errors
    ///
    /// As AWS says it for that kind of object.
    pub(crate) async fn check(
        &self,
        backend: &Backend,
        call: &Call,
        lingering: u32,
    ) -> Result<(), Failure> {
        let ask = Ask { backend, call };
        match (call.service.as_str(), call.action.as_str()) {
            ("ec2", "DeleteSubnet") => self.subnet(&ask).await,
            ("ec2", "DeleteSecurityGroup") => self.group(&ask).await,
            ("ec2", "DeleteVpc") => vpc(&ask).await,
            ("ec2", "ReleaseAddress") => address(&ask).await,
            ("ec2", "DetachInternetGateway") => gateway(&ask).await,
            ("ec2", "DeleteNetworkInterface") => interface(&ask).await,
            ("elasticloadbalancing", "DeleteLoadBalancer") => self.balancer(&ask, lingering).await,
            _ => Ok(()),
        }
    }

    async fn subnet(&self, ask: &Ask<'_>) -> Result<(), Failure> {
        let id = ask.named("SubnetId");
        let used = use_one(&mut self.lingering(), &id)
            || ask.instances("subnet-id", &id).await?
            || ask.gateways("subnet-id", &id).await?
            || ask.balanced("SubnetId", &id).await?
            || ask.interfaces("subnet-id", &id).await?;
        refuse_if(used, &format!("The subnet '{id}' has dependencies and cannot be deleted."))?;
        ask.disassociate(&id).await
    }

    async fn group(&self, ask: &Ask<'_>) -> Result<(), Failure> {
        let id = ask.named("GroupId");
        let used = use_one(&mut self.lingering(), &id)
            || ask.instances("instance.group-id", &id).await?
            || ask.balanced("SecurityGroups", &id).await?
            || ask.interfaces("group-id", &id).await?
            || ask.ruled(&id).await?;
        refuse_if(used, &format!("resource {id} has a dependent object"))
    }

    /// Honours the protection of a load balancer; otherwise its interfaces stay for a while.
    async fn balancer(&self, ask: &Ask<'_>, lingering: u32) -> Result<(), Failure> {
        let arn = ask.named("LoadBalancerArn");
        let asked = [("LoadBalancerArn", &*arn)];
        // What is not there is the server's to tell.
        let Ok(attributes) = ask.elb("DescribeLoadBalancerAttributes", &asked).await else {
            return Ok(());
        };
        if protected(&attributes) {
            let message = format!(
                "Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            );
            return Err(Failure::of_caller("OperationNotPermitted", message));
        }
        let found =
            ask.elb("DescribeLoadBalancers", &[("LoadBalancerArns.member.1", &arn)]).await?;
        let mut held = xml::texts(&found, "SubnetId");
        held.extend(
            xml::texts(&found, "member").into_iter().filter(|text| text.starts_with("sg-")),
        );
        for id in held {
            grant(&mut self.lingering(), id, lingering);
        }
        Ok(())
    }

    fn lingering(&self) -> MutexGuard<'_, Looks<String>> {
        self.lingering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server does not mind gateways, groups, access lists, endpoints and peerings.
async fn vpc(ask: &Ask<'_>) -> Result<(), Failure> {
    let id = ask.named("VpcId");
    let in_vpc = [("vpc-id", &*id)];
    let gateways = ask.list("DescribeInternetGateways", &[("attachment.vpc-id", &id)]).await?;
    let groups = ask.list("DescribeSecurityGroups", &in_vpc).await?;
    let extra = |group: &Element| xml::text(group, &["groupName"]).as_deref() != Some("default");
    let lists = ask.list("DescribeNetworkAcls", &in_vpc).await?;
    let own = |list: &Element| xml::text(list, &["default"]).as_deref() != Some("true");
    let endpoints = ask.list("DescribeVpcEndpoints", &in_vpc).await?;
    let there = |endpoint: &Element| {
        let state = xml::text(endpoint, &["state"]).unwrap_or_default();
        !state.eq_ignore_ascii_case("deleted")
    };
    let used = !gateways.is_empty()
        || groups.iter().any(extra)
        || lists.iter().any(own)
        || endpoints.iter().any(there);
    refuse_if(used, &format!("The vpc '{id}' has dependencies and cannot be deleted."))
}

async fn address(ask: &Ask<'_>) -> Result<(), Failure> {
    let id = ask.named("AllocationId");
    let found = ask.list("DescribeAddresses", &[("allocation-id", &id)]).await?;
    let leftovers = Leftovers::find(ask.backend, ask.call).await?;
    let associated = |address: &Element| {
        xml::text(address, &["associationId"]).is_some() && !leftovers.has(address)
    };
    if found.iter().any(associated) {
        let message = format!("The address with allocation id '{id}' is in use.");
        return Err(Failure::of_caller("InvalidIPAddress.InUse", message));
    }
    Ok(())
}

async fn gateway(ask: &Ask<'_>) -> Result<(), Failure> {
    let id = ask.named("VpcId");
    let instances = ask.list("DescribeInstances", &[("vpc-id", &id)]).await?;
    let public =
        |instance: &Element| alive(instance) && xml::text(instance, &["ipAddress"]).is_some();
    let used = instances.iter().any(public)
        || ask.gateways("vpc-id", &id).await?
        || ask.facing(&id).await?;
    let message = format!(
        "Network {id} has some mapped public address(es). Please unmap those public address(es) \
         before detaching the gateway."
    );
    refuse_if(used, &message)
}

async fn interface(ask: &Ask<'_>) -> Result<(), Failure> {
    let id = ask.named("NetworkInterfaceId");
    if ask.interfaces_that("network-interface-id", &id, true).await? {
        let message = format!("Network interface '{id}' is currently in use.");
        return Err(Failure::of_caller("InvalidParameterValue", message));
    }
    Ok(())
}

/// The questions that a call raises.
struct Ask<'a> {
    backend: &'a Backend,
    call: &'a Call,
}

impl Ask<'_> {
    fn named(&self, parameter: &str) -> String {
        self.call.parameter(parameter).unwrap_or_default().to_owned()
    }

    async fn elb(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Element, Failure> {
        self.backend.ask(self.call, "elasticloadbalancing", action, parameters).await
    }

    /// The objects of EC2 that pass these filters.
    async fn list(&self, action: &str, filters: &[(&str, &str)]) -> Result<Vec<Element>, Failure> {
        let number = |index: usize, field: &str| format!("Filter.{}.{field}", index + 1);
        let named = filters.iter().enumerate().flat_map(|(index, (name, value))| {
            [(number(index, "Name"), *name), (number(index, "Value.1"), *value)]
        });
        let mut parameters: Vec<(String, &str)> = named.collect();
        if action == "DescribeInstances" {
            parameters.push(("MaxResults".to_owned(), "1000000"));
        }
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (&**name, *value)).collect();
        let mut found = self.backend.ask(self.call, "ec2", action, &parameters).await?;
        Ok(crate::kinds::objects_mut(&mut found).into_iter().map(|object| object.clone()).collect())
    }

    async fn instances(&self, filter: &str, id: &str) -> Result<bool, Failure> {
        Ok(self.list("DescribeInstances", &[(filter, id)]).await?.iter().any(alive))
    }

    /// NAT gateways, which are listed for a while after they are gone.
    async fn gateways(&self, filter: &str, id: &str) -> Result<bool, Failure> {
        Ok(self.list("DescribeNatGateways", &[(filter, id)]).await?.iter().any(working))
    }

    /// Ends the association of a subnet that goes with its route table: the server would keep it.
    async fn disassociate(&self, subnet: &str) -> Result<(), Failure> {
        for table in self.list("DescribeRouteTables", &[("association.subnet-id", subnet)]).await? {
            for association in table.get_child("associationSet").into_iter().flat_map(xml::children)
            {
                let id = xml::text(association, &["routeTableAssociationId"]);
                let is_its = xml::text(association, &["subnetId"]).as_deref() == Some(subnet);
                if let Some(id) = id.filter(|_| is_its) {
                    let named = [("AssociationId", &*id)];
                    self.backend.ask(self.call, "ec2", "DisassociateRouteTable", &named).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether a load balancer has this subnet or group.
    async fn balanced(&self, field: &str, id: &str) -> Result<bool, Failure> {
        let balancers = self.elb("DescribeLoadBalancers", &[("PageSize", "1000000")]).await?;
        let field = if field == "SecurityGroups" { "member" } else { field };
        Ok(xml::texts(&balancers, field).iter().any(|used| used == id))
    }

    /// Whether a load balancer of the network has public addresses.
    async fn facing(&self, vpc: &str) -> Result<bool, Failure> {
        let balancers = self.elb("DescribeLoadBalancers", &[("PageSize", "1000000")]).await?;
        let path = ["DescribeLoadBalancersResult", "LoadBalancers"];
        let list = path.iter().try_fold(&balancers, |at, name| at.get_child(*name));
        let public = |balancer: &Element| {
            xml::text(balancer, &["VpcId"]).as_deref() == Some(vpc)
                && xml::text(balancer, &["Scheme"]).as_deref() != Some("internal")
        };
        Ok(list.is_some_and(|list| xml::children(list).any(public)))
    }

    /// Whether a rule of another group names this group.
    async fn ruled(&self, id: &str) -> Result<bool, Failure> {
        let groups = self.list("DescribeSecurityGroups", &[]).await?;
        let other = |group: &&Element| xml::text(group, &["groupId"]).as_deref() != Some(id);
        let names = |group: &Element| xml::texts(group, "groupId").iter().any(|named| named == id);
        Ok(groups.iter().filter(other).any(names))
    }

    async fn interfaces(&self, filter: &str, id: &str) -> Result<bool, Failure> {
        self.interfaces_that(filter, id, false).await
    }

    /// Whether there are such interfaces, or such that are attached.
    async fn interfaces_that(
        &self,
        filter: &str,
        id: &str,
        attached: bool,
    ) -> Result<bool, Failure> {
        let interfaces = self.list("DescribeNetworkInterfaces", &[(filter, id)]).await?;
        let leftovers = Leftovers::find(self.backend, self.call).await?;
        let counts = |interface: &Element| {
            let holder = xml::text(interface, &["attachment", "instanceId"]);
            (holder.is_some() || !attached) && !leftovers.has(interface)
        };
        Ok(interfaces.iter().any(counts))
    }
}

fn alive(instance: &Element) -> bool {
    xml::text(instance, &["instanceState", "name"]).as_deref() != Some("terminated")
}

fn working(gateway: &Element) -> bool {
    let state = xml::text(gateway, &["state"]).unwrap_or_default();
    !["deleted", "failed"].contains(&state.as_str())
}

fn protected(attributes: &Element) -> bool {
    let field = |name: &str| xml::text(attributes, &[name]);
    let here = field("Key").as_deref() == Some("deletion_protection.enabled")
        && field("Value").as_deref() == Some("true");
    here || xml::children(attributes).any(protected)
}

fn refuse_if(used: bool, message: &str) -> Result<(), Failure> {
    if used { Err(Failure::of_caller("DependencyViolation", message)) } else { Ok(()) }
}
