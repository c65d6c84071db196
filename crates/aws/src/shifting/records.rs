//! Records that share visitors out.

use std::collections::BTreeMap;

use greenroom_model::plan::Horizon;
use greenroom_model::value::Value;
use greenroom_provider::CheckRequest;

use super::{Ahead, horizon, tables};
use crate::peers::key;

/// How many seconds an answer with the name of a load balancer may be kept; nobody can change it
/// (Route 53 Developer Guide, "Choosing between alias and non-alias records").
const ALIAS_TTL: i64 = 60;

pub(super) fn traps(ahead: &Ahead<'_>) -> Vec<String> {
    let sets = sets(ahead);
    let own = sets.values().filter_map(|set| without_weight(set));
    own.chain(answered_without_targets(ahead)).collect()
}

pub(super) fn horizons(ahead: &Ahead<'_>) -> Vec<Horizon> {
    sets(ahead).values().filter_map(|set| kept_answers(set)).collect()
}

/// The weighted records that answer together, by what they have in common.
fn sets<'a>(ahead: &Ahead<'a>) -> BTreeMap<Vec<String>, Vec<&'a CheckRequest>> {
    let mut sets: BTreeMap<Vec<String>, Vec<&CheckRequest>> = BTreeMap::new();
    let weighted = |it: &&CheckRequest| !tables(&it.planned, "weighted_routing_policy").is_empty();
    for record in ahead.of("aws_route53_record").filter(weighted) {
        let common = ["zone_id", "name", "type"].map(|name| key(record.planned.get(name)?));
        if let Some(common) = common.into_iter().collect::<Option<Vec<_>>>() {
            sets.entry(common).or_default().push(record);
        }
    }
    sets
}

fn without_weight(set: &[&CheckRequest]) -> Option<String> {
    let weight = |it: &CheckRequest| {
        let policy = tables(&it.planned, "weighted_routing_policy").first()?;
        policy.get("weight").and_then(Value::as_i64)
    };
    let is_zero = set.iter().all(|it| weight(it) == Some(0));
    is_zero.then(|| {
        let first = &set[0].address;
        format!(
            "`{first}` and all beside it have weight 0: Route 53 answers with all of them alike"
        )
    })
}

/// The answer that is kept longest.
fn kept_answers(set: &[&CheckRequest]) -> Option<Horizon> {
    let is_alias = |it: &CheckRequest| !tables(&it.planned, "alias").is_empty();
    let ttl = |it: &CheckRequest| match is_alias(it) {
        true => Some(ALIAS_TTL),
        false => it.planned.get("ttl").and_then(Value::as_i64),
    };
    let longest = set.iter().max_by_key(|it| ttl(it))?;
    let fixed = if is_alias(longest) { ", as always for an alias" } else { "" };
    horizon(ttl(longest)?, format!("answers with `{}` are kept{fixed}", longest.address))
}

/// A load balancer whose group has no targets is taken for one that is not healthy.
fn answered_without_targets(ahead: &Ahead<'_>) -> Vec<String> {
    let evaluates = |it: &&CheckRequest| {
        let alias = tables(&it.planned, "alias").first();
        let evaluate = alias.and_then(|it| it.get("evaluate_target_health"));
        evaluate.and_then(Value::as_bool) == Some(true)
    };
    let Some(record) = ahead.of("aws_route53_record").find(evaluates) else { return Vec::new() };
    let attached: Vec<&CheckRequest> = ahead
        .of("aws_lb_target_group_attachment")
        .filter_map(|it| ahead.peers.named(it.planned.get("target_group_arn")))
        .collect();
    let is_empty = |it: &&CheckRequest| !attached.iter().any(|group| group.address == it.address);
    let empty = ahead.of("aws_lb_target_group").filter(is_empty);
    empty
        .map(|group| {
            format!(
                "nothing here is attached to `{}`: if nothing else is, a record that evaluates the \
                 health of targets, as `{}` does, is not answered with its load balancer",
                group.address, record.address
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lasting, object, one, pending, said};
    use super::*;

    fn record(name: &str, weight: i64, target: (&'static str, Value)) -> CheckRequest {
        object(
            &format!("front/aws_route53_record.{name}"),
            Value::object([
                ("zone_id", "Z1".into()),
                ("name", "www".into()),
                ("type", "A".into()),
                ("weighted_routing_policy", one([("weight", weight.into())])),
                target,
            ]),
        )
    }

    fn alias(evaluates: bool) -> (&'static str, Value) {
        let name = Value::from("lb.example");
        ("alias", one([("name", name), ("evaluate_target_health", evaluates.into())]))
    }

    #[test]
    fn a_set_without_any_weight_is_named() {
        let ttl = || ("ttl", Value::from(10));
        let [trap] = &said(&[record("a", 0, ttl()), record("b", 0, ttl())])[..] else {
            panic!("one trap")
        };
        assert!(trap.starts_with("`front/aws_route53_record.a` and all beside it"), "{trap}");
        assert!(said(&[record("a", 0, ttl()), record("b", 1, ttl())]).is_empty());
    }

    #[test]
    fn answers_are_kept_for_their_ttl_and_those_of_an_alias_for_a_minute() {
        let why = "answers with `front/aws_route53_record.b` are kept".to_owned();
        let plain = [record("a", 1, ("ttl", 10.into())), record("b", 1, ("ttl", 300.into()))];
        assert_eq!(lasting(&plain), [(300, why.clone())]);
        let alias = [record("b", 1, alias(false))];
        assert_eq!(lasting(&alias), [(60, why + ", as always for an alias")]);
    }

    #[test]
    fn a_group_without_targets_is_named_where_its_health_decides() {
        let group =
            || object("r2/aws_lb_target_group.web", Value::object([("arn", pending("web"))]));
        let attached = object(
            "r2/aws_lb_target_group_attachment.web",
            Value::object([("target_group_arn", pending("web"))]),
        );
        let [trap] = &said(&[record("a", 1, alias(true)), group()])[..] else { panic!("one trap") };
        assert!(trap.contains("attached to `r2/aws_lb_target_group.web`"), "{trap}");
        assert!(said(&[record("a", 1, alias(true)), group(), attached]).is_empty());
        assert!(said(&[record("a", 1, alias(false)), group()]).is_empty());
    }
}
