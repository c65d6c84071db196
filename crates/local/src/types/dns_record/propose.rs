//! The one form of a record at plan, and what cannot be right.

use std::collections::BTreeSet;

use greenroom_model::value::Value;
use greenroom_provider::{Proposal, ProposeRequest};

use super::super::arguments::{ACTIVE, Draft};
use super::{HealthCheckTable, RecordKind};
use crate::runtime::dns;

/// The longest set identifier (Route 53 API Reference, ResourceRecordSet).
const SET_IDENTIFIER_MAX: usize = 128;

pub(super) fn propose(request: ProposeRequest) -> Proposal {
    let uid = request.uid.clone();
    let mut draft = Draft::new(request);
    check_name(&mut draft);
    let kind = kind(&mut draft);
    check_ttl(&mut draft);
    // In one order, each once: as they are read back.
    draft.normalise::<BTreeSet<String>>("records", |values| values);
    check_values(&mut draft, kind);
    check_routing(&mut draft);
    if let Some(table) = draft.normalise("health_check", HealthCheckTable::complete) {
        check_health_check(&mut draft, &table);
    }
    draft.set("id", &*uid.0);
    draft.set("state", ACTIVE);
    draft.finish()
}

fn check_name(draft: &mut Draft) {
    let Some(name) = draft.typed::<String>("name").filter(|name| !name.is_empty()) else { return };
    if let Err(message) = dns::name(&name) {
        draft.wrong("name", message, None);
    }
    let inner_star = name.split('.').skip(1).any(|part| part.contains('*'));
    draft.expect(!inner_star, "name", "`*` can only be the first part of a name");
}

fn kind(draft: &mut Draft) -> Option<RecordKind> {
    let text: String = draft.typed("type")?;
    let kind = RecordKind::ALL.into_iter().find(|kind| kind.name() == text);
    if kind.is_none() {
        let all = RecordKind::ALL.map(|kind| format!("`{}`", kind.name())).join(", ");
        let help = format!("it is one of {all}");
        draft.wrong("type", format!("`{text}` is no type of record here"), Some(&help));
    }
    kind
}

fn check_ttl(draft: &mut Draft) {
    let Some(ttl) = draft.given("ttl").and_then(Value::as_number) else { return };
    let fits = ttl.as_i64().is_some_and(|ttl| (0..=i64::from(i32::MAX)).contains(&ttl));
    draft.expect(fits, "ttl", format!("it is 0 to {} whole seconds", i32::MAX));
}

fn check_values(draft: &mut Draft, kind: Option<RecordKind>) {
    let Some(values) = draft.planned("records").and_then(Value::as_list).map(<[Value]>::to_vec)
    else {
        return;
    };
    draft.expect(!values.is_empty(), "records", "a record has a value");
    let single = kind != Some(RecordKind::Cname) || values.len() <= 1;
    draft.expect(single, "records", "a CNAME has one value");
    let Some(kind) = kind else { return };
    for text in values.iter().filter_map(Value::as_str) {
        if let Err(message) = dns::data(kind, text) {
            draft.wrong("records", message, None);
        }
    }
}

fn check_routing(draft: &mut Draft) {
    let has = |name: &str| draft.planned(name).is_some_and(|value| !value.is_null());
    let policy = "weighted_routing_policy";
    let (set, weighted, checked) = (has("set_identifier"), has(policy), has("health_check"));
    draft.expect(set || !weighted, "set_identifier", format!("`{policy}` needs it"));
    draft.expect(weighted || !set, policy, "`set_identifier` needs it");
    // Route 53 answers with a simple record whatever its health check says.
    let counts = weighted || !checked;
    draft.expect(counts, "health_check", format!("it has no effect without `{policy}`"));
    if let Some(set) = draft.typed::<String>("set_identifier") {
        let fits = (1..=SET_IDENTIFIER_MAX).contains(&set.chars().count());
        draft.expect(fits, "set_identifier", "it has 1 to 128 characters");
    }
    let weight = draft.planned(policy).and_then(|policy| policy.get("weight"));
    if let Some(weight) = weight.and_then(Value::as_number) {
        let fits = weight.as_i64().is_some_and(|weight| (0..=255).contains(&weight));
        let message = format!("{weight} is no weight: it is a whole number from 0 to 255");
        draft.expect(fits, "weighted_routing_policy.weight", message);
    }
}

fn check_health_check(draft: &mut Draft, table: &HealthCheckTable) {
    if let Err(message) = dns::check_target(&table.url) {
        draft.wrong("health_check.url", message, None);
    }
    let positive = [
        ("health_check.interval", table.interval.is_some_and(|interval| interval.0 > 0)),
        ("health_check.timeout", table.timeout.is_some_and(|timeout| timeout.0 > 0)),
        ("health_check.failure_threshold", table.failure_threshold != Some(0)),
    ];
    for (name, holds) in positive {
        draft.expect(holds, name, "it is not greater than 0");
    }
}
