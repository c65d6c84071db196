//! The resource types, one file each: schema, and the calls that look, make, change and delete.

mod ec2;
mod holders;
mod internet_gateway;
mod subnet;
mod vpc;

use std::sync::Arc;

use crate::resource::Resource;

/// All types.
pub(crate) fn all() -> Vec<Arc<dyn Resource>> {
    vec![Arc::new(internet_gateway::InternetGateway), Arc::new(subnet::Subnet), Arc::new(vpc::Vpc)]
}
