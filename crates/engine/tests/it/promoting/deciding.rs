//! What marks make of a roster.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_engine::destroy::plan_destroy;
use greenroom_engine::format;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::promotion::{Occasion, decide};
use greenroom_engine::run::Run;
use greenroom_model::identity::Digest;
use greenroom_model::plan::Plan;
use greenroom_model::roster::{Course, Ending, Mark, Placing, Role, Roster, Weight};
use proptest::prelude::*;

use super::stage::{BALANCER, ENVIRONMENT, Stage, entry, scope};

fn occasion(phase: &str, now: i64) -> Occasion {
    Occasion { phase: phase.into(), plan: Digest("p".into()), verdict: None, now }
}

fn placing(role: Role, percent: u8) -> Placing {
    let weight = Weight::new(percent).expect("a weight");
    Placing { role, weight, admitted: true, retain: None }
}

fn marks(entries: &[(&str, Option<Placing>)], course: Course) -> Mark {
    let entries = entries.iter().map(|(name, it)| (scope(name), *it)).collect();
    Mark { entries, verified: false, course }
}

#[test]
fn what_is_meant_is_not_verified_until_a_mark_says_so() {
    let live = Roster {
        entries: BTreeMap::from([(scope("r1"), entry(Role::Live, 100))]),
        promotion: None,
        count: 1,
    };
    let shift = [("r1", Some(placing(Role::Live, 50))), ("r2", Some(placing(Role::Candidate, 50)))];
    let opens = Course::Opens { candidate: scope("r2") };
    let meant = decide(&marks(&shift, opens), Some(&live), occasion("weight-50", 7)).roster;
    let verified = |it: &Roster, name: &str| it.entries[&scope(name)].verified.percent();
    assert_eq!((verified(&meant, "r1"), verified(&meant, "r2"), meant.count), (100, 0, 2));
    let holds = Mark { verified: true, course: Course::GoesOn, ..Mark::default() };
    let seen = decide(&holds, Some(&meant), occasion("weight-50", 9)).roster;
    assert_eq!((verified(&seen, "r1"), verified(&seen, "r2")), (50, 50));
    let promotion = seen.promotion.expect("it goes on");
    assert_eq!((promotion.candidate, promotion.phase_started), (scope("r2"), 9));
}

#[test]
fn what_closes_a_promotion_says_how_and_how_long_the_old_side_stays() {
    let retain = Some(Duration::from_secs(3600));
    let left = Placing { retain, ..placing(Role::Retained, 0) };
    let mark = marks(&[("r1", Some(left))], Course::Closes(Ending::Promoted));
    let decision = decide(&mark, None, occasion("finish", 100));
    assert_eq!(decision.ending, Some(Ending::Promoted));
    assert_eq!(decision.roster.entries[&scope("r1")].retained_until, Some(3700));
    assert_eq!(decision.roster.promotion, None);
}

#[test]
fn when_everything_is_destroyed_nobody_is_remembered_and_no_promotion_is_open() {
    let stage = Stage::second(BALANCER, ENVIRONMENT, "");
    let mut state = stage.state.clone();
    let roster = state.roster.as_mut().expect("a roster");
    let opens = Course::Opens { candidate: scope("r2") };
    let mark = marks(&[("r2", Some(placing(Role::Candidate, 0)))], opens);
    *roster = decide(&mark, Some(roster), occasion("create", 7)).roster;
    let plan = plan_destroy(&state, None).expect("nothing is protected");
    let digest = Plan::digest_of(&format::plan::encode(&plan));
    state.roster.as_mut().expect("a roster").entries.retain(|_, it| it.role != Role::Live);
    let run = Run::new(plan.into(), digest, state, stage.schemas(), Secrets::new());
    let run = run.expect("of a first promotion, all may go");
    let (_, decision) = run.farewell(9).expect("somebody is in the roster");
    assert_eq!(decision.ending, Some(Ending::RolledBack));
    let roster = decision.roster;
    assert!(roster.entries.is_empty() && roster.promotion.is_none(), "{roster:?}");
    assert_eq!(roster.count, 2, "names are never given again");
}

proptest! {
    /// Names count up: whatever is forgotten, its number is never given again.
    #[test]
    fn the_count_never_falls(steps in proptest::collection::vec((1u8..6, any::<bool>()), 1..20)) {
        let mut roster = Roster::default();
        for (number, stays) in steps {
            let name = format!("r{number}");
            let placing = stays.then(|| placing(Role::Retained, 0));
            let mark = marks(&[(&name, placing)], Course::Unconcerned);
            let known = roster.entries.contains_key(&scope(&name));
            let after = decide(&mark, Some(&roster), occasion("x", 0)).roster;
            prop_assert_eq!(after.count, roster.count + u32::from(stays && !known));
            prop_assert_eq!(after.entries.contains_key(&scope(&name)), stays);
            roster = after;
        }
    }
}
