//! SIGKILL of the binary at its fail points, and at the emulator before and after each call that
//! changes something.
//!
//! The life of an environment is to be made, changed, replaced and taken down. Each of these commands
//! is killed once, in each life at another place, and run again. Lives that are killed at fail points
//! share an account, beside a neighbour that nobody may touch.

mod bakes;
mod calls;
mod imports;
mod late;
mod site;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::points::{
    About, DECISIONS, EFFECTS, GONE, LEASE, PROBE, Point, READY, REMOVAL, SNAPSHOT, passed,
    together,
};
use site::Site;

/// How many environments are at work at a time.
const AT_A_TIME: usize = 4;

/// How many lives are lived in one account: where many machines have been, the emulator is slow.
const IN_ONE_ACCOUNT: usize = 12;

const APPLY: &[&str] = &["apply", "test", "--yes"];
const DESTROY: &[&str] = &["destroy", "test", "--yes"];

/// A command of a life.
struct Step {
    arguments: &'static [&'static str],
    /// The points that it must come by.
    comes_by: &'static [&'static [&'static str]],
}

impl Step {
    /// Only those lives are changed or replaced that are killed then.
    fn is_in_every_life(&self) -> bool {
        [APPLY, DESTROY].contains(&self.arguments)
    }
}

/// What every life begins with.
const MAKE: Step = Step { arguments: APPLY, comes_by: &[LEASE, EFFECTS, READY, SNAPSHOT] };

/// What a life may go on with.
const CHANGE: Step = Step {
    arguments: &["apply", "test", "--yes", "--var", "size=t3.small", "--var", "ttl=30"],
    comes_by: &[LEASE, EFFECTS, SNAPSHOT],
};
const REPLACE: Step = Step {
    arguments: &[
        "apply",
        "test",
        "--yes",
        "--var",
        "size=t3.small",
        "--var",
        "ttl=30",
        "--var",
        "generation=2",
    ],
    comes_by: &[LEASE, EFFECTS, READY, GONE, SNAPSHOT],
};

/// What every life ends with.
const REMOVE: Step = Step { arguments: DESTROY, comes_by: &[LEASE, EFFECTS, GONE, REMOVAL] };

const LIFE: [&Step; 4] = [&MAKE, &CHANGE, &REPLACE, &REMOVE];

/// Where a command can be killed.
trait Place: std::fmt::Debug + Sync {
    /// Runs a command about an environment until it is killed here; whether it was.
    fn kill(&self, site: &Site, command: Command, environment: &str) -> bool;
}

impl Place for Point {
    fn kill(&self, _: &Site, command: Command, environment: &str) -> bool {
        Point::kill(self, command, environment)
    }
}

/// For each step of a life, the places at which lives are killed there, in the order of a run.
type Places<P> = [Vec<P>; LIFE.len()];

/// How many lives it takes to be killed at all places.
fn lives<P>(places: &Places<P>) -> Vec<usize> {
    (0..places.iter().map(Vec::len).max().unwrap_or(0)).collect()
}

/// Lives a life that is killed in each step at the `number`th place from the last, and returns how
/// often it was killed. Last places come together, because a state goes with its environment only
/// if nothing was given up before: what may turn up late is still looked for.
fn live<P: Place>(site: &Site, environment: &str, places: &Places<P>, number: usize) -> usize {
    let mut killed = 0;
    for (step, places) in LIFE.iter().zip(places) {
        let place = places.iter().rev().nth(number);
        if place.is_none() && !step.is_in_every_life() {
            continue;
        }
        let _about = About((environment, step.arguments, place));
        if let Some(place) = place {
            let command = site.command(step.arguments, environment);
            killed += usize::from(place.kill(site, command, environment));
        }
        site.expect(step.arguments, environment);
        match place {
            _ if step.arguments == DESTROY => site.assert_gone(environment),
            Some(_) => site.assert_whole(step.arguments, environment),
            None => {}
        }
    }
    killed
}

/// The points of each step: those about operations once a kind and step, the others once.
fn points(site: &Site) -> Places<Point> {
    let mut others = BTreeSet::new();
    LIFE.map(|step| {
        let command = site.command(step.arguments, PROBE);
        let mut kinds = BTreeSet::new();
        let points = passed(command, &site.points(), step.comes_by).into_iter();
        let is_new = |point: &Point| match kind(point) {
            Some(kind) => kinds.insert(kind),
            None => others.insert(point.name().to_owned()),
        };
        points.filter(is_new).collect()
    })
}

/// What a point about an operation has in common with others for which it stands: its name, the kind
/// of the operation, and the type, once something may have been sent.
fn kind(point: &Point) -> Option<String> {
    let (_, name, about) = point.parts();
    let (operation, address) = about.split_once(':')?;
    if ["apply: before intent", "apply: before effect"].contains(&name) {
        return Some(format!("{name} {operation}"));
    }
    let block = address.rsplit('/').next()?;
    Some(format!("{name} {operation} {}", block.split('.').next()?))
}

/// Does `work` in an account beside a neighbour, which is then as it was, and alone.
fn beside_a_neighbour(work: impl FnOnce(&Site)) {
    let site = Site::new();
    let nothing = site.all();
    site.expect(APPLY, "neighbour");
    let (neighbour, alone) = (site.of("neighbour"), site.all());
    work(&site);
    assert_eq!(site.of("neighbour"), neighbour);
    assert_eq!(site.all(), alone);
    site.assert_whole(APPLY, "neighbour");
    site.expect(DESTROY, "neighbour");
    assert_eq!(site.all(), nothing);
    site.account().assert_supported();
}

/// Lives every second life, from this one on. Two halves are two tests, so that they run at the same
/// time, each with an emulator.
fn kill_at_fail_points(from: usize) {
    let places = points(&Site::new());
    let numbers: Vec<usize> = lives(&places).into_iter().skip(from).step_by(2).collect();
    let killed = AtomicUsize::new(0);
    for numbers in numbers.chunks(IN_ONE_ACCOUNT) {
        beside_a_neighbour(|site| {
            together(numbers, AT_A_TIME, |_, number| {
                let times = live(site, &format!("p{number}"), &places, *number);
                killed.fetch_add(times, Ordering::Relaxed);
            });
        });
    }
    println!("killed at {} fail points, aws", killed.into_inner());
}

#[test]
fn killed_at_one_half_of_the_fail_points_everything_converges() {
    kill_at_fail_points(0);
}

#[test]
fn killed_at_the_other_half_of_the_fail_points_everything_converges() {
    kill_at_fail_points(1);
}

#[test]
fn killed_before_or_after_any_call_everything_converges() {
    let places = calls::of_each(&LIFE);
    let killed = AtomicUsize::new(0);
    together(&lives(&places), AT_A_TIME, |_, number| {
        // Faults are an account's, so that each life has its own.
        let site = Site::new();
        let nothing = site.all();
        let times = live(&site, &format!("c{number}"), &places, *number);
        killed.fetch_add(times, Ordering::Relaxed);
        assert_eq!(site.all(), nothing);
        site.account().assert_supported();
    });
    println!("killed before or after {} calls, aws", killed.into_inner());
}

#[test]
fn a_recovery_killed_while_it_settles_converges() {
    // One of each way to be recognised: by tags, by what it lies in, by a claim, in a batch.
    let types = ["aws_vpc", "aws_route", "aws_route53_record", "aws_instance"];
    let opens = types.map(|it| format!("apply: effect done create {it}"));
    beside_a_neighbour(|site| {
        let [made, ..] = points(site);
        let is_open = |point: &Point| kind(point).is_some_and(|kind| opens.contains(&kind));
        let firsts = made.into_iter().filter(is_open);
        let twice: Vec<(Point, Point)> = firsts
            .flat_map(|first| DECISIONS.iter().map(move |name| (first.clone(), Point::first(name))))
            .collect();
        together(&twice, AT_A_TIME, |number, (first, second)| {
            let environment = format!("s{number}");
            let _about = About((&environment, first, second));
            first.kill(site.command(APPLY, &environment), &environment);
            second.kill(site.command(APPLY, &environment), &environment);
            site.expect(APPLY, &environment);
            site.assert_whole(APPLY, &environment);
            site.expect(DESTROY, &environment);
            site.assert_gone(&environment);
        });
        assert_eq!(twice.len(), types.len() * DECISIONS.len());
        println!("killed twice at {} pairs of fail points, aws, settling", twice.len());
    });
}
