//! Environments on AWS whose state is lost: what their tags say is enough to remove them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::cloud::{Shop, ids};

/// How long an environment may take to be over that lives for a second.
const PATIENCE: Duration = Duration::from_secs(120);

/// The shop with a stage whose environments live for a second.
fn shop(stage: &str) -> Shop {
    let shop = Shop::new();
    let project = shop.read("greenroom.toml");
    let mut parts = project.split("[stage.");
    let head = parts.next().expect("what stands before the stages").to_owned();
    let short = |part: &str| match part.starts_with(&format!("{stage}]")) {
        true => part.replace("ttl      = \"2h\"", "ttl = \"1s\""),
        false => part.to_owned(),
    };
    let stages = parts.map(|part| format!("[stage.{}", short(part)));
    shop.write("greenroom.toml", &stages.fold(head, |all, stage| all + &stage));
    shop
}

fn expires(shop: &Shop, stage: &str) {
    let until = Instant::now() + PATIENCE;
    while shop.run(&["reap", stage]).code != Some(2) {
        assert!(Instant::now() < until, "it does not expire");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What there is of zones and of what nobody can tag.
fn zones(shop: &Shop) -> BTreeSet<String> {
    ids(&shop.ask_route53("GET /hostedzone", ""), "Id").into_iter().collect()
}

/// Makes an environment of `stage` beside one of `neighbour`, loses its state and reaps it.
fn is_reaped(stage: &str, neighbour: &str) {
    let shop = shop(stage);
    shop.expect(0, &["apply", neighbour, "--env", "stays", "--yes"]);
    let before = (shop.owned(), zones(&shop));
    shop.expect(0, &["apply", stage, "--env", "goes", "--yes"]);
    assert!(shop.owned().len() > before.0.len());
    expires(&shop, stage);
    std::fs::remove_dir_all(shop.path().join("state/shop-aws").join(stage)).expect("a state");
    shop.expect(2, &["reap"]);
    shop.expect(0, &["reap", "--yes"]);
    assert_eq!((shop.owned(), zones(&shop)), before);
    shop.expect(0, &["plan", neighbour, "--env", "stays", "--detailed-exitcode"]);
    shop.expect(0, &["state", "verify"]);
    shop.expect(0, &["destroy", neighbour, "--env", "stays", "--yes"]);
    assert_eq!(shop.owned(), BTreeSet::new());
}

#[test]
fn a_lost_shop_behind_a_load_balancer_goes_and_its_neighbour_stays() {
    is_reaped("integration", "dns");
}

#[test]
fn a_lost_shop_behind_dns_goes_and_its_neighbour_stays() {
    is_reaped("dns", "integration");
}
