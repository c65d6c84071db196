//! Stages that promote: nothing is violated, whatever happens, and a plan that is not as it must be
//! is found.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use greenroom_sim::play::Rule;
use greenroom_sim::stage::Command::{
    Abort, Apply, DestroyLive, Plan, Promote, Replan, Retire, Rollback,
};
use greenroom_sim::stage::{Deed, Flaw, History, Season, Tidings, Told, play};

const SEEDS: u64 = 1000;

fn season(seeds: u64, flaw: Option<Flaw>) -> Tidings {
    let jobs = available_parallelism().map_or(1, NonZeroUsize::get);
    Season { from: 0, seeds, jobs, flaw, only_first: flaw.is_some() }.run()
}

#[test]
fn a_thousand_histories_violate_nothing_and_meet_every_ending() {
    let tidings = season(SEEDS, None);
    println!("{tidings}");
    assert!(tidings.failing.is_empty(), "{:#?}", tidings.failing);
    let counts = tidings.counts;
    for (what, count) in [
        ("completed", counts.completed),
        ("rolled back", counts.rolled_back),
        ("halted", counts.halted),
        ("refused", counts.refused),
        ("asked", counts.asked),
        ("died", counts.died),
    ] {
        assert!(count >= SEEDS / 10, "{what}: {counts:?}");
    }
    assert!(counts.shifts >= 3 * SEEDS, "{counts:?}");
    assert!(counts.disturbances >= SEEDS / 50, "{counts:?}");
}

#[test]
fn a_promotion_that_ends_at_any_effect_is_gone_on_with_or_given_up() {
    for seed in 0..3 {
        let mut nth = 1;
        loop {
            let told = play(&History::ending_at(nth, seed), None);
            assert_eq!(told.violation, None, "{nth} of {seed}: {:#?}", told.story);
            if told.counts.died == 0 {
                break;
            }
            nth += 1;
        }
        assert!(nth > 20, "only {nth} effects");
    }
}

#[test]
fn a_history_is_played_in_the_same_way_each_time() {
    for seed in 0..20 {
        let history = History::of(seed);
        let (first, second) = (play(&history, None), play(&history, None));
        assert_eq!(first.story, second.story, "seed {seed}");
        assert_eq!(first.counts, second.counts, "seed {seed}");
    }
}

/// Plays a history of which nothing is to be violated.
fn told(history: &History) -> Told {
    let told = play(history, None);
    assert_eq!(told.violation, None, "{:#?}", told.story);
    told
}

#[test]
fn an_environment_whose_machine_broke_is_retired_with_it() {
    for seed in 0..4 {
        let commands = [Promote, Promote, Plan, Retire, DestroyLive, Promote];
        let told = told(&History::calm(seed, &commands).with(3, Deed::BreakDown(1)));
        assert_eq!((told.counts.completed, told.counts.refused), (5, 0), "{:#?}", told.story);
    }
}

#[test]
fn nothing_goes_back_to_an_environment_that_is_not_whole_until_it_is_repaired() {
    for seed in 0..4 {
        let commands = [Promote, Promote, Plan, Rollback, Apply, Rollback];
        let told = told(&History::calm(seed, &commands).with(3, Deed::Kill(1)));
        assert_eq!((told.counts.completed, told.counts.refused), (4, 1), "{:#?}", told.story);
        let refused = "r1 is not whole, so that nothing goes back to it: r1/sim_machine.web";
        assert!(told.story.iter().any(|it| it.contains(refused)), "{:#?}", told.story);
    }
}

#[test]
fn what_somebody_changed_of_a_retained_environment_is_no_business_of_a_rollback() {
    for seed in 0..4 {
        let commands = [Promote, Promote, Plan, Rollback];
        let told = told(&History::calm(seed, &commands).with(3, Deed::Change(1)));
        assert_eq!(told.counts.completed, 3, "{:#?}", told.story);
    }
}

#[test]
fn weights_that_somebody_gave_meanwhile_are_refused_until_they_are_put_back() {
    for seed in 0..4 {
        // The process of the second promotion ends when it has given 50 percent, and not seen it.
        let commands = [Promote, Promote, Plan, Promote, Plan, Promote];
        let history = History::calm(seed, &commands).by_balancer().ending_after_update(2, 2);
        let history = history.with(3, Deed::Share(40, 60)).with(5, Deed::Share(50, 50));
        let told = told(&history);
        let said = |text: &str| told.story.iter().any(|it| it.contains(text));
        assert!(said("groups[1].weight: 50 expected, 60 found"), "{:#?}", told.story);
        assert!(said("weights {r1: 40, r2: 60}"), "{:#?}", told.story);
        let counts = told.counts;
        assert_eq!((counts.completed, counts.halted), (2, 1), "{:#?}", told.story);
    }
}

#[test]
fn a_promotion_whose_front_is_gone_is_given_up_by_a_new_plan_only() {
    for seed in 0..8 {
        // The process of the second promotion ends when it has given 50 percent, and not seen it.
        let commands = [Promote, Promote, Plan, Promote, Abort, Replan, Promote];
        let history = History::calm(seed, &commands).by_balancer().ending_after_update(2, 2);
        let told = told(&history.with(3, Deed::Unfront(1)));
        let counts = told.counts;
        let ended = (counts.completed, counts.halted, counts.rolled_back);
        assert_eq!(ended, (2, 2, 1), "{:#?}", told.story);
    }
}

/// Checks that a flaw is found, and that what is found is its consequence.
fn check(flaw: Flaw, consequences: &[Rule]) {
    let tidings = season(300, Some(flaw));
    let (seed, violation) = tidings.failing.first().expect("a flaw that nobody finds");
    println!("{flaw:?}: seed {seed}: {violation}");
    assert!(consequences.contains(&violation.rule), "{flaw:?} was not to show as: {violation}");
}

#[test]
fn a_candidate_that_is_not_asked_gets_traffic_unproven() {
    check(Flaw::NotAsked, &[Rule::Proven]);
}

#[test]
fn an_old_side_that_is_not_asked_gets_traffic_though_it_is_bad() {
    check(Flaw::NotProven, &[Rule::Proven, Rule::Halts]);
}

#[test]
fn a_front_without_any_weight_serves_nobody() {
    check(Flaw::NobodyServes, &[Rule::SomebodyServes]);
}

#[test]
fn weights_without_a_pause_rise_too_early() {
    check(Flaw::NoPause, &[Rule::Paced]);
}

#[test]
fn weights_that_are_noted_and_not_given_differ() {
    check(Flaw::NotShifted, &[Rule::WeightsHold]);
}

#[test]
fn a_promotion_that_is_not_closed_is_open_for_ever() {
    check(Flaw::NeverClosed, &[Rule::Ends]);
}

#[test]
fn what_is_deleted_before_it_is_retired_is_missed() {
    check(Flaw::OldSideGoes, &[Rule::OldSideKept]);
}
