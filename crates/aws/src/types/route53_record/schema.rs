//! The schema of `aws_route53_record`.

use greenroom_model::schema::{Attribute, Type};

pub(super) fn attributes() -> impl Iterator<Item = (&'static str, Attribute)> {
    what().into_iter().chain(routing())
}

fn what() -> [(&'static str, Attribute); 8] {
    let text = || Type::String;
    let alias = Type::object([
        ("name", Attribute::required(text(), "The name, such as a load balancer's.")),
        ("zone_id", Attribute::required(text(), "The zone of that name.")),
        (
            "evaluate_target_health",
            Attribute::required(Type::Bool, "Whether it answers only while that is healthy."),
        ),
    ]);
    [
        ("zone_id", Attribute::required(text(), "The zone.").replaces().needs_exists()),
        (
            "name",
            Attribute::required(text(), "The name, with or without the zone's behind it.")
                .replaces(),
        ),
        ("type", Attribute::required(text(), "The type, such as `A` or `CNAME`.").replaces()),
        ("ttl", Attribute::optional(Type::Number, "How many seconds an answer may be kept.")),
        ("records", Attribute::optional(Type::set(text()), "What the name stands for.")),
        (
            "alias",
            Attribute::optional(Type::list(alias), "The name of AWS that it stands for.")
                .at_most(1),
        ),
        (
            "health_check_id",
            Attribute::optional(text(), "The health check that must pass for it to be answered."),
        ),
        ("fqdn", Attribute::computed(text(), "The whole name.")),
    ]
}

fn routing() -> [(&'static str, Attribute); 5] {
    let one = |name: &'static str, field: Attribute, doc: &str| {
        Attribute::optional(Type::list(Type::object([(name, field)])), doc).at_most(1)
    };
    let weight = Attribute::required(Type::Number, "Its share among all weights, 0 to 255.");
    let failover = Attribute::required(Type::String, "`PRIMARY` or `SECONDARY`.");
    let region = Attribute::required(Type::String, "The region that it is near to.");
    [
        (
            "set_identifier",
            Attribute::optional(
                Type::String,
                "What tells it from others of the same name and type.",
            )
            .replaces(),
        ),
        ("weighted_routing_policy", one("weight", weight, "Answers by weight.")),
        ("failover_routing_policy", one("type", failover, "Answers while another fails.")),
        ("latency_routing_policy", one("region", region, "Answers those who are near.")),
        (
            "multivalue_answer_routing_policy",
            Attribute::optional(Type::Bool, "Answers together with up to seven others."),
        ),
    ]
}
