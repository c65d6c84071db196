//! What is known of a health check at plan, and what cannot be right.

use greenroom_model::value::Value;
use greenroom_provider::Draft;

use super::asks;

const KINDS: [&str; 7] = [
    "HTTP",
    "HTTPS",
    "HTTP_STR_MATCH",
    "HTTPS_STR_MATCH",
    "TCP",
    "CALCULATED",
    "CLOUDWATCH_METRIC",
];

pub(super) fn propose(draft: &mut Draft) {
    for name in ["regions", "child_healthchecks"] {
        if draft.known(name).and_then(Value::as_list).is_some_and(<[Value]>::is_empty) {
            draft.set(name, Value::Null);
        }
    }
    check_numbers(draft);
    let Some(kind) = draft.given("type").and_then(Value::as_str).map(str::to_owned) else { return };
    let known = KINDS.contains(&kind.as_str());
    draft.expect(known, "type", format!("it is one of {}", KINDS.join(", ")));
    chosen(draft, &kind);
    check_parts(draft, &kind);
}

/// What AWS chooses where it is left out (Route 53 API Reference, "HealthCheckConfig").
fn chosen(draft: &mut Draft, kind: &str) {
    let mut choose = |name: &str, has: bool, value: Value| {
        draft.set_if_unknown(name, if has { value } else { Value::Null });
    };
    choose("request_interval", asks(kind), Value::from(30));
    choose("failure_threshold", asks(kind), Value::from(3));
    choose("enable_sni", kind.starts_with("HTTPS"), Value::from(true));
    let port = match kind {
        "HTTP" | "HTTP_STR_MATCH" => Some(80),
        "HTTPS" | "HTTPS_STR_MATCH" => Some(443),
        _ => None,
    };
    if let Some(port) = port.filter(|_| draft.planned("port").is_none_or(Value::is_null)) {
        draft.set("port", Value::from(port));
    }
}

fn check_parts(draft: &mut Draft, kind: &str) {
    let has = |draft: &Draft, name: &str| draft.planned(name).is_some_and(|it| !it.is_null());
    let needs_one_of = |draft: &mut Draft, names: &[&str]| {
        let given = names.iter().any(|it| has(draft, it));
        draft.expect(given, names[0], format!("`{kind}` needs `{}`", names.join("` or `")));
    };
    if asks(kind) {
        needs_one_of(draft, &["fqdn", "ip_address"]);
    }
    match kind {
        "TCP" => needs_one_of(draft, &["port"]),
        "HTTP_STR_MATCH" | "HTTPS_STR_MATCH" => needs_one_of(draft, &["search_string"]),
        "CALCULATED" => needs_one_of(draft, &["child_healthchecks"]),
        "CLOUDWATCH_METRIC" => {
            needs_one_of(draft, &["cloudwatch_alarm_name"]);
            needs_one_of(draft, &["cloudwatch_alarm_region"]);
        }
        _ => {}
    }
}

fn check_numbers(draft: &mut Draft) {
    let mut within = |name: &str, fits: &dyn Fn(i64) -> bool, message: &str| {
        let given = draft.given(name).and_then(Value::as_i64);
        draft.expect(given.is_none_or(fits), name, message);
    };
    within("port", &|it| (1..=65535).contains(&it), "a port is 1 to 65535");
    within("request_interval", &|it| it == 10 || it == 30, "it is 10 or 30 seconds");
    within("failure_threshold", &|it| (1..=10).contains(&it), "it is 1 to 10");
    within("child_health_threshold", &|it| (0..=256).contains(&it), "it is 0 to 256");
    let regions = draft.given("regions").and_then(Value::as_list).map(<[Value]>::len);
    draft.expect(regions.is_none_or(|it| it >= 3), "regions", "it needs three regions at least");
}
