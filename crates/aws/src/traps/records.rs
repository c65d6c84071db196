//! Records that share visitors out.

use std::collections::BTreeMap;

use greenroom_model::value::Value;
use greenroom_provider::CheckRequest;

use super::{Ahead, tables};
use crate::peers::key;

/// How many seconds an answer with the name of a load balancer may be kept; nobody can change it
/// (Route 53 Developer Guide, "Choosing between alias and non-alias records").
const ALIAS_TTL: i64 = 60;

pub(super) fn traps(ahead: &Ahead<'_>) -> Vec<String> {
    let sets = sets(ahead);
    let own = sets.values().filter_map(|set| without_weight(set)).collect::<Vec<_>>().into_iter();
    let kept = sets.values().filter_map(|set| kept_too_long(set, ahead));
    own.chain(kept).chain(answered_without_targets(ahead)).collect()
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

fn kept_too_long(set: &[&CheckRequest], ahead: &Ahead<'_>) -> Option<String> {
    let ttl = |it: &CheckRequest| match tables(&it.planned, "alias") {
        [] => it.planned.get("ttl").and_then(Value::as_i64).unwrap_or_default(),
        _ => ALIAS_TTL,
    };
    let longest = set.iter().max_by_key(|it| ttl(it))?;
    let seconds = ttl(longest);
    let pause = ahead.outlived_by(seconds)?;
    let why = match tables(&longest.planned, "alias") {
        [] => "",
        _ => ", as always for an alias",
    };
    Some(format!(
        "answers of `{}` are kept for {seconds} s{why}, and the shortest pause is {pause:?}: weights \
         are reached later than the steps say",
        longest.address
    ))
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
    use super::super::tests::{object, one, pending, said};
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
        let [trap] = &said(&[record("a", 0, ttl()), record("b", 0, ttl())], 60)[..] else {
            panic!("one trap")
        };
        assert!(trap.starts_with("`front/aws_route53_record.a` and all beside it"), "{trap}");
        assert!(said(&[record("a", 0, ttl()), record("b", 1, ttl())], 60).is_empty());
    }

    #[test]
    fn answers_that_are_kept_longer_than_a_pause_are_named_with_both_times() {
        let said_of = |target, pause| said(&[record("a", 1, target)], pause);
        let [trap] = &said_of(("ttl", 300.into()), 120)[..] else { panic!("one trap") };
        assert!(trap.contains("for 300 s, and the shortest pause is 120s"), "{trap}");
        let [trap] = &said_of(alias(false), 30)[..] else { panic!("one trap") };
        assert!(trap.contains("for 60 s, as always for an alias, and"), "{trap}");
        assert!(said_of(alias(false), 60).is_empty());
    }

    #[test]
    fn a_group_without_targets_is_named_where_its_health_decides() {
        let group =
            || object("r2/aws_lb_target_group.web", Value::object([("arn", pending("web"))]));
        let attached = object(
            "r2/aws_lb_target_group_attachment.web",
            Value::object([("target_group_arn", pending("web"))]),
        );
        let [trap] = &said(&[record("a", 1, alias(true)), group()], 60)[..] else {
            panic!("one trap")
        };
        assert!(trap.contains("attached to `r2/aws_lb_target_group.web`"), "{trap}");
        assert!(said(&[record("a", 1, alias(true)), group(), attached], 60).is_empty());
        assert!(said(&[record("a", 1, alias(false)), group()], 60).is_empty());
    }
}
