//! The shop on AWS while everything goes wrong now and then, by seed.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use greenroom_emulator::{Pace, Weather};

use crate::cloud::Shop;

/// How many seeds are tried; `GREENROOM_AWS_SEEDS` says otherwise, and `GREENROOM_AWS_FROM` where
/// they begin.
const SEEDS: u64 = 30;

/// How many shops are up at a time.
const SHOPS: usize = 4;

/// How often a command may be needed until it succeeds: each attempt settles what the one before
/// left open, and goes on.
const ATTEMPTS: usize = 12;

#[test]
fn in_bad_weather_everything_converges_and_nothing_is_left_or_there_twice() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let try_seeds = || {
        while let Some(seed) =
            Some(next.fetch_add(1, Ordering::Relaxed)).filter(|it| seeds.contains(it))
        {
            weathers(if seed % 2 == 0 { "integration" } else { "dns" }, seed);
        }
    };
    thread::scope(|scope| (0..SHOPS).for_each(|_| drop(scope.spawn(try_seeds))));
}

fn seeds() -> Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let first = number("GREENROOM_AWS_FROM").unwrap_or(0);
    first..first + number("GREENROOM_AWS_SEEDS").unwrap_or(SEEDS)
}

fn weathers(stage: &str, seed: u64) {
    let shop = Shop::new();
    shop.account.set_weather(Weather::stormy(seed));
    shop.account.set_pace(Pace { unseen: 2, settling: 2, lingering: 2, vanishing: Some(3) });
    until_done(&shop, seed, &["apply", stage, "--yes"]);
    shop.account.clear_faults();
    let plan = shop.run(&["plan", stage, "--detailed-exitcode"]);
    assert_eq!(plan.code, Some(0), "seed {seed}, {stage}: {plan:?}");
    let owned = shop.owned();
    // Both have 2 machines, 2 subnets, and one each of network, gateway, table, balancer, group.
    let groups = if stage == "dns" { 1 } else { 2 };
    assert_eq!(owned.len(), 9 + groups, "seed {seed}, {stage}: {owned:?}");
    shop.account.set_weather(Weather::stormy(seed + 1_000_000));
    until_done(&shop, seed, &["apply", stage, "--yes", "--var", "web_count=3"]);
    until_done(&shop, seed, &["destroy", stage, "--yes"]);
    shop.account.clear_faults();
    assert_eq!(shop.owned(), BTreeSet::new(), "seed {seed}, {stage}");
    shop.account.assert_supported();
}

/// Runs a command until it succeeds; what it said is shown if the test fails.
fn until_done(shop: &Shop, seed: u64, arguments: &[&str]) {
    for attempt in 1..=ATTEMPTS {
        let ran = shop.run(arguments);
        let code = ran.code;
        eprintln!("seed {seed}, attempt {attempt} of {arguments:?}: {code:?}\n{}", ran.stderr);
        if code == Some(0) {
            return;
        }
    }
    panic!("seed {seed}: {arguments:?} does not succeed in {ATTEMPTS} attempts");
}
