//! The shop on AWS, from nothing to everything and back.

use greenroom_emulator::{Pace, Weather};

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
    assert_eq!(shop.owned(), Vec::<String>::new());
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

/// How many seeds of bad weather are tried; `GREENROOM_AWS_SEEDS` says otherwise.
const SEEDS: u64 = 30;

/// How often a command may be needed until it succeeds: each attempt settles what the one before
/// left open, and goes on.
const ATTEMPTS: usize = 12;

#[test]
fn in_bad_weather_everything_converges_and_nothing_is_left_by_seed() {
    let seeds = std::env::var("GREENROOM_AWS_SEEDS").ok().and_then(|it| it.parse().ok());
    let first = std::env::var("GREENROOM_AWS_FROM").ok().and_then(|it| it.parse().ok());
    let first: u64 = first.unwrap_or(0);
    for seed in first..first + seeds.unwrap_or(SEEDS) {
        weathers(if seed % 2 == 0 { "integration" } else { "dns" }, seed);
    }
}

fn weathers(stage: &str, seed: u64) {
    let shop = Shop::new();
    shop.account.set_weather(Weather::stormy(seed));
    shop.account.set_pace(Pace { unseen: 2, settling: 2, lingering: 2, vanishing: Some(3) });
    until_done(&shop, seed, &["apply", stage, "--yes"]);
    let again = shop.account.clone();
    again.clear_faults();
    let plan = shop.run(&["plan", stage, "--detailed-exitcode"]);
    assert_eq!(plan.code, Some(0), "seed {seed}, {stage}: {plan:?}");
    let once = shop.owned().len();
    // Both have 2 machines, 2 subnets, and one each of network, gateway, table, balancer, group.
    let groups = if stage == "dns" { 1 } else { 2 };
    assert_eq!(once, 9 + groups, "seed {seed}, {stage}: {:?}", shop.owned());
    shop.account.set_weather(Weather::stormy(seed + 1_000_000));
    until_done(&shop, seed, &["apply", stage, "--yes", "--var", "web_count=3"]);
    until_done(&shop, seed, &["destroy", stage, "--yes"]);
    shop.account.clear_faults();
    assert_eq!(shop.owned(), Vec::<String>::new(), "seed {seed}, {stage}");
    shop.account.assert_supported();
}

/// Runs a command until it succeeds.
fn until_done(shop: &Shop, seed: u64, arguments: &[&str]) {
    let mut said = String::new();
    for _ in 0..ATTEMPTS {
        let ran = shop.run(arguments);
        if ran.code == Some(0) {
            return;
        }
        said = format!("{}\n{}", ran.stdout, ran.stderr);
    }
    panic!("seed {seed}: {arguments:?} does not succeed in {ATTEMPTS} attempts:\n{said}");
}
