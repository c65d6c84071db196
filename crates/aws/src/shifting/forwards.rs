//! Listeners and rules that share traffic out.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::plan::Horizon;
use greenroom_model::value::Value;
use greenroom_provider::CheckRequest;

use super::{Ahead, horizon, tables};
use crate::peers::key;

/// A `forward` of a listener or of a rule.
struct Forward<'a> {
    of: &'a CheckRequest,
    content: &'a Value,
}

pub(super) fn traps(ahead: &Ahead<'_>) -> Vec<String> {
    let forwards = forwards(ahead);
    let own = forwards.iter().filter_map(Forward::without_weight);
    own.chain(shared_groups(ahead, &forwards)).collect()
}

pub(super) fn horizons(ahead: &Ahead<'_>) -> Vec<Horizon> {
    forwards(ahead).iter().filter_map(Forward::sticky).collect()
}

fn forwards<'a>(ahead: &Ahead<'a>) -> Vec<Forward<'a>> {
    let listeners = ahead.of("aws_lb_listener").map(|it| (it, "default_action"));
    let rules = ahead.of("aws_lb_listener_rule").map(|it| (it, "action"));
    let actions = listeners
        .chain(rules)
        .flat_map(|(of, name)| tables(&of.planned, name).iter().map(move |action| (of, action)));
    let forwards = actions.flat_map(|(of, action)| {
        tables(action, "forward").iter().map(move |content| Forward { of, content })
    });
    forwards.collect()
}

impl<'a> Forward<'a> {
    fn groups(&self) -> &'a [Value] {
        tables(self.content, "target_group")
    }

    fn without_weight(&self) -> Option<String> {
        let weight = |it: &Value| it.get("weight").and_then(Value::as_i64);
        let groups = self.groups();
        let is_zero = !groups.is_empty() && groups.iter().all(|it| weight(it) == Some(0));
        is_zero.then(|| {
            format!(
                "`{}` gives weight 0 to all of its target groups: nobody serves",
                self.of.address
            )
        })
    }

    fn sticky(&self) -> Option<Horizon> {
        let [sticky] = tables(self.content, "stickiness") else { return None };
        sticky.get("enabled").and_then(Value::as_bool).filter(|it| *it)?;
        let seconds = sticky.get("duration").and_then(Value::as_i64)?;
        horizon(seconds, format!("`{}` keeps clients where they are", self.of.address))
    }

    /// The load balancer that it is of.
    fn balancer(&self, ahead: &Ahead<'_>) -> Option<String> {
        let of_listener = |it: &CheckRequest| key(it.planned.get("load_balancer_arn")?);
        match &*self.of.kind {
            "aws_lb_listener" => of_listener(self.of),
            _ => of_listener(ahead.peers.named(self.of.planned.get("listener_arn"))?),
        }
    }
}

/// AWS lets a target group be used by one load balancer alone.
fn shared_groups(ahead: &Ahead<'_>, forwards: &[Forward<'_>]) -> Vec<String> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for forward in forwards {
        let Some(balancer) = forward.balancer(ahead) else { continue };
        for arn in forward.groups().iter().filter_map(|it| it.get("arn")) {
            let Some(group) = key(arn) else { continue };
            let planned = ahead.peers.named(Some(arn));
            let name = planned.map_or_else(|| group.clone(), |it| it.address.to_string());
            names.insert(group.clone(), name);
            users.entry(group).or_default().insert(balancer.clone());
        }
    }
    let shared = users.iter().filter(|(_, balancers)| balancers.len() > 1);
    shared
        .map(|(group, _)| {
            format!("`{}` is behind two load balancers, which AWS refuses", names[group])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lasting, object, one, pending, said};
    use super::*;

    fn listener(name: &str, balancer: &str, forward: Value) -> CheckRequest {
        let action = one([("type", "forward".into()), ("forward", forward)]);
        let address = format!("front/aws_lb_listener.{name}");
        object(
            &address,
            Value::object([("load_balancer_arn", balancer.into()), ("default_action", action)]),
        )
    }

    fn weights(weights: &[(&'static str, i64)]) -> Value {
        let target = |(arn, weight): &(&'static str, i64)| {
            Value::object([("arn", pending(arn)), ("weight", Value::from(*weight))])
        };
        Value::list(weights.iter().map(target))
    }

    #[test]
    fn a_listener_without_any_weight_is_named() {
        let zero = one([("target_group", weights(&[("blue", 0), ("green", 0)]))]);
        assert_eq!(
            said(&[listener("http", "arn:a", zero)]),
            [
                "`front/aws_lb_listener.http` gives weight 0 to all of its target groups: nobody serves"
            ]
        );
        let some = one([("target_group", weights(&[("blue", 0), ("green", 1)]))]);
        assert!(said(&[listener("http", "arn:a", some)]).is_empty());
    }

    #[test]
    fn clients_that_are_kept_come_back_for_so_long() {
        let sticky = |enabled: bool| {
            let stickiness = one([("enabled", enabled.into()), ("duration", 3600.into())]);
            let forward =
                one([("target_group", weights(&[("blue", 1)])), ("stickiness", stickiness)]);
            [listener("http", "arn:a", forward)]
        };
        let why = "`front/aws_lb_listener.http` keeps clients where they are".to_owned();
        assert_eq!(lasting(&sticky(true)), [(3600, why)]);
        assert!(lasting(&sticky(false)).is_empty());
    }

    #[test]
    fn a_group_behind_two_load_balancers_is_named() {
        let to_blue = || one([("target_group", weights(&[("blue", 1)]))]);
        let group = object("r2/aws_lb_target_group.web", Value::object([("arn", pending("blue"))]));
        let two = [listener("a", "arn:a", to_blue()), listener("b", "arn:b", to_blue()), group];
        assert_eq!(
            said(&two)[0],
            "`r2/aws_lb_target_group.web` is behind two load balancers, which AWS refuses"
        );
        let same = [listener("a", "arn:a", to_blue()), listener("b", "arn:a", to_blue())];
        assert!(said(&same).is_empty());
    }
}
