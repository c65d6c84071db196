//! Plans that shift traffic, as they are shown.

use greenroom_model::gate::{Gate, OnInconclusive};
use greenroom_model::identity::Digest;
use greenroom_model::plan::{Asked, AtLimit, Drain, Horizon};
use greenroom_model::roster::Ending;
use greenroom_model::state::Inputs;

use super::*;

fn mark(entries: &[(&str, Role, u8)], course: Course) -> Action {
    let placed = |(scope, role, weight): &(&str, Role, u8)| {
        let retain = matches!(role, Role::Retained | Role::Failed);
        let placing = Placing {
            role: *role,
            weight: Weight::new(*weight).unwrap(),
            admitted: *weight > 0 || *role != Role::Candidate,
            retain: retain.then_some(Duration::from_secs(3600)),
        };
        (scope.parse().unwrap(), Some(placing))
    };
    let entries = entries.iter().map(placed).collect();
    Action::Mark(Box::new(Mark { entries, verified: false, course }))
}

fn weights(from: u8, to: u8) -> Action {
    let group = |weight: u8| Value::object([("weight", Value::from(i64::from(weight)))]);
    let value = |to: u8| Value::object([("groups", Value::list([group(100 - to), group(to)]))]);
    Action::Update(Box::new(change("front/local_listener.http", Some(value(from)), value(to))))
}

fn gate(scope: &str, asked: Asked) -> Action {
    let argv = ["./ask.sh", scope].map(Value::from).to_vec();
    let gate = Gate {
        probe: Probe::Command { argv },
        pace: Pace::default(),
        on_inconclusive: OnInconclusive::Halt,
    };
    let scope = scope.parse().unwrap();
    Action::Gate { scope, name: "sound".into(), gate: Box::new(gate), asked }
}

fn to(phase: &str) -> Next {
    Next::Phase(phase.into())
}

fn promotion(pause: Wait) -> Plan {
    let (failed, live) = (("r2", Role::Failed, 0), ("r1", Role::Live, 100));
    let drain = Drain {
        scope: "r1".parse().unwrap(),
        counted: vec!["r1/local_target_group.web".parse().unwrap()],
        horizons: vec![Horizon {
            lasts: Duration::from_secs(60),
            why: "answers with `front/local_dns_record.www` are kept".to_owned(),
        }],
        not_before: Duration::from_secs(45),
        quiet: Duration::from_secs(5),
        limit: Duration::from_secs(600),
        at_limit: AtLimit::Halt,
    };
    let made = change("r2/local_instance.web", None, Value::object([("image", "i".into())]));
    let opens = Course::Opens { candidate: "r2".parse().unwrap() };
    let half = [("r2", Role::Candidate, 50), ("r1", Role::Live, 50)];
    let ends = [("r2", Role::Live, 100), ("r1", Role::Retained, 0)];
    let goes_on = || mark(&[], Course::GoesOn);
    let phases = vec![
        phase(
            "create",
            [mark(&[("r2", Role::Candidate, 0)], opens), Action::Create(Box::new(made))],
            to("ready"),
            to("abandon"),
        ),
        phase("ready", [goes_on(), gate("r2", Asked::Once)], to("weight-50"), to("abandon")),
        phase(
            "weight-50",
            [
                mark(&half, Course::GoesOn),
                weights(0, 50),
                Action::Wait(pause),
                gate("r2", Asked::Watching),
            ],
            to("drain"),
            to("prove"),
        ),
        phase(
            "drain",
            [goes_on(), Action::Wait(Wait::Drain(Box::new(drain))), gate("r2", Asked::Watching)],
            to("finish"),
            to("prove"),
        ),
        phase("finish", [mark(&ends, Course::Closes(Ending::Promoted))], Next::Done, Next::Halt),
        phase("abandon", [mark(&[failed], Course::GoesOn)], Next::RolledBack, Next::Halt),
        phase("prove", [goes_on(), gate("r1", Asked::Once)], to("roll-back"), Next::Halt),
        phase(
            "roll-back",
            [
                mark(&[failed, live], Course::GoesOn),
                weights(50, 0),
                mark(&[failed], Course::GoesOn),
            ],
            Next::RolledBack,
            Next::Halt,
        ),
    ];
    let image_set = Some(Digest::of(b"images"));
    let inputs = [("r2".parse().unwrap(), Inputs { image_set, ..Inputs::default() })].into();
    let purpose = Purpose::Promote;
    Plan { stage: "production".into(), environment: None, purpose, phases, inputs, ..plan([]) }
}

#[test]
fn a_promotion_shows_its_way_and_its_ways_back() {
    let plan = promotion(Wait::For(Duration::from_secs(300)));
    assert_snapshot!(shown(&plan), @r#"
    Promote r2 (image set a4cf1c7ce5df) in place of r1 in shop/production
    It waits at least 5m 45s on its way.

       1  create

    r2:
        + local_instance.web
          image = "i"

       2  ready      ask r2/sound: `./ask.sh r2` succeeds
       3  weight-50  r2 50 %, r1 50 %
                     ~ front/local_listener.http: groups
                     wait 5m
                     watch r2/sound
       4  drain      wait until r1 serves nothing and nothing new came for 5s, at most 10m, then halt
                     counted by r1/local_target_group.web
                     not before 45s
                     answers with `front/local_dns_record.www` are kept for 1m
                     watch r2/sound
       5  finish     r2 live, r1 retained for 1h

    If a gate says no, or somebody gives it up:
      in ready: abandon (r2 failed, kept for 1h)
      in weight-50, drain: prove (r1/sound passes, else it halts), then roll-back (r2 failed, kept for 1h, r1 100 %; ~ front/local_listener.http: groups)
      What fails otherwise halts it: everything stays, and the same command goes on.

    Plan: 1 to add, 1 to change, 0 to replace, 0 to destroy, 2 gates to pass.
    "#);
}

#[test]
fn a_promotion_that_somebody_approves_says_so_instead_of_a_time() {
    let shown = shown(&promotion(Wait::Approval));
    assert!(shown.contains("\nIt waits until it is approved.\n"), "{shown}");
    assert!(shown.contains("wait for approval"), "{shown}");
}

#[test]
fn a_question_stands_once_and_an_object_counts_once() {
    let plan = promotion(Wait::Approval);
    assert_eq!(shown(&plan).matches("./ask.sh r2").count(), 1);
    let counts = PlanView::of(&plan, false).counts;
    assert_eq!((counts.add, counts.change, counts.gates), (1, 1, 2));
}

#[test]
fn as_json_a_promotion_says_how_long_it_takes_and_all_of_its_phases() {
    let plan = promotion(Wait::For(Duration::from_secs(300)));
    let fields = PlanView::of(&plan, false).fields();
    assert_eq!(fields["promotion"]["candidate"], "r2");
    assert_eq!(fields["promotion"]["replaces"], "r1");
    assert_eq!(fields["promotion"]["shortest_seconds"], 345.0);
    assert_eq!(fields["phases"].as_array().unwrap().len(), plan.phases.len());
}
