//! The resource types, one file each: schema, and the calls that look, make, change and delete.

mod action;
mod ec2;
mod elb;
mod lb;
mod lb_listener;
mod lb_listener_rule;
mod lb_target_group;
mod vpc;

use std::sync::Arc;

use crate::resource::Resource;

/// All types.
pub(crate) fn all() -> Vec<Arc<dyn Resource>> {
    vec![Arc::new(lb_target_group::TargetGroup), Arc::new(vpc::Vpc)]
}
