//! The schema of `aws_route53_health_check`.

use greenroom_model::schema::{Attribute, Type};

pub(super) fn attributes() -> impl Iterator<Item = (&'static str, Attribute)> {
    asked().into_iter().chain(judged())
}

fn asked() -> [(&'static str, Attribute); 10] {
    let text = || Type::String;
    [
        (
            "type",
            Attribute::required(
                text(),
                "`HTTP`, `HTTPS`, `HTTP_STR_MATCH`, `HTTPS_STR_MATCH`, `TCP`, `CALCULATED` or \
                 `CLOUDWATCH_METRIC`.",
            )
            .replaces(),
        ),
        ("fqdn", Attribute::optional(text(), "The name that is asked.")),
        ("ip_address", Attribute::optional(text(), "The address that is asked.")),
        ("port", Attribute::optional(Type::Number, "The port that is asked.")),
        ("resource_path", Attribute::optional(text(), "The path that is asked for.")),
        ("search_string", Attribute::optional(text(), "What the answer must hold.")),
        (
            "request_interval",
            Attribute::optional_computed(Type::Number, "Seconds between two checks, 10 or 30.")
                .replaces(),
        ),
        (
            "measure_latency",
            Attribute::optional(Type::Bool, "Whether latency is measured.")
                .default(false)
                .replaces(),
        ),
        (
            "enable_sni",
            Attribute::optional_computed(Type::Bool, "Whether the name is sent in TLS."),
        ),
        (
            "regions",
            Attribute::optional(Type::set(text()), "Where it is asked from, three at least."),
        ),
    ]
}

fn judged() -> [(&'static str, Attribute); 9] {
    let text = || Type::String;
    [
        (
            "failure_threshold",
            Attribute::optional_computed(Type::Number, "Checks in a row that decide, 1 to 10."),
        ),
        (
            "invert_healthcheck",
            Attribute::optional(Type::Bool, "Whether failure is health.").default(false),
        ),
        (
            "disabled",
            Attribute::optional(Type::Bool, "Whether it stops and counts as healthy.")
                .default(false),
        ),
        (
            "child_healthchecks",
            Attribute::optional(Type::set(text()), "The checks that a calculated one counts."),
        ),
        (
            "child_health_threshold",
            Attribute::optional(Type::Number, "How many of these must be healthy."),
        ),
        ("cloudwatch_alarm_name", Attribute::optional(text(), "The alarm that decides.")),
        ("cloudwatch_alarm_region", Attribute::optional(text(), "The alarm's region.")),
        (
            "insufficient_data_health_status",
            Attribute::optional(
                text(),
                "What an alarm without data means: `Healthy`, `Unhealthy` or `LastKnownStatus`.",
            ),
        ),
        ("arn", Attribute::computed(text(), "Its ARN.")),
    ]
}
