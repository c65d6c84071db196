//! The schema of an action.

use greenroom_model::schema::{Attribute, Type};

/// The table of an action.
pub(crate) fn schema() -> Type {
    let text = || Type::String;
    Type::object([
        ("type", Attribute::required(text(), "`forward`, `redirect` or `fixed-response`.")),
        (
            "order",
            Attribute::optional_computed(Type::Number, "Its place among several, 1 to 50000."),
        ),
        (
            "target_group_arn",
            Attribute::optional_computed(text(), "The target group, if it is one."),
        ),
        (
            "forward",
            Attribute::optional_computed(Type::list(forward()), "Target groups by weight.")
                .at_most(1),
        ),
        (
            "redirect",
            Attribute::optional(Type::list(redirect()), "Where a client is sent.").at_most(1),
        ),
        (
            "fixed_response",
            Attribute::optional(Type::list(fixed_response()), "What a client is answered.")
                .at_most(1),
        ),
    ])
}

fn forward() -> Type {
    let target = Type::object([
        ("arn", Attribute::required(Type::String, "The target group.")),
        (
            "weight",
            Attribute::optional(Type::Number, "Its share among all weights, 0 to 999.").default(1),
        ),
    ]);
    let stickiness = Type::object([
        ("enabled", Attribute::optional(Type::Bool, "Whether they do.").default(false)),
        ("duration", Attribute::required(Type::Number, "For how many seconds, 1 to 604800.")),
    ]);
    Type::object([
        (
            "target_group",
            Attribute::required(Type::set(target), "One to five target groups.").at_most(5),
        ),
        (
            "stickiness",
            Attribute::optional(
                Type::list(stickiness),
                "Whether clients come back to the same target group.",
            )
            .at_most(1),
        ),
    ])
}

fn redirect() -> Type {
    let part = |kept: &str, doc: &str| Attribute::optional(Type::String, doc).default(kept);
    Type::object([
        ("host", part("#{host}", "The host.")),
        ("path", part("/#{path}", "The path.")),
        ("port", part("#{port}", "The port.")),
        ("protocol", part("#{protocol}", "`HTTP`, `HTTPS` or `#{protocol}`.")),
        ("query", part("#{query}", "The query, without `?`.")),
        ("status_code", Attribute::required(Type::String, "`HTTP_301` or `HTTP_302`.")),
    ])
}

fn fixed_response() -> Type {
    Type::object([
        (
            "content_type",
            Attribute::required(
                Type::String,
                "`text/plain`, `text/css`, `text/html`, `application/javascript` or \
                 `application/json`.",
            ),
        ),
        ("message_body", Attribute::optional(Type::String, "The body, at most 1024 characters.")),
        (
            "status_code",
            Attribute::optional(Type::String, "The status, `2XX`, `4XX` or `5XX`.").default("200"),
        ),
    ])
}
