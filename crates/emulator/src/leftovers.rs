//! What the server keeps of objects that are gone, though AWS does not.

use xmltree::Element;

use crate::call::Call;
use crate::proxy::Backend;
use crate::reply::Failure;
use crate::xml;

/// What is gone in a region of an account, but left its interfaces and addresses in the server.
#[derive(Debug)]
pub(crate) struct Leftovers {
    /// Terminated instances.
    instances: Vec<String>,
    /// The interfaces of deleted NAT gateways.
    interfaces: Vec<String>,
}

impl Leftovers {
    /// Asks the server.
    ///
    /// # Errors
    ///
    /// If it does not tell.
    pub(crate) async fn find(backend: &Backend, call: &Call) -> Result<Leftovers, Failure> {
        let terminated = [
            ("Filter.1.Name", "instance-state-name"),
            ("Filter.1.Value.1", "terminated"),
            ("MaxResults", "1000000"),
        ];
        let instances = backend.ask(call, "ec2", "DescribeInstances", &terminated).await?;
        let deleted = [("Filter.1.Name", "state"), ("Filter.1.Value.1", "deleted")];
        let gateways = backend.ask(call, "ec2", "DescribeNatGateways", &deleted).await?;
        Ok(Leftovers {
            instances: xml::texts(&instances, "instanceId"),
            interfaces: xml::texts(&gateways, "networkInterfaceId"),
        })
    }

    /// Whether this interface, or what this address is associated with, is gone in truth.
    pub(crate) fn has(&self, object: &Element) -> bool {
        let among = |known: &[String], path: &[&str]| {
            xml::text(object, path).is_some_and(|id| known.contains(&id))
        };
        among(&self.instances, &["attachment", "instanceId"])
            || among(&self.instances, &["instanceId"])
            || among(&self.interfaces, &["networkInterfaceId"])
    }
}
