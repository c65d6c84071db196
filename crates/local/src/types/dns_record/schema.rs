//! The schema of `local_dns_record`.

use greenroom_model::schema::{Attribute, Type, TypeSchema};

use super::TTL;

/// How many records of a zone one push carries; there is no limit but that of patience.
const PER_PUSH: usize = 1000;

pub(super) fn schema() -> TypeSchema {
    let attributes = what().into_iter().chain(routing()).chain(known_later());
    let schema = TypeSchema::new(
        "local_dns_record",
        "What a name of a zone stands for. Several with one name and type share the answers by \
         weight, as at Route 53. Changes of a zone's records that come at the same time take \
         effect together.",
        attributes,
    );
    TypeSchema { checked_together: true, per_call: PER_PUSH, ..schema }
        .guarded()
        .changes_together(&["zone_id", "name", "type"])
}

fn what() -> [(&'static str, Attribute); 5] {
    [
        ("zone_id", Attribute::required(Type::String, "The id of its zone.").replaces().holds()),
        (
            "name",
            Attribute::required(
                Type::String,
                "The name, with or without the zone's behind it; empty for the zone itself. `*` as \
                 its first part stands for all that does not exist.",
            )
            .replaces(),
        ),
        (
            "type",
            Attribute::required(Type::String, "`A`, `AAAA`, `CNAME`, `TXT` or `SRV`.").replaces(),
        ),
        (
            "ttl",
            Attribute::optional(Type::Number, "How long an answer may be kept, in seconds.")
                .default(i64::from(TTL)),
        ),
        (
            "records",
            Attribute::required(
                Type::set(Type::String),
                "The values, all of which are in an answer. Of `SRV`: `PRIORITY WEIGHT PORT NAME`.",
            ),
        ),
    ]
}

fn routing() -> [(&'static str, Attribute); 3] {
    let policy = Type::object([(
        "weight",
        Attribute::required(
            Type::Number,
            "Its share of the answers, relative to the others', 0 to 255; 0 for none, unless all \
             have 0.",
        ),
    )]);
    [
        (
            "set_identifier",
            Attribute::optional(
                Type::String,
                "What tells it from the others of its name and type; with \
                 `weighted_routing_policy`.",
            )
            .replaces(),
        ),
        (
            "weighted_routing_policy",
            Attribute::optional(policy, "By which weight it is answered with."),
        ),
        (
            "health_check",
            Attribute::optional(
                health_check(),
                "What must hold for it to be answered with, while others of its name and type can \
                 be.",
            ),
        ),
    ]
}

fn health_check() -> Type {
    let number = |doc| Attribute::optional(Type::Number, doc);
    Type::object([
        (
            "url",
            Attribute::required(
                Type::String,
                "What is asked for with GET, `http://ADDRESS:PORT/PATH`; 200 to 399 is healthy.",
            ),
        ),
        ("interval", number("Seconds between two checks; 2 if left out.")),
        ("timeout", number("Seconds that an answer may take; 1 if left out.")),
        (
            "failure_threshold",
            number(
                "Failures in a row that make it unhealthy, and successes healthy again; 3 if left \
                 out.",
            ),
        ),
    ])
}

fn known_later() -> [(&'static str, Attribute); 3] {
    [
        ("id", Attribute::computed(Type::String, "The record's uid.")),
        ("fqdn", Attribute::computed(Type::String, "The whole name.")),
        (
            "state",
            Attribute::computed(
                Type::String,
                "`active`; or `stale`: its zone does not serve it so, which the next apply repairs.",
            ),
        ),
    ]
}
