//! The provider on real AWS API servers: every type through its life, by the real engine.

mod lab;
mod lifecycle;

mod data;
mod ebs_volume;
mod iam;
mod images;
mod instance;
mod key_pair;
mod launch_template;
mod network;
mod routes;
mod security_groups;
mod volume_attachment;
mod vpc;
