//! Runs as they are told, on a clock of the tests' own.

use greenroom_model::address::Address;
use greenroom_model::gate::Verdict;

use super::*;

fn about(kind: OperationKind, address: &str) -> About {
    let id = OperationId { phase: "apply".into(), kind, subject: address.into() };
    About { id, kind, address: address.parse().ok() }
}

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn texts(lines: Vec<Line>) -> Vec<String> {
    lines.into_iter().map(|line| line.text).collect()
}

fn completed(about: About) -> Event {
    Event::Completed { about, elapsed: at(1.2), unchanged: false }
}

fn failed(about: About) -> Event {
    Event::Failed {
        about,
        message: "port 80 is taken".to_owned(),
        effect: WorldEffect::None,
        help: Some("choose another".to_owned()),
        elapsed: at(0.3),
    }
}

#[test]
fn a_few_operations_have_a_line_each_when_they_start_and_when_they_are_done() {
    let mut tracker = Tracker::default();
    let web = about(OperationKind::Create, "default/local_instance.web");
    tracker.observe(&Event::RunStarted { operations: 1 }, at(0.0));
    assert_eq!(
        texts(tracker.observe(&Event::Started(web.clone()), at(0.0))),
        ["  create default/local_instance.web"]
    );
    assert_eq!(
        texts(tracker.observe(&completed(web), at(1.2))),
        ["  created default/local_instance.web (1.2s)"]
    );
    assert_eq!((tracker.done(), tracker.operations()), (1, 1));
}

#[test]
fn a_failure_says_what_happened_to_the_world_and_what_to_do() {
    let mut tracker = Tracker::default();
    let web = about(OperationKind::Create, "default/local_instance.web");
    tracker.observe(&Event::Started(web.clone()), at(0.0));
    insta::assert_snapshot!(texts(tracker.observe(&failed(web), at(0.3))).concat(), @r"
      failed after 0.3s: create default/local_instance.web
        port 80 is taken
        in the world: nothing was changed
        help: choose another
    ");
}

#[test]
fn a_reason_that_several_share_is_told_once() {
    let mut tracker = Tracker::default();
    let mut fail = |address: &str| {
        let about = about(OperationKind::Create, address);
        texts(tracker.observe(&failed(about), at(0.3))).concat()
    };
    assert!(fail("default/a.b[0]").contains("port 80 is taken"));
    insta::assert_snapshot!(fail("default/a.b[1]"), @r"
      failed after 0.3s: create default/a.b[1]
        for the same reason as create default/a.b[0]
    ");
}

#[test]
fn what_a_provider_takes_along_is_one_line_and_done() {
    let mut tracker = Tracker::default();
    let because = about(OperationKind::Create, "default/a.b[0]").id;
    let skipped = (1..42).map(|it| about(OperationKind::Create, &format!("default/a.b[{it}]")));
    let event = Event::GivenUp {
        provider: "aws".into(),
        because,
        message: "the credentials have expired".to_owned(),
        skipped: skipped.collect(),
    };
    assert_eq!(
        texts(tracker.observe(&event, at(0.3))),
        [
            "  skipped: 41 operations, as nothing more is sent to the provider `aws`: the credentials \
          have expired"
        ]
    );
    assert_eq!(tracker.done(), 41);
}

#[test]
fn nothing_is_silent_for_two_seconds() {
    let mut tracker = Tracker::default();
    tracker.busy("planning".to_owned(), at(0.0));
    assert_eq!(tracker.tick(at(1.0)), (Vec::new(), None));
    assert_eq!(texts(tracker.tick(at(2.0)).0), ["still planning (2.0s)"]);
    assert_eq!(tracker.tick(at(3.0)), (Vec::new(), None));
    tracker.observe(&Event::RunStarted { operations: 6 }, at(4.0));
    for index in 0..6 {
        let about = about(OperationKind::Create, &format!("default/a.b[{index}]"));
        tracker.observe(&Event::Started(about), at(4.0 + f64::from(index)));
    }
    let (lines, heartbeat) = tracker.tick(at(11.0));
    assert_eq!(
        texts(lines),
        [
            "still at work, 0 of 6 done: create default/a.b[0] (7.0s), create default/a.b[1] (6.0s), \
          create default/a.b[2] (5.0s), create default/a.b[3] (4.0s) and 2 more"
        ]
    );
    assert_eq!(heartbeat.expect("something runs").running.len(), 6);
}

#[test]
fn nothing_is_said_where_nothing_goes_on() {
    let mut tracker = Tracker::default();
    assert_eq!(tracker.tick(at(100.0)), (Vec::new(), None));
    tracker.busy("planning".to_owned(), at(100.0));
    tracker.rest(at(101.0));
    assert_eq!(tracker.tick(at(200.0)), (Vec::new(), None));
}

#[test]
fn ten_thousand_operations_are_told_by_their_counts() {
    let mut tracker = Tracker::default();
    let address = |index: usize| format!("default/greenroom_value.many[{index}]");
    let sample: Address = address(0).parse().expect("an address");
    tracker.expect([(Group::of(OperationKind::Create, Some(&sample)), 10_000)].into());
    tracker.observe(&Event::RunStarted { operations: 10_000 }, at(0.0));
    let mut lines = Vec::new();
    for index in 0..10_000_usize {
        // Ten thousand in three seconds.
        let now = Duration::from_micros(300 * index as u64);
        let about = about(OperationKind::Create, &address(index));
        lines.extend(tracker.observe(&Event::Started(about.clone()), now));
        lines.extend(tracker.observe(&completed(about), now));
        lines.extend(tracker.tick(now).0);
    }
    lines.extend(tracker.rest(at(3.0)));
    assert_eq!(
        texts(lines),
        [
            "  create greenroom_value: 3,335 of 10,000 done",
            "  create greenroom_value: 6,669 of 10,000 done",
            "  create greenroom_value: 10,000 of 10,000 done",
        ]
    );
}

#[test]
fn failures_of_a_crowd_are_told_up_to_a_limit() {
    let mut tracker = Tracker::default();
    let mut lines = Vec::new();
    for index in 0..25 {
        let about = about(OperationKind::Create, &format!("default/a.b[{index}]"));
        lines.extend(tracker.observe(&failed(about), at(0.0)));
    }
    assert_eq!(lines.len(), 20);
    assert_eq!(texts(tracker.rest(at(1.0))), ["  and 5 more failed"]);
}

#[test]
fn a_gate_that_passed_is_told_once() {
    let mut tracker = Tracker::default();
    let gate = about(OperationKind::Gate, "default/gate");
    let verdict = Verdict {
        gate: "web".to_owned(),
        result: GateResult::Pass,
        evidence: "status 200".to_owned(),
    };
    tracker.observe(&Event::Started(gate.clone()), at(0.0));
    let decided = Event::GateDecided { about: gate.clone(), verdict, elapsed: at(0.1) };
    let mut lines = tracker.observe(&decided, at(0.1));
    lines.extend(tracker.observe(&completed(gate), at(0.1)));
    assert_eq!(texts(lines), ["  gate web: pass, status 200 (0.1s)"]);
    assert_eq!(tracker.done(), 1);
}
