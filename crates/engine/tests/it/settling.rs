//! Deciding what has no outcome.

use std::time::Duration;

use greenroom_engine::replay::replay;
use greenroom_engine::settle::{How, Look, Moment, Sight, Verdict, WATCH, decide, is_late};
use greenroom_model::identity::{Incarnation, Sequence, Uid};
use greenroom_model::journal::{Effect, Entry, Handle, Intent, Lifecycle, Made, Outcome, Subject};
use greenroom_model::state::Status;
use greenroom_model::value::Value;

const DEADLINE: i64 = 10_000;
const GRACE: Duration = Duration::from_secs(120);

fn open(effect: Effect) -> Look {
    let subject = Subject {
        address: "pr/sim_machine.web".parse().expect("an address"),
        uid: Uid("aa".into()),
        incarnation: Incarnation(1),
    };
    let what = Intent {
        operation: None,
        effect,
        subjects: vec![subject],
        provider: "sim".into(),
        handle: Handle { token: "aa".into(), natural_key: None },
        arguments: Value::Null,
        lifecycle: Lifecycle::default(),
        deadline: DEADLINE,
    };
    Look { intent: Sequence(7), what, recorded: Value::Null, how: How::ByHandle }
}

fn unseen(effect: Effect, now: i64, silent_since: Option<i64>, grace: Duration) -> Verdict {
    decide(&open(effect), Sight::Found(vec![None]), Moment { now, silent_since }, grace)
}

fn abandoned(watch_until: Option<i64>) -> Verdict {
    let outcome = Outcome::Abandoned { watch_until };
    Verdict::Settled(vec![Entry::Outcome { intent: Sequence(7), outcome }])
}

#[test]
fn a_create_is_looked_for_until_its_grace_after_the_last_moment_at_which_it_could_be_sent() {
    let watched = |now: i64| abandoned(Some(now + i64::try_from(WATCH.as_secs()).unwrap()));
    for (silent_since, until) in [
        (None, DEADLINE + 120),
        (Some(5_000), 5_120),
        // A deadline that was over before says more.
        (Some(20_000), DEADLINE + 120),
    ] {
        let at = |now| unseen(Effect::Create, now, silent_since, GRACE);
        assert_eq!(at(until - 1), Verdict::LookAgain { until }, "{silent_since:?}");
        assert_eq!(at(until), watched(until), "{silent_since:?}");
    }
}

#[test]
fn an_import_that_is_not_found_is_forgotten_at_once_and_never_watched() {
    assert_eq!(unseen(Effect::Import, 1, None, GRACE), abandoned(None));
}

#[test]
fn a_create_of_a_type_without_grace_is_given_up_at_once_and_for_good() {
    assert_eq!(unseen(Effect::Create, 1, None, Duration::ZERO), abandoned(None));
}

#[test]
fn what_was_made_instead_did_not_turn_up_late() {
    let given_up = open(Effect::Create).what;
    let mut instead = given_up.clone();
    instead.subjects[0].uid = Uid("bb".into());
    instead.subjects[0].incarnation = Incarnation(2);
    let made = Made { id: "key".into(), status: Status::Ready, attributes: Value::Null };
    let outcome = Outcome::Created(vec![made]);
    let mut state = crate::replaying::empty();
    let entries =
        [Entry::Intent(Box::new(instead)), Entry::Outcome { intent: Sequence(1), outcome }];
    for (sequence, entry) in (1..).zip(entries) {
        replay(&mut state, Sequence(sequence), entry).expect("it follows");
    }
    assert!(!is_late(&state, &given_up.subjects[0], "key"));
    assert!(is_late(&state, &given_up.subjects[0], "another"));
}
