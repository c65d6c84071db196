//! The listener of the front shares requests out among target groups.

use std::collections::BTreeMap;

use super::stage::{Called, actions, changes, id, shop};
use crate::cloud::Shop;

const PROMOTE: &[&str] = &["promote", "production", "--yes"];

/// The target group of an environment.
fn group(shop: &Shop, environment: &str) -> String {
    id(shop, "production", &format!("{environment}/aws_lb_target_group.web"))
}

/// The weights that a call gives to target groups.
fn weights(call: &Called) -> BTreeMap<&str, &str> {
    // One that forwards to one group alone may say so in a second place, without a weight.
    call.values("TargetGroupArn").into_iter().zip(call.values("Weight")).collect()
}

/// What the calls gave to each of two environments, in order; only such calls.
fn shifts<'c>(calls: &'c [Called], r1: &str, r2: &str) -> Vec<(&'c str, &'c str)> {
    assert!(actions(calls).iter().all(|it| *it == "ModifyListener"), "{calls:#?}");
    let weights = calls.iter().map(weights);
    weights.map(|it| (it[r1], it[r2])).collect()
}

#[test]
fn the_candidate_is_in_the_listener_before_it_has_weight_and_the_old_side_is_left_alone() {
    let shop = shop("[25, 100]");
    shop.expect(0, PROMOTE);
    let first = changes(&shop);
    let (last, before) = first.split_last().expect("calls");
    assert_eq!(last.action, "CreateListener", "who sends traffic is made last");
    assert!(!actions(before).contains(&"CreateListener"));
    let r1 = group(&shop, "r1");
    assert_eq!(weights(last), BTreeMap::from([(&*r1, "100")]));

    shop.account.clear_log();
    shop.expect(0, PROMOTE);
    let second = changes(&shop);
    let r2 = group(&shop, "r2");
    let first_shift = second.iter().position(|it| it.action == "ModifyListener");
    let (made, shifted) = second.split_at(first_shift.expect("a shift"));
    let mut made = actions(made);
    made.sort_unstable();
    made.dedup();
    assert_eq!(
        made,
        ["CreateTargetGroup", "ModifyTargetGroupAttributes", "RegisterTargets", "RunInstances"]
    );
    assert_eq!(shifts(shifted, &r1, &r2), [("100", "0"), ("75", "25"), ("0", "100")]);
    let of_r1 = [&r1, &id(&shop, "production", "r1/aws_instance.web[0]")].map(|it| it.clone());
    let touched = second.iter().filter(|it| it.action != "ModifyListener");
    let touched: Vec<_> = touched.filter(|it| of_r1.iter().any(|id| it.names(id))).collect();
    assert!(touched.is_empty(), "{touched:#?}");

    shop.account.clear_log();
    shop.expect(0, &["rollback", "production", "--yes"]);
    assert_eq!(shifts(&changes(&shop), &r1, &r2), [("100", "0")], "in one step");

    shop.account.clear_log();
    shop.expect(0, &["retire", "production", "--yes"]);
    let retired = changes(&shop);
    let (listener, removed) = retired.split_first().expect("calls");
    assert_eq!(weights(listener), BTreeMap::from([(&*r1, "100")]), "the listener lets go first");
    let mut removed = actions(removed);
    removed.sort_unstable();
    removed.dedup();
    assert_eq!(removed, ["DeleteTargetGroup", "DeregisterTargets", "TerminateInstances"]);
    shop.expect(0, &["destroy", "production", "--yes", "--including-live"]);
    assert!(shop.owned().is_empty());
    shop.account.assert_supported();
}
