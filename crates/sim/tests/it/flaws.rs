//! Safeguards of the engine that are gone, one at a time: the simulation finds each within a
//! thousand seeds.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use greenroom_sim::campaign::{Campaign, Report};
use greenroom_sim::play::{Flaw, Rule, play};
use greenroom_sim::script::Script;
use greenroom_sim::shrink::shrink;

fn found(flaw: Flaw) -> Report {
    let jobs = available_parallelism().map_or(1, NonZeroUsize::get);
    Campaign { from: 0, seeds: 1000, jobs, flaw: Some(flaw), only_first: true }.run()
}

/// Checks that a flaw is found, and that what is found is its consequence.
fn check(flaw: Flaw, consequences: &[Rule]) {
    let report = found(flaw);
    let (seed, violation) = report.failing.first().expect("a flaw that nobody finds");
    println!("{flaw}: seed {seed} after {} seeds: {violation}", report.seeds);
    assert!(consequences.contains(&violation.rule), "{flaw} was not to show as: {violation}");
    let shrunk = shrink(&Script::of(*seed), Some(flaw)).expect("it fails again");
    println!("# {}\n{}", shrunk.violation, shrunk.script.to_text());
    assert!(play(&shrunk.script, Some(flaw)).violation.is_some(), "a replay fails");
    assert_eq!(play(&shrunk.script, None).violation, None, "and not without the flaw");
    assert!(shrunk.script.steps.len() <= 4, "{:#?}", shrunk.script);
}

#[test]
fn an_intent_that_is_not_durable_leaves_orphans() {
    check(Flaw::IntentNotSynced, &[Rule::NoOrphan, Rule::GoesForward]);
}

#[test]
fn a_replacement_with_the_token_of_the_old_object_is_refused_for_ever() {
    check(Flaw::TokenWithoutIncarnation, &[Rule::Converges]);
}

#[test]
fn without_an_owner_check_others_lose_what_is_theirs() {
    check(Flaw::NoOwnerCheck, &[Rule::NoTrespass]);
}

#[test]
fn an_id_that_comes_after_the_read_back_leaves_orphans() {
    check(Flaw::IdAfterReadBack, &[Rule::NoOrphan]);
}

#[test]
fn without_grace_what_turns_up_late_is_an_orphan() {
    check(Flaw::NoGrace, &[Rule::NoOrphan]);
}

#[test]
fn who_was_passed_over_and_is_not_refused_leaves_orphans() {
    check(Flaw::NoFencing, &[Rule::GoesForward, Rule::NoOrphan]);
}
