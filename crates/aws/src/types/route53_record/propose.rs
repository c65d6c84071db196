//! The one form of a record at plan, and what cannot be right.

use std::net::{Ipv4Addr, Ipv6Addr};

use greenroom_model::value::Value;
use greenroom_provider::Draft;

use super::super::route53::{bare_id, normal_name};
use super::TYPES;
use super::record::unquoted;

/// The routing policies, of which a record has one at most.
const POLICIES: [&str; 4] = [
    "weighted_routing_policy",
    "failover_routing_policy",
    "latency_routing_policy",
    "multivalue_answer_routing_policy",
];

pub(super) fn propose(draft: &mut Draft) {
    let kind = text(draft, "type").unwrap_or_default();
    let known = kind.is_empty() || TYPES.contains(&kind.as_str());
    draft.expect(known, "type", format!("it is one of {}", TYPES.join(", ")));
    names(draft);
    normalise(draft, &kind);
    check_target(draft);
    check_values(draft, &kind);
    check_policies(draft);
}

fn names(draft: &mut Draft) {
    if let Some(name) = text(draft, "name") {
        let name = normal_name(&name);
        let fits = name.split('.').all(|label| label.len() <= 63) && name.len() <= 255;
        draft.expect(fits, "name", "a name has at most 255 characters, 63 between two dots");
        draft.set("name", name);
    }
    if let Some(zone) = text(draft, "zone_id") {
        draft.set("zone_id", bare_id(&zone).to_owned());
    }
}

fn normalise(draft: &mut Draft, kind: &str) {
    for name in ["records", "alias"].into_iter().chain(POLICIES) {
        let says_nothing = draft.known(name).is_some_and(|it| {
            it.as_list().is_some_and(<[Value]>::is_empty) || it.as_bool() == Some(false)
        });
        if says_nothing {
            draft.set(name, Value::Null);
        }
    }
    let plain = |value: &Value| value.as_str().map(|it| Value::from(unquoted(kind, it)));
    if let Some(values) = draft.given("records").filter(|it| !it.has_sensitive()) {
        let mut values: Vec<Value> =
            values.as_list().unwrap_or_default().iter().filter_map(plain).collect();
        values.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        values.dedup();
        draft.set("records", Value::from(values));
    }
    normalise_alias(draft);
}

/// Parts that are pending stay as they are.
fn normalise_alias(draft: &mut Draft) {
    let alias = draft.planned("alias").filter(|it| !it.has_sensitive());
    let Some([alias]) = alias.and_then(Value::as_list) else { return };
    let Some(fields) = alias.as_object() else { return };
    let mut fields = fields.clone();
    if let Some(name) = fields.get("name").and_then(Value::as_str).map(normal_name) {
        fields.insert("name".into(), Value::from(name));
    }
    draft.set("alias", Value::from(vec![Value::from(fields)]));
}

fn check_target(draft: &mut Draft) {
    let has = |draft: &Draft, name: &str| draft.planned(name).is_some_and(|it| !it.is_null());
    let (alias, records, ttl) = (has(draft, "alias"), has(draft, "records"), has(draft, "ttl"));
    if alias {
        draft.expect(!records, "records", "`alias` and `records` exclude each other");
        draft.expect(!ttl, "ttl", "an alias has the `ttl` of what it points to");
    } else {
        draft.expect(records, "records", "a record has `records` or `alias`");
        draft.expect(ttl || !records, "ttl", "`records` need a `ttl`");
    }
    let seconds = draft.given("ttl").and_then(Value::as_number);
    let fits = seconds
        .is_none_or(|it| it.as_i64().is_some_and(|it| (0..=i64::from(i32::MAX)).contains(&it)));
    draft.expect(fits, "ttl", format!("it is 0 to {} seconds", i32::MAX));
}

fn check_values(draft: &mut Draft, kind: &str) {
    let Some(values) = draft.given("records").and_then(Value::as_list).map(<[Value]>::to_vec)
    else {
        return;
    };
    draft.expect(kind != "CNAME" || values.len() == 1, "records", "a CNAME has one value");
    for (index, value) in values.iter().enumerate() {
        let Some(text) = value.as_str() else { continue };
        let fits = match kind {
            "A" => text.parse::<Ipv4Addr>().is_ok(),
            "AAAA" => text.parse::<Ipv6Addr>().is_ok(),
            _ => !text.is_empty(),
        };
        let message = format!("`{text}` is no value of a record of type {kind}");
        draft.expect(fits, &format!("records[{index}]"), message);
    }
}

fn check_policies(draft: &mut Draft) {
    let has = |draft: &Draft, name: &str| draft.planned(name).is_some_and(|it| !it.is_null());
    let given: Vec<&str> = POLICIES.into_iter().filter(|it| has(draft, it)).collect();
    if let [first, second, ..] = given.as_slice() {
        draft.wrong(second, format!("`{first}` and `{second}` exclude each other"), None);
    }
    match (given.first(), has(draft, "set_identifier")) {
        (Some(policy), false) => {
            draft.wrong("set_identifier", format!("`{policy}` needs it"), None);
        }
        (None, true) => {
            let message = "it needs a routing policy, such as `weighted_routing_policy`";
            draft.wrong("set_identifier", message, None);
        }
        _ => {}
    }
    let first = |draft: &Draft, policy: &str, name: &str| {
        draft.planned(policy)?.as_list()?.first()?.get(name).cloned()
    };
    if let Some(weight) = first(draft, POLICIES[0], "weight").and_then(|it| it.as_number()) {
        let fits = weight.as_i64().is_some_and(|it| (0..=255).contains(&it));
        let message = format!("the weight is {weight}, but it is a whole number, 0 to 255");
        draft.expect(fits, "weighted_routing_policy[0].weight", message);
    }
    let failover = first(draft, POLICIES[1], "type");
    let known = failover.as_ref().and_then(Value::as_str);
    let known = known.is_none_or(|it| matches!(it, "PRIMARY" | "SECONDARY"));
    draft.expect(known, "failover_routing_policy[0].type", "it is `PRIMARY` or `SECONDARY`");
    let identifier = text(draft, "set_identifier");
    let fits = identifier.is_none_or(|it| (1..=128).contains(&it.chars().count()));
    draft.expect(fits, "set_identifier", "it has 1 to 128 characters");
}

fn text(draft: &Draft, name: &str) -> Option<String> {
    draft.given(name).and_then(Value::as_str).map(str::to_owned)
}
