//! A whole promotion and a whole rollback under traffic: nothing fails, and each side gets its share.

use std::time::{Duration, Instant};

use super::follow::follow;
use super::load::{BETWEEN, Load};
use super::stage::{entries, roster, world};

const CLIENTS: usize = 20;
const REQUESTS: u64 = 100_000;
/// As many answers of a section as make its share certain: of 4,000 answers at 50 %, two points
/// are 2.5 standard deviations for a random choice; the balancer's is even.
const ENOUGH: u64 = 4_000;

#[test]
fn nothing_fails_and_each_side_gets_its_share_through_a_promotion_and_a_rollback() {
    let steps = [5, 25, 50].map(|it| format!("{{ weight = {it}, pause = \"approval\" }}"));
    let world = world(&format!("steps = [{}, 100]\nretain = \"1h\"", steps.join(", ")));
    world.expect(0, &["promote", "production", "--yes"]);
    let url = world.output("production", "front.url");
    let load = Load::default();
    load.during(&url, CLIENTS, || {
        let mut section = BETWEEN;
        follow(&world, &["promote", "production", "--yes"], |phase| {
            let weight: u64 = phase["weight-".len()..].parse().expect("a weight");
            section += 1;
            load.enter(section);
            await_answers(&load, section, ENOUGH);
            load.enter(BETWEEN);
            let (all, own) = load.share(section, "r2");
            let points = (own as f64 / all as f64) * 100.0 - weight as f64;
            println!("{phase}: {own} of {all} answers, {points:+.2} points");
            assert!(points.abs() <= 2.0, "{phase}: {own} of {all}");
        });
        section += 1;
        load.enter(section);
        await_answers(&load, section, ENOUGH);
        let (all, own) = load.share(section, "r2");
        assert_eq!(own, all, "all traffic is on the new side");
        load.enter(BETWEEN);
        world.expect(0, &["rollback", "production", "--yes"]);
        section += 1;
        load.enter(section);
        await_answers(&load, section, ENOUGH);
        let (all, own) = load.share(section, "r1");
        assert_eq!(own, all, "all traffic is back");
        await_sent(&load);
    });
    load.assert_no_failures();
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "retained", 0)]));
    println!("{} requests, none failed", load.sent());
}

fn await_answers(load: &Load, section: usize, enough: u64) {
    let limit = Instant::now() + Duration::from_secs(60);
    while load.share(section, "").0 < enough {
        assert!(Instant::now() < limit, "too few answers in a minute: {load:?}");
        std::thread::yield_now();
    }
}

fn await_sent(load: &Load) {
    let limit = Instant::now() + Duration::from_secs(180);
    while load.sent() < REQUESTS {
        assert!(Instant::now() < limit, "only {} requests in three minutes", load.sent());
        std::thread::sleep(Duration::from_millis(20));
    }
}
