//! The resource types, one file each: schema, and the calls that look, make, change and delete.

mod blocks;
mod ebs;
mod ec2;
mod instance;
mod vpc;

use std::sync::Arc;

use crate::resource::Resource;

/// All types.
pub(crate) fn all() -> Vec<Arc<dyn Resource>> {
    vec![Arc::new(instance::Instance), Arc::new(vpc::Vpc)]
}
