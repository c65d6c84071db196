//! The attributes of an instance, as the configuration and the state have them.

use serde::{Deserialize, Serialize};

use crate::types::ebs::Device;

/// All attributes. Those that a look may leave out are skipped where it does: what was known of
/// them then stays.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Attributes {
    pub(super) ami: Option<String>,
    pub(super) instance_type: Option<String>,
    pub(super) availability_zone: Option<String>,
    pub(super) tenancy: Option<String>,
    pub(super) placement_group: Option<String>,
    pub(super) subnet_id: Option<String>,
    pub(super) vpc_security_group_ids: Option<Vec<String>>,
    pub(super) private_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) associate_public_ip_address: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_dest_check: Option<bool>,
    pub(super) key_name: Option<String>,
    pub(super) iam_instance_profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_data_base64: Option<String>,
    pub(super) monitoring: Option<bool>,
    pub(super) ebs_optimized: Option<bool>,
    pub(super) hibernation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disable_api_stop: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disable_api_termination: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instance_initiated_shutdown_behavior: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credit_specification: Option<Vec<Credits>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata_options: Option<Vec<Metadata>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) launch_template: Option<Vec<Template>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root_block_device: Option<Vec<Device>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ebs_block_device: Option<Vec<Device>>,
    pub(super) arn: String,
    pub(super) instance_state: String,
    pub(super) primary_network_interface_id: Option<String>,
    pub(super) private_dns: Option<String>,
    pub(super) public_dns: Option<String>,
    pub(super) public_ip: Option<String>,
}

/// How a burstable instance pays for what is above its baseline.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Credits {
    pub(super) cpu_credits: Option<String>,
}

/// How the metadata service of an instance is reached.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) http_endpoint: Option<String>,
    pub(super) http_protocol_ipv6: Option<String>,
    pub(super) http_put_response_hop_limit: Option<i32>,
    pub(super) http_tokens: Option<String>,
    pub(super) instance_metadata_tags: Option<String>,
}

/// Which version of which launch template fills in what the arguments leave out.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Template {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
}
