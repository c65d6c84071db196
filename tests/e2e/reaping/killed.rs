//! SIGKILL of a reap of what is lost, at every fail point.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{expired, lose_states, world};
use crate::points::{About, EFFECTS, LEASE, PROBE, REMOVAL, passed, together};
use crate::world::World;

const REAP: &[&str] = &["reap", "--yes"];

/// How many worlds there are at a time.
const AT_A_TIME: usize = 6;

/// A world with an environment whose time is over and whose state is lost.
fn lost() -> World {
    let world = world();
    expired(&world, PROBE);
    lose_states(&world, "test");
    world
}

/// The uids of the world's objects, of which there is one of each type.
fn uids(world: &World) -> BTreeMap<String, String> {
    let folders = world.objects_of(PROBE).into_iter().chain(world.objects_of("front"));
    let root = world.path().join("root");
    let owners = folders.map(|it| root.join(it.kind).join(it.uid).join("owner.json"));
    let named = owners.map(|owner| {
        let text = fs::read_to_string(owner).expect("an owner");
        let owner: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let field = |name: &str| owner[name].as_str().expect("a text").to_owned();
        (field("type"), field("uid"))
    });
    named.collect()
}

#[test]
fn a_reap_killed_at_every_point_is_finished_by_the_next() {
    let probe = lost();
    let probed = uids(&probe);
    let log = probe.path().join("points");
    let points = passed(probe.command(REAP), &log, &[LEASE, EFFECTS, REMOVAL]);
    probe.assert_nothing_left();
    let killed = AtomicUsize::new(0);
    together(&points, AT_A_TIME, |_, point| {
        let _about = About(point);
        let world = lost();
        let own = uids(&world);
        let meant = |line: &str| {
            let uids = probed.iter().map(|(kind, uid)| (uid, &own[kind]));
            uids.fold(line.to_owned(), |line, (probed, own)| line.replace(probed, own))
        };
        if point.renamed(meant).kill(world.command(REAP), PROBE) {
            killed.fetch_add(1, Ordering::Relaxed);
        }
        world.expect(0, REAP);
        assert_eq!(world.processes(), []);
        assert_eq!(world.objects(), BTreeMap::new());
        world.expect(0, &["state", "verify"]);
    });
    println!("killed at {} fail points, local, reap of what is lost", killed.into_inner());
}
