//! The schema of `aws_instance`.

use greenroom_model::schema::{Attribute, Type, TypeSchema};

use super::batch;
use crate::types::ebs;

/// The schema.
pub(super) fn schema() -> TypeSchema {
    let all = launch().into_iter().chain(network()).chain(behaviour()).chain(blocks());
    let schema = TypeSchema::new("aws_instance", "A virtual machine.", all.chain(computed()));
    TypeSchema { per_call: batch::MOST, ..schema }
}

type Named = (&'static str, Attribute);

fn launch() -> Vec<Named> {
    let chosen = |doc| Attribute::optional_computed(Type::String, doc);
    vec![
        ("ami", chosen("The image that it starts from.").replaces()),
        (
            "instance_type",
            chosen("Its type, such as `t3.micro`; a change stops and starts the instance."),
        ),
        ("availability_zone", chosen("The availability zone.").replaces()),
        ("tenancy", chosen("`default`, `dedicated` or `host`.").replaces()),
        ("placement_group", chosen("The placement group that it starts in.").replaces()),
        ("key_name", chosen("The key pair for SSH.").replaces().needs_exists()),
        ("iam_instance_profile", chosen("The name of its instance profile.")),
        (
            "user_data",
            chosen(
                "What it does when it first starts, as text; a change stops and starts the \
                 instance.",
            )
            .single(),
        ),
        ("user_data_base64", chosen("As `user_data`, in Base64: for what is not text.").single()),
        (
            "user_data_replace_on_change",
            Attribute::optional(Type::Bool, "Whether other user data takes a new instance.")
                .default(false)
                .write_only(),
        ),
    ]
}

fn network() -> Vec<Named> {
    let chosen = |doc| Attribute::optional_computed(Type::String, doc);
    vec![
        ("subnet_id", chosen("The subnet.").replaces().needs_exists()),
        (
            "vpc_security_group_ids",
            Attribute::optional_computed(Type::set(Type::String), "Its security groups.")
                .needs_exists()
                .holds(),
        ),
        ("private_ip", chosen("Its first private address.").replaces()),
        (
            "associate_public_ip_address",
            Attribute::optional_computed(Type::Bool, "Whether it gets a public address.")
                .replaces(),
        ),
        (
            "source_dest_check",
            Attribute::optional(
                Type::Bool,
                "Whether traffic that is neither from nor to it is dropped; off for NAT.",
            )
            .default(true),
        ),
    ]
}

fn behaviour() -> Vec<Named> {
    let flag = |doc| Attribute::optional_computed(Type::Bool, doc);
    vec![
        ("monitoring", flag("Whether CloudWatch has its metrics every minute.")),
        (
            "ebs_optimized",
            flag(
                "Whether it has bandwidth of its own to its volumes; a change stops and starts it.",
            ),
        ),
        (
            "hibernation",
            Attribute::optional(Type::Bool, "Whether it can hibernate.").default(false).replaces(),
        ),
        ("disable_api_stop", flag("Whether AWS refuses to stop it.").single()),
        ("disable_api_termination", flag("Whether AWS refuses to terminate it.").single()),
        (
            "instance_initiated_shutdown_behavior",
            Attribute::optional_computed(
                Type::String,
                "What a shutdown from within comes to: `stop` or `terminate`.",
            )
            .single(),
        ),
    ]
}

fn blocks() -> Vec<Named> {
    vec![
        (
            "credit_specification",
            Attribute::optional(
                Type::list(Type::object([(
                    "cpu_credits",
                    Attribute::optional(Type::String, "`standard` or `unlimited`."),
                )])),
                "How a burstable instance pays for what is above its baseline.",
            )
            .at_most(1)
            .single(),
        ),
        (
            "metadata_options",
            Attribute::optional_computed(
                Type::list(metadata()),
                "How its metadata service is reached.",
            )
            .at_most(1),
        ),
        (
            "launch_template",
            Attribute::optional(
                Type::list(template()),
                "The launch template that fills in what the arguments leave out.",
            )
            .at_most(1)
            .replaces(),
        ),
        (
            "root_block_device",
            Attribute::optional_computed(Type::list(ebs::root_device()), "Its root volume.")
                .at_most(1),
        ),
        (
            "ebs_block_device",
            Attribute::optional_computed(
                Type::set(ebs::device()),
                "Further volumes that are made with it.",
            )
            .replaces(),
        ),
    ]
}

fn metadata() -> Type {
    let chosen = |doc| Attribute::optional_computed(Type::String, doc);
    Type::object([
        (
            "http_endpoint",
            Attribute::optional(Type::String, "`enabled` or `disabled`.").default("enabled"),
        ),
        (
            "http_protocol_ipv6",
            Attribute::optional(
                Type::String,
                "Whether it is reached by IPv6: `enabled` or `disabled`.",
            )
            .default("disabled"),
        ),
        (
            "http_put_response_hop_limit",
            Attribute::optional_computed(Type::Number, "How many hops an answer goes, 1 to 64."),
        ),
        ("http_tokens", chosen("Whether tokens are `required` (IMDSv2) or `optional`.")),
        (
            "instance_metadata_tags",
            chosen("Whether the instance sees its tags there: `enabled` or `disabled`."),
        ),
    ])
}

fn template() -> Type {
    Type::object([
        ("id", Attribute::optional_computed(Type::String, "The launch template's id.")),
        ("name", Attribute::optional_computed(Type::String, "The launch template's name.")),
        (
            "version",
            Attribute::optional(Type::String, "Its version: a number, `$Latest` or `$Default`.")
                .default("$Default"),
        ),
    ])
}

fn computed() -> Vec<Named> {
    let given = |doc| Attribute::computed(Type::String, doc);
    vec![
        ("arn", given("Its ARN.")),
        (
            "instance_state",
            given(
                "`running`, `stopped` …, as AWS has it; `restarting` if it was stopped for a change \
                 and is still to be started.",
            ),
        ),
        ("primary_network_interface_id", given("Its first network interface.")),
        ("private_dns", given("The name of its private address.")),
        ("public_dns", given("The name of its public address.")),
        ("public_ip", given("Its public address; another one after a stop.")),
    ]
}
