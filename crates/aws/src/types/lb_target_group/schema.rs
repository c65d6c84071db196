//! The schema of `aws_lb_target_group`.

use greenroom_model::schema::{Attribute, Type, TypeSchema};

use super::elb::{LeftOut, Setting};

const NOT_LAMBDA: &[&str] = &["instance", "ip", "alb"];

/// What AWS keeps among a target group's attributes, stickiness aside.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "deregistration_delay",
        key: "deregistration_delay.timeout_seconds",
        doc: "How many seconds a target drains before it is let go, 0 to 3600.",
        left_out: LeftOut::Number(300),
        kinds: NOT_LAMBDA,
    },
    Setting {
        name: "slow_start",
        key: "slow_start.duration_seconds",
        doc: "How many seconds a new target takes up to its full share: 0 for none, or 30 to 900.",
        left_out: LeftOut::Number(0),
        kinds: &["instance", "ip"],
    },
    Setting {
        name: "load_balancing_algorithm_type",
        key: "load_balancing.algorithm.type",
        doc: "`round_robin`, `least_outstanding_requests` or `weighted_random`.",
        left_out: LeftOut::Chosen,
        kinds: &["instance", "ip"],
    },
    Setting {
        name: "load_balancing_anomaly_mitigation",
        key: "load_balancing.algorithm.anomaly_mitigation",
        doc: "`on` or `off`; needs `weighted_random`.",
        left_out: LeftOut::Chosen,
        kinds: &["instance", "ip"],
    },
    Setting {
        name: "load_balancing_cross_zone_enabled",
        key: "load_balancing.cross_zone.enabled",
        doc: "`true`, `false` or `use_load_balancer_configuration`.",
        left_out: LeftOut::Chosen,
        kinds: NOT_LAMBDA,
    },
    Setting {
        name: "preserve_client_ip",
        key: "preserve_client_ip.enabled",
        doc: "Whether targets of a network load balancer see the client's address.",
        left_out: LeftOut::Chosen,
        kinds: &["instance", "ip"],
    },
    Setting {
        name: "proxy_protocol_v2",
        key: "proxy_protocol_v2.enabled",
        doc: "Whether a network load balancer speaks proxy protocol 2 to targets.",
        left_out: LeftOut::Bool(false),
        kinds: &["instance", "ip"],
    },
    Setting {
        name: "connection_termination",
        key: "deregistration_delay.connection_termination.enabled",
        doc: "Whether a network load balancer cuts connections when draining is over.",
        left_out: LeftOut::ChosenBool,
        kinds: &["instance", "ip"],
    },
    Setting {
        name: "lambda_multi_value_headers_enabled",
        key: "lambda.multi_value_headers.enabled",
        doc: "Whether a function gets headers as lists.",
        left_out: LeftOut::Bool(false),
        kinds: &["lambda"],
    },
];

pub(super) fn schema() -> TypeSchema {
    let settings = SETTINGS.iter().map(Setting::attribute);
    let attributes = arguments().into_iter().chain(computed()).chain(settings);
    TypeSchema::new(
        "aws_lb_target_group",
        "Targets that serve the same, to which load balancers forward.",
        attributes,
    )
    .measures_traffic()
    .reports_health()
}

fn arguments() -> [(&'static str, Attribute); 9] {
    let text = || Type::String;
    [
        (
            "name",
            Attribute::optional_computed(text(), "Its name, unique in the region.")
                .unique_name(32)
                .replaces(),
        ),
        (
            "port",
            Attribute::optional(Type::Number, "The port of targets that say none.").replaces(),
        ),
        (
            "protocol",
            Attribute::optional(
                text(),
                "`HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, `TCP_UDP` or `GENEVE`.",
            )
            .replaces(),
        ),
        (
            "protocol_version",
            Attribute::optional_computed(text(), "`HTTP1`, `HTTP2` or `GRPC`.").replaces(),
        ),
        (
            "vpc_id",
            Attribute::optional(text(), "The VPC of the targets.").replaces().needs_exists(),
        ),
        (
            "target_type",
            Attribute::optional(text(), "What targets are: `instance`, `ip`, `lambda` or `alb`.")
                .default("instance")
                .replaces(),
        ),
        ("ip_address_type", Attribute::optional_computed(text(), "`ipv4` or `ipv6`.").replaces()),
        (
            "health_check",
            Attribute::optional_computed(
                Type::list(health_check()),
                "How the health of targets is found out.",
            )
            .at_most(1),
        ),
        (
            "stickiness",
            Attribute::optional_computed(
                Type::list(stickiness()),
                "Which target a client comes back to.",
            )
            .at_most(1)
            .single(),
        ),
    ]
}

fn computed() -> [(&'static str, Attribute); 2] {
    [
        ("arn", Attribute::computed(Type::String, "Its ARN, which is its id.")),
        ("arn_suffix", Attribute::computed(Type::String, "The part of its ARN for metrics.")),
    ]
}

fn health_check() -> Type {
    let number = || Type::Number;
    let text = || Type::String;
    Type::object([
        ("enabled", Attribute::optional(Type::Bool, "Whether it is done.").default(true)),
        (
            "healthy_threshold",
            Attribute::optional(number(), "Successes in a row until healthy, 2 to 10.").default(3),
        ),
        (
            "interval",
            Attribute::optional(number(), "Seconds between two checks, 5 to 300.").default(30),
        ),
        ("matcher", Attribute::optional(text(), "Statuses that are healthy, such as `200-399`.")),
        ("path", Attribute::optional(text(), "What is asked for; `/` if left out.")),
        (
            "port",
            Attribute::optional(text(), "The port, or `traffic-port` for the target's.")
                .default("traffic-port"),
        ),
        ("protocol", Attribute::optional(text(), "`HTTP`, `HTTPS` or `TCP`.").default("HTTP")),
        ("timeout", Attribute::optional(number(), "Seconds until a check has failed, 2 to 120.")),
        (
            "unhealthy_threshold",
            Attribute::optional(number(), "Failures in a row until unhealthy, 2 to 10.").default(3),
        ),
    ])
}

fn stickiness() -> Type {
    let text = || Type::String;
    Type::object([
        (
            "type",
            Attribute::required(
                text(),
                "`lb_cookie`, `app_cookie`, `source_ip`, `source_ip_dest_ip` or \
                 `source_ip_dest_ip_proto`.",
            ),
        ),
        ("enabled", Attribute::optional(Type::Bool, "Whether clients come back.").default(true)),
        (
            "cookie_duration",
            Attribute::optional(Type::Number, "Seconds that a cookie lasts, 1 to 604800."),
        ),
        ("cookie_name", Attribute::optional(text(), "The application's cookie.")),
    ])
}
