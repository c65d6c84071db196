//! The provider on real AWS API servers: every type through its life, by the real engine.

mod lab;
mod lifecycle;

mod ami_builder;
mod beside;
mod data;
mod ebs_volume;
mod iam;
mod images;
mod instance;
mod key_pair;
mod launch_template;
mod launches;
mod lb;
mod lb_listener;
mod lb_listener_rule;
mod lb_target_group;
mod lb_target_group_attachment;
mod lost_answers;
mod many;
mod many_instances;
mod measuring;
mod network;
mod outside;
mod route53_health_check;
mod route53_record;
mod route53_zone;
mod routes;
mod security_groups;
mod strangers;
mod volume_attachment;
mod vpc;
