//! Being killed in a bake: the next one makes one image of it, or reaping leaves nothing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{AT_A_TIME, kind};
use crate::baking::Kitchen;
use crate::cloud::ids;
use crate::points::{About, EFFECTS, GONE, LEASE, Point, READY, passed, together};

/// The points of a bake: those about operations once a kind, the others once.
fn points() -> Vec<Point> {
    let kitchen = Kitchen::of_two_regions();
    let log = kitchen.shop.path().join("points");
    let command = kitchen.shop.command(&["bake", "web"]);
    let mut seen = BTreeSet::new();
    let passed = passed(command, &log, &[LEASE, EFFECTS, READY, GONE]).into_iter();
    passed.filter(|it| seen.insert(kind(it).unwrap_or_else(|| it.name().to_owned()))).collect()
}

#[test]
fn a_bake_that_is_killed_anywhere_is_gone_on_with_by_the_next() {
    let killed = AtomicUsize::new(0);
    together(&points(), AT_A_TIME, |_, point| {
        let _about = About(point);
        let kitchen = Kitchen::of_two_regions();
        let was = point.kill(kitchen.shop.command(&["bake", "web"]), "web");
        killed.fetch_add(usize::from(was), Ordering::Relaxed);
        kitchen.bakes();
        kitchen.assert_baked_in_two_regions();
        kitchen.shop.expect(0, &["state", "verify"]);
    });
    println!("killed at {} fail points, baking", killed.into_inner());
}

/// What a bake leaves that nobody goes on with, and whose state is lost, goes when its time is over.
#[test]
fn what_a_killed_bake_leaves_is_reaped_by_its_tags() {
    let kitchen = Kitchen::new("echo one\n");
    let made = "apply: object ready create aws_ami_from_instance";
    let points = points();
    let point = points.iter().find(|it| kind(it).as_deref() == Some(made)).expect("an image");
    let command = kitchen.shop.command(&["bake", "web"]);
    assert!(point.kill(command, "web"));
    std::fs::remove_dir_all(kitchen.shop.path().join("state/shop/images")).expect("a state");
    kitchen.shop.expect(0, &["reap"]);
    let ours = "Filter.1.Name=tag-key&Filter.1.Value.1=greenroom%3Aexpires";
    for (action, id) in [("DescribeImages", "imageId"), ("DescribeInstances", "instanceId")] {
        for id in ids(&kitchen.shop.ask("ec2", &format!("Action={action}&{ours}")), id) {
            let over = "Tag.1.Key=greenroom%3Aexpires&Tag.1.Value=2026-01-01T00%3A00%3A00Z";
            kitchen.shop.ask("ec2", &format!("Action=CreateTags&ResourceId.1={id}&{over}"));
        }
    }
    kitchen.shop.expect(2, &["reap"]);
    kitchen.shop.expect(0, &["reap", "--yes"]);
    kitchen.assert_clean();
}
