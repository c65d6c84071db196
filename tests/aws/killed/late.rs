//! What turns up after it was given up.

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use greenroom_emulator::{Fault, Outcome, Rule};

use super::{APPLY, DESTROY, Site};
use crate::points::{LATE, Point, together};

/// How long a call is under way: longer than settling looks for what it makes, four seconds.
const UNDER_WAY: Duration = Duration::from_secs(30);

const CREATE: &str = "ec2:CreateVpc";

/// Kills an apply whose first call is under way for a while yet.
fn leave_behind(site: &Site, environment: &str) {
    site.account().inject(Rule::on(CREATE, Fault::Delay(UNDER_WAY)));
    let mut command = site.command(APPLY, environment);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the binary starts");
    await_call(site, |_| true);
    child.kill().expect("it still waits for its call");
    child.wait().expect("a child");
}

/// Waits until the first call that makes a network is as `wanted`.
fn await_call(site: &Site, wanted: impl Fn(&Outcome) -> bool) {
    let is_there = || {
        let requests = site.account().requests();
        let first = requests.iter().find(|request| request.name() == CREATE);
        first.is_some_and(|request| wanted(&request.outcome))
    };
    while !is_there() {
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_turns_up_late_is_removed_though_that_is_killed() {
    together(LATE, LATE.len(), |_, name| {
        let (site, environment) = (Site::new(), "late");
        let nothing = site.all();
        leave_behind(&site, environment);
        site.expect(APPLY, environment);
        await_call(&site, |outcome| *outcome != Outcome::Pending);
        assert_eq!(site.of(environment)["networks"].len(), 2, "the late one is there");
        Point::first(name).kill(site.command(APPLY, environment), environment);
        site.expect(APPLY, environment);
        site.assert_whole(APPLY, environment);
        site.expect(DESTROY, environment);
        site.assert_gone(environment);
        assert_eq!(site.all(), nothing);
    });
    println!("killed at {} fail points, aws, late objects", LATE.len());
}
