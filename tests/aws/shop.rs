//! The shop on AWS, from nothing to everything and back.

use std::collections::BTreeSet;

use crate::cloud::Shop;

/// Up, no changes, a change, down, nothing left.
fn lives(stage: &str) {
    let shop = Shop::new();
    shop.expect(0, &["apply", stage, "--yes"]);
    shop.expect(0, &["plan", stage, "--detailed-exitcode"]);
    shop.expect(2, &["plan", stage, "--detailed-exitcode", "--var", "web_count=3"]);
    shop.expect(0, &["apply", stage, "--yes", "--var", "web_count=3"]);
    shop.expect(0, &["plan", stage, "--detailed-exitcode", "--var", "web_count=3"]);
    assert!(!shop.owned().is_empty());
    shop.expect(0, &["destroy", stage, "--yes"]);
    assert_eq!(shop.owned(), BTreeSet::new());
    shop.account.assert_supported();
}

#[test]
fn the_shop_lives_behind_a_load_balancer() {
    lives("integration");
}

#[test]
fn the_shop_lives_behind_dns() {
    lives("dns");
}
