//! What is known of a load balancer at plan, and what cannot be right.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_model::value::Value;
use greenroom_provider::Draft;

use super::elb;
use super::logs::{self, Logs};

pub(super) fn propose(draft: &mut Draft) {
    elb::check_name(draft);
    draft.set_if_unknown("internal", false);
    draft.set_if_unknown("ip_address_type", "ipv4");
    for name in logs::NAMES {
        if let Some(logs) = draft.typed::<Vec<Logs>>(name) {
            draft.set(name, greenroom_provider::value(&Logs::normal(logs)));
        }
    }
    check_words(draft);
    check_numbers(draft);
    let kind = draft.given("load_balancer_type").and_then(Value::as_str).map(str::to_owned);
    subnets(draft, kind.as_deref());
    security_groups(draft, kind.as_deref());
}

fn check_words(draft: &mut Draft) {
    let words: [(&str, &[&str]); 5] = [
        ("load_balancer_type", &["application", "network", "gateway"]),
        ("ip_address_type", &["ipv4", "dualstack", "dualstack-without-public-ipv4"]),
        ("xff_header_processing_mode", &["append", "preserve", "remove"]),
        ("desync_mitigation_mode", &["monitor", "defensive", "strictest"]),
        (
            "dns_record_client_routing_policy",
            &[
                "any_availability_zone",
                "availability_zone_affinity",
                "partial_availability_zone_affinity",
            ],
        ),
    ];
    for (name, words) in words {
        let given = draft.given(name).and_then(Value::as_str);
        let known = given.is_none_or(|it| words.contains(&it));
        draft.expect(known, name, format!("it is one of {}", words.join(", ")));
    }
}

fn check_numbers(draft: &mut Draft) {
    for (name, least, most) in [("idle_timeout", 1, 4000), ("client_keep_alive", 60, 604_800)] {
        let given = draft.given(name).and_then(Value::as_i64);
        let fits = given.is_none_or(|it| (least..=most).contains(&it));
        draft.expect(fits, name, format!("it is {least} to {most} seconds"));
    }
}

/// Subnets are given plainly or with addresses; each form follows the other.
fn subnets(draft: &mut Draft, kind: Option<&str>) {
    let prior = draft.prior().cloned();
    let planned = |name: &str| draft.planned(name).filter(|it| !it.is_pending() && !it.is_null());
    let (plain, mapped) = (planned("subnets").cloned(), planned("subnet_mapping").cloned());
    let Some(prior) = prior else {
        return new_subnets(draft, kind, plain.as_ref(), mapped.as_ref());
    };
    let differs = |name: &str, now: &Option<Value>| {
        now.as_ref().is_some_and(|now| prior.get(name) != Some(now))
    };
    if differs("subnets", &plain) {
        let plain = plain.unwrap_or_default();
        replace_if_lost(draft, kind, &prior, &plain, "subnets");
        draft.set("subnet_mapping", plain_mappings(&plain));
    } else if differs("subnet_mapping", &mapped) {
        let plain = subnet_ids(&mapped.unwrap_or_default());
        replace_if_lost(draft, kind, &prior, &plain, "subnet_mapping");
        draft.set("subnets", plain);
    }
}

fn new_subnets(
    draft: &mut Draft,
    kind: Option<&str>,
    plain: Option<&Value>,
    mapped: Option<&Value>,
) {
    let count = |it: Option<&Value>| it.and_then(Value::as_list).map(<[Value]>::len);
    match (plain, mapped) {
        (Some(_), Some(_)) => {
            draft.wrong(
                "subnet_mapping",
                "`subnets` and `subnet_mapping` exclude each other",
                None,
            );
        }
        (None, Some(mapped)) => draft.set("subnets", subnet_ids(mapped)),
        _ => {}
    }
    let least = if kind == Some("application") { 2 } else { 1 };
    // What is left out and what is only known later look the same here.
    let enough = count(plain.or(mapped)).is_none_or(|count| count >= least);
    draft.expect(enough, "subnets", format!("it needs {least} at least, each in another zone"));
}

/// Subnets of a network load balancer can be added and not taken away; those of a gateway stay.
fn replace_if_lost(draft: &mut Draft, kind: Option<&str>, prior: &Value, now: &Value, name: &str) {
    let set = |it: Option<&Value>| -> BTreeSet<Arc<str>> {
        let all = it.and_then(Value::as_list).unwrap_or_default();
        all.iter().filter_map(|it| Some(it.as_str()?.into())).collect()
    };
    let (before, now_set) = (set(prior.get("subnets")), set(Some(now)));
    let is_lost = match kind {
        Some("network") => !now.has_pending() && !before.is_subset(&now_set),
        Some("gateway") => before != now_set,
        _ => false,
    };
    if is_lost {
        draft.replaces(name);
    }
}

/// A network load balancer that was made without security groups never gets some, and one that
/// has some keeps at least one.
fn security_groups(draft: &mut Draft, kind: Option<&str>) {
    let count = |it: Option<&Value>| it.and_then(Value::as_list).map_or(0, <[Value]>::len);
    let now = count(draft.known("security_groups"));
    let before = draft.prior().map(|prior| count(prior.get("security_groups")));
    let is_other = before.is_some_and(|before| (before == 0) != (now == 0));
    if kind == Some("network") && is_other && draft.known("security_groups").is_some() {
        draft.replaces("security_groups");
    }
    let given = draft.prior().is_none() && now > 0;
    let message = "a gateway load balancer has no security groups";
    draft.expect(!(kind == Some("gateway") && given), "security_groups", message);
}

fn subnet_ids(mapped: &Value) -> Value {
    let mappings = mapped.as_list().unwrap_or_default().iter();
    let mut ids: Vec<Value> = mappings.filter_map(|it| it.get("subnet_id")).cloned().collect();
    ids.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Value::from(ids)
}

fn plain_mappings(plain: &Value) -> Value {
    let mapping = |subnet: &Value| {
        Value::object([
            ("allocation_id", Value::Null),
            ("ipv6_address", Value::Null),
            ("outpost_id", Value::Null),
            ("private_ipv4_address", Value::Null),
            ("subnet_id", subnet.clone()),
        ])
    };
    Value::list(plain.as_list().unwrap_or_default().iter().map(mapping))
}
