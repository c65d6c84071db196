//! The resource types, one file each: schema, and the calls that look, make, change and delete.

mod action;
mod ec2;
mod elb;
pub(crate) mod lb;
mod lb_listener;
mod lb_listener_rule;
mod lb_target_group;
mod lb_target_group_attachment;
pub(crate) mod route53;
mod route53_health_check;
mod route53_record;
pub(crate) mod route53_zone;
pub(crate) mod targets;
mod vpc;

use std::sync::Arc;

use crate::resource::Resource;

/// All types.
pub(crate) fn all() -> Vec<Arc<dyn Resource>> {
    vec![
        Arc::new(lb::LoadBalancer),
        Arc::new(lb_listener::Listener),
        Arc::new(lb_listener_rule::ListenerRule),
        Arc::new(lb_target_group::TargetGroup),
        Arc::new(lb_target_group_attachment::Attachment),
        Arc::new(route53_health_check::HealthCheck),
        Arc::new(route53_record::RecordType),
        Arc::new(route53_zone::Zone),
        Arc::new(vpc::Vpc),
    ]
}
