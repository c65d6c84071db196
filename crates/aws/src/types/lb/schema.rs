//! The schema of `aws_lb`.

use greenroom_model::schema::{Attribute, Type, TypeSchema};

use super::elb::{LeftOut, Setting};
use super::logs;

const APPLICATION: &[&str] = &["application"];

/// What AWS keeps among a load balancer's attributes, logs aside.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "enable_deletion_protection",
        key: "deletion_protection.enabled",
        doc: "Whether AWS refuses to delete it.",
        left_out: LeftOut::Bool(false),
        kinds: &[],
    },
    Setting {
        name: "idle_timeout",
        key: "idle_timeout.timeout_seconds",
        doc: "How many seconds a connection may idle, 1 to 4000.",
        left_out: LeftOut::Number(60),
        kinds: APPLICATION,
    },
    Setting {
        name: "client_keep_alive",
        key: "client_keep_alive.seconds",
        doc: "How many seconds a client's connection is kept, 60 to 604800.",
        left_out: LeftOut::Number(3600),
        kinds: APPLICATION,
    },
    Setting {
        name: "enable_http2",
        key: "routing.http2.enabled",
        doc: "Whether clients may speak HTTP/2.",
        left_out: LeftOut::Bool(true),
        kinds: APPLICATION,
    },
    Setting {
        name: "enable_waf_fail_open",
        key: "waf.fail_open.enabled",
        doc: "Whether requests pass when the firewall cannot be asked.",
        left_out: LeftOut::Bool(false),
        kinds: APPLICATION,
    },
    Setting {
        name: "enable_tls_version_and_cipher_suite_headers",
        key: "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        doc: "Whether targets are told TLS version and cipher suite.",
        left_out: LeftOut::Bool(false),
        kinds: APPLICATION,
    },
    Setting {
        name: "enable_xff_client_port",
        key: "routing.http.xff_client_port.enabled",
        doc: "Whether `X-Forwarded-For` has the client's port.",
        left_out: LeftOut::Bool(false),
        kinds: APPLICATION,
    },
    Setting {
        name: "xff_header_processing_mode",
        key: "routing.http.xff_header_processing.mode",
        doc: "What is done to `X-Forwarded-For`: `append`, `preserve` or `remove`.",
        left_out: LeftOut::Text("append"),
        kinds: APPLICATION,
    },
    Setting {
        name: "preserve_host_header",
        key: "routing.http.preserve_host_header.enabled",
        doc: "Whether targets get the `Host` header as it came.",
        left_out: LeftOut::Bool(false),
        kinds: APPLICATION,
    },
    Setting {
        name: "drop_invalid_header_fields",
        key: "routing.http.drop_invalid_header_fields.enabled",
        doc: "Whether invalid header fields are left out.",
        left_out: LeftOut::Bool(false),
        kinds: APPLICATION,
    },
    Setting {
        name: "desync_mitigation_mode",
        key: "routing.http.desync_mitigation_mode",
        doc: "What is done about risky requests: `monitor`, `defensive` or `strictest`.",
        left_out: LeftOut::Text("defensive"),
        kinds: APPLICATION,
    },
    Setting {
        name: "enable_cross_zone_load_balancing",
        key: "load_balancing.cross_zone.enabled",
        doc: "Whether it spreads over the targets of all zones; an application one always does.",
        left_out: LeftOut::Bool(false),
        kinds: &["network", "gateway"],
    },
    Setting {
        name: "dns_record_client_routing_policy",
        key: "dns_record.client_routing_policy",
        doc: "Which zones clients are sent to: `any_availability_zone`, \
              `availability_zone_affinity` or `partial_availability_zone_affinity`.",
        left_out: LeftOut::Text("any_availability_zone"),
        kinds: &["network"],
    },
];

pub(super) fn schema() -> TypeSchema {
    let settings = SETTINGS.iter().map(Setting::attribute);
    let attributes =
        arguments().into_iter().chain(computed()).chain(logs::schema()).chain(settings);
    TypeSchema::new("aws_lb", "A load balancer: application, network or gateway.", attributes)
        .measures_traffic()
}

fn arguments() -> [(&'static str, Attribute); 7] {
    let text = || Type::String;
    [
        (
            "name",
            Attribute::optional_computed(text(), "Its name, unique in the region.")
                .unique_name(32)
                .replaces(),
        ),
        (
            "load_balancer_type",
            Attribute::optional(text(), "`application`, `network` or `gateway`.")
                .default("application")
                .replaces(),
        ),
        (
            "internal",
            Attribute::optional_computed(Type::Bool, "Whether only its VPC reaches it.").replaces(),
        ),
        (
            "ip_address_type",
            Attribute::optional_computed(
                text(),
                "`ipv4`, `dualstack` or `dualstack-without-public-ipv4`.",
            ),
        ),
        (
            "security_groups",
            Attribute::optional_computed(Type::set(text()), "Its security groups.").needs_exists(),
        ),
        ("subnets", Attribute::optional_computed(Type::set(text()), "Its subnets, one a zone.")),
        (
            "subnet_mapping",
            Attribute::optional_computed(
                Type::set(mapping()),
                "Its subnets, with the addresses that it has there.",
            ),
        ),
    ]
}

fn mapping() -> Type {
    let text = || Type::String;
    Type::object([
        ("subnet_id", Attribute::required(text(), "The subnet.")),
        ("allocation_id", Attribute::optional(text(), "The Elastic IP that it has there.")),
        ("private_ipv4_address", Attribute::optional(text(), "The address that it has there.")),
        ("ipv6_address", Attribute::optional(text(), "The IPv6 address that it has there.")),
        ("outpost_id", Attribute::computed(text(), "The subnet's Outpost.")),
    ])
}

fn computed() -> [(&'static str, Attribute); 5] {
    let text = || Type::String;
    [
        ("arn", Attribute::computed(text(), "Its ARN, which is its id.")),
        ("arn_suffix", Attribute::computed(text(), "The part of its ARN for metrics.")),
        ("dns_name", Attribute::computed(text(), "The name by which clients reach it.")),
        ("vpc_id", Attribute::computed(text(), "Its VPC.")),
        ("zone_id", Attribute::computed(text(), "The zone of its name, for an alias record.")),
    ]
}
