//! The schema of gates.

use serde_json::{Value, json};

use super::{described, table, text, texts};

pub(super) fn gate() -> Value {
    let mut gate = table(
        "A check with a verdict.",
        &[],
        [
            ("http", text("the URL to GET")),
            ("expect", expect()),
            ("tcp", text("`host:port` to connect to")),
            ("command", texts("a program and its arguments")),
            (
                "target_health",
                text("a block whose targets must serve, as `local_target_group.web`"),
            ),
            ("min_healthy", min_healthy()),
            ("prometheus", prometheus()),
            ("metric", metric()),
            ("cloudwatch", cloudwatch()),
            ("max", bound("the greatest number that passes; of `error_rate`, a percentage")),
            ("min", bound("the least number that passes; of `error_rate`, a percentage")),
            (
                "missing",
                json!({ "const": "zero", "description": "what missing data counts as, if the companion says that there is data" }),
            ),
            ("companion", companion()),
            (
                "quantile",
                json!({ "type": "number", "minimum": 0.5, "maximum": 0.999, "default": 0.95 }),
            ),
            (
                "max_over_live",
                json!({ "type": "number", "exclusiveMinimum": 0, "description": "how many times what it is on the live side it may be" }),
            ),
            ("min_samples", json!({ "type": "integer", "minimum": 1, "default": 100 })),
            ("window", described("duration", "only the last so much time counts")),
            ("provider", text("the provider configuration that is asked, such as `aws.west`")),
            ("initial_delay", described("duration", "before the first look")),
            ("interval", described("duration", "from one look to the next")),
            ("timeout", described("duration", "how long one look may take")),
            ("successes", json!({ "type": "integer", "minimum": 1 })),
            ("failure_limit", json!({ "type": "integer", "minimum": 0 })),
            ("deadline", described("duration", "when to give up altogether")),
            (
                "on_inconclusive",
                json!({ "enum": ["halt", "fail"], "default": "halt", "description": "what a promotion does if it stays inconclusive" }),
            ),
        ],
    );
    let questions =
        ["http", "tcp", "command", "target_health", "prometheus", "metric", "cloudwatch"];
    gate["oneOf"] = questions.map(|key| json!({ "required": [key] })).into();
    gate
}

fn expect() -> Value {
    let status = json!({ "type": "integer", "minimum": 100, "maximum": 599 });
    table(
        "The answer that passes.",
        &[],
        [("status", status), ("body", text("text that the body must contain"))],
    )
}

fn min_healthy() -> Value {
    json!({
        "anyOf": [{ "type": "integer", "minimum": 1 }, percentage()],
        "default": "100%",
        "description": "how many targets must be healthy",
    })
}

fn percentage() -> Value {
    json!({ "type": "string", "pattern": "^[0-9.]+ *%$" })
}

fn bound(doc: &str) -> Value {
    json!({ "anyOf": [{ "type": "number" }, percentage()], "description": doc })
}

fn prometheus() -> Value {
    table(
        "An instant query to a Prometheus.",
        &["url", "query"],
        [("url", text("where it is, without `/api/v1`")), ("query", text("a query in PromQL"))],
    )
}

fn metric() -> Value {
    json!({
        "enum": ["error_rate", "latency", "requests"],
        "description": "what is measured of the traffic through the environment",
    })
}

fn cloudwatch() -> Value {
    let alarm = table("An alarm.", &["alarm"], [("alarm", text("its name"))]);
    json!({ "anyOf": [alarm, series()], "description": "an alarm or a metric of CloudWatch" })
}

fn companion() -> Value {
    let query = json!({ "type": "string" });
    json!({ "anyOf": [query, series()], "description": "what is above zero whenever there is data" })
}

fn series() -> Value {
    let dimensions = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    table(
        "A metric.",
        &["namespace", "metric", "statistic"],
        [
            ("namespace", text("such as `AWS/ApplicationELB`")),
            ("metric", text("its name")),
            ("dimensions", dimensions),
            ("statistic", text("such as `Sum` or `p99`")),
            ("period", described("duration", "over what time a value is")),
        ],
    )
}
