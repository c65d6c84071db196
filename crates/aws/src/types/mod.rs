//! The resource types, one file each: schema, and the calls that look, make, change and delete.

mod action;
mod ami_builder;
mod ami_copy;
mod ami_from_instance;
mod ami_launch_permission;
mod blocks;
mod ebs;
mod ebs_volume;
pub(crate) mod ec2;
mod eip;
pub(crate) mod elb;
mod holders;
mod iam;
mod iam_instance_profile;
mod iam_role;
mod iam_role_policy_attachment;
pub(crate) mod image;
pub(crate) mod instance;
mod internet_gateway;
mod key_pair;
mod launch_template;
pub(crate) mod lb;
mod lb_listener;
mod lb_listener_rule;
pub(crate) mod lb_target_group;
mod lb_target_group_attachment;
mod nat_gateway;
mod network_interface;
mod placement;
mod route;
pub(crate) mod route53;
mod route53_health_check;
pub(crate) mod route53_record;
pub(crate) mod route53_zone;
mod route_table;
mod route_table_association;
pub(crate) mod route_tables;
mod routes;
mod security_group;
pub(crate) mod security_rules;
mod subnet;
pub(crate) mod targets;
mod volume_attachment;
pub(crate) mod vpc;
mod vpc_security_group_rule;

use std::sync::Arc;

use crate::resource::Resource;

use security_rules::Direction;
use vpc_security_group_rule::VpcSecurityGroupRule;

/// All types.
pub(crate) fn all() -> Vec<Arc<dyn Resource>> {
    vec![
        Arc::new(ami_builder::AmiBuilder),
        Arc::new(ami_copy::AmiCopy),
        Arc::new(ami_from_instance::AmiFromInstance),
        Arc::new(ami_launch_permission::AmiLaunchPermission),
        Arc::new(ebs_volume::EbsVolume),
        Arc::new(eip::Eip),
        Arc::new(iam_instance_profile::IamInstanceProfile),
        Arc::new(iam_role::IamRole),
        Arc::new(iam_role_policy_attachment::IamRolePolicyAttachment),
        Arc::new(instance::Instance),
        Arc::new(internet_gateway::InternetGateway),
        Arc::new(key_pair::KeyPair),
        Arc::new(launch_template::LaunchTemplate),
        Arc::new(lb::LoadBalancer),
        Arc::new(lb_listener::Listener),
        Arc::new(lb_listener_rule::ListenerRule),
        Arc::new(lb_target_group::TargetGroup),
        Arc::new(lb_target_group_attachment::Attachment),
        Arc::new(nat_gateway::NatGateway),
        Arc::new(network_interface::NetworkInterface),
        Arc::new(route53_health_check::HealthCheck),
        Arc::new(route53_record::RecordType),
        Arc::new(route53_zone::Zone),
        Arc::new(route::Route),
        Arc::new(route_table::RouteTable),
        Arc::new(route_table_association::RouteTableAssociation),
        Arc::new(security_group::SecurityGroup),
        Arc::new(subnet::Subnet),
        Arc::new(volume_attachment::VolumeAttachment),
        Arc::new(vpc::Vpc),
        Arc::new(VpcSecurityGroupRule(Direction::Egress)),
        Arc::new(VpcSecurityGroupRule(Direction::Ingress)),
    ]
}
