//! Weighted records share visitors out among load balancers.

use std::collections::BTreeSet;

use super::stage::{Called, actions, await_weight, changes, shop};

const PROMOTE: &[&str] = &["promote", "production-dns", "--yes"];

/// What a call changes of weighted records: what it does, to which, and the weight.
fn records(call: &Called) -> BTreeSet<(&str, &str, &str)> {
    let part = |end: &str| call.values(end);
    let (done, sets, weights) = (part("Action"), part("SetIdentifier"), part("Weight"));
    let records = done.into_iter().zip(sets).zip(weights);
    records.map(|((done, set), weight)| (done, set, weight)).collect()
}

/// The changes of records among some calls, in order.
fn shifts(calls: &[Called]) -> Vec<BTreeSet<(&str, &str, &str)>> {
    let shifts = calls.iter().filter(|it| it.action == "ChangeResourceRecordSets");
    shifts.map(records).collect()
}

#[test]
fn the_record_of_the_candidate_comes_with_its_first_weight_in_one_change_with_the_others() {
    let shop = shop("[25, 100]");
    shop.expect(0, PROMOTE);
    let first = changes(&shop);
    assert_eq!(first.last().map(|it| &*it.action), Some("ChangeResourceRecordSets"));
    assert_eq!(shifts(&first), [BTreeSet::from([("CREATE", "r1", "100")])]);

    shop.expect(0, PROMOTE);
    let second = changes(&shop);
    let first_shift = second.iter().position(|it| it.action == "ChangeResourceRecordSets");
    let (made, shifted) = second.split_at(first_shift.expect("a shift"));
    assert!(actions(made).contains(&"CreateLoadBalancer"), "{made:#?}");
    assert_eq!(
        shifts(shifted),
        [
            BTreeSet::from([("CREATE", "r2", "25"), ("UPSERT", "r1", "75")]),
            BTreeSet::from([("UPSERT", "r2", "100"), ("UPSERT", "r1", "0")]),
        ]
    );
    assert_eq!(shifted.len(), 2, "nothing else is changed: {shifted:#?}");

    // With one slot, too, no name is without a weight in between.
    shop.expect(0, &["rollback", "production-dns", "--yes", "--parallelism", "1"]);
    let back = changes(&shop);
    assert_eq!(back.len(), 1, "{back:#?}");
    assert_eq!(shifts(&back), [BTreeSet::from([("UPSERT", "r1", "100"), ("UPSERT", "r2", "0")])]);

    shop.expect(0, &["retire", "production-dns", "--yes"]);
    let retired = changes(&shop);
    assert_eq!(records(&retired[0]), BTreeSet::from([("DELETE", "r2", "0")]), "DNS lets go first");
    let removed = actions(&retired);
    assert!(removed.contains(&"DeleteLoadBalancer") && removed.contains(&"TerminateInstances"));
    shop.expect(0, &["destroy", "production-dns", "--yes", "--including-live"]);
    assert!(shop.owned().is_empty());
    shop.account.assert_supported();
}

#[test]
fn a_promotion_that_is_given_up_takes_the_record_of_the_candidate_back_in_one_change() {
    let shop = shop("[{ weight = 25, pause = \"approval\" }, 100]");
    shop.expect(0, PROMOTE);
    let promotion = shop.command(PROMOTE).spawn().expect("greenroom starts");
    await_weight(&shop, "production-dns", 1, 25);
    shop.account.clear_log();
    shop.expect(0, &["abort", "production-dns", "--yes"]);
    let ended = promotion.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(6));
    let back = BTreeSet::from([("UPSERT", "r1", "100"), ("DELETE", "r2", "25")]);
    assert_eq!(shifts(&changes(&shop)), [back]);
}
