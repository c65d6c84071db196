//! Five thousand seeds: nothing is violated, and everything that can go wrong did, often enough.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use greenroom_sim::campaign::Campaign;
use greenroom_sim::play::play;
use greenroom_sim::script::Script;

const SEEDS: u64 = 5000;

#[test]
fn five_thousand_seeds_violate_nothing_and_meet_everything_that_can_go_wrong() {
    let jobs = available_parallelism().map_or(1, NonZeroUsize::get);
    let report = Campaign { from: 0, seeds: SEEDS, jobs, flaw: None, only_first: false }.run();
    println!("{report}");
    assert!(report.failing.is_empty(), "{:#?}", report.failing);
    let figures = report.figures;
    assert!(figures.operations >= 40 * SEEDS, "{figures:?}");
    assert!(figures.commands >= 3 * SEEDS, "{figures:?}");
    assert!(figures.crashes >= SEEDS, "{figures:?}");
    assert!(figures.frozen >= SEEDS / 5, "{figures:?}");
    assert!(figures.passed_over >= SEEDS / 10, "{figures:?}");
    let rare = report.tally.rarer_than(50);
    assert!(rare.is_empty(), "{rare:?}");
}

#[test]
fn what_is_told_is_what_happened_by_chance() {
    for seed in 0..50 {
        let script = Script::of(seed);
        let by_chance = play(&script, None);
        let told = Script { mishaps: Some(by_chance.mishaps.clone()), ..script };
        let told = play(&Script::from_text(&told.to_text()).unwrap(), None);
        assert_eq!(told.mishaps, by_chance.mishaps, "seed {seed}");
        assert_eq!(told.tally, by_chance.tally, "seed {seed}");
        assert_eq!(told.figures, by_chance.figures, "seed {seed}");
    }
}

#[test]
fn a_seed_is_played_in_the_same_way_each_time() {
    for seed in 0..50 {
        let script = Script::of(seed);
        assert_eq!(script, Script::of(seed));
        let (first, second) = (play(&script, None), play(&script, None));
        assert_eq!(first.mishaps, second.mishaps, "seed {seed}");
        assert_eq!(first.tally, second.tally, "seed {seed}");
        assert_eq!(first.figures, second.figures, "seed {seed}");
    }
}
