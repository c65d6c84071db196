//! The scheduler on random graphs.

use greenroom_engine::schedule::{Progress, Schedule};
use greenroom_model::plan::Need;
use greenroom_model::schema::Strength;
use proptest::collection::vec;
use proptest::prelude::*;

/// What an operation comes to, and whether it is accepted before.
#[derive(Clone, Debug)]
struct Fate {
    accepted_first: bool,
    fails: bool,
}

fn graph() -> impl Strategy<Value = Vec<(Vec<Need>, Fate)>> {
    vec((vec((any::<u16>(), any::<bool>()), 0..4), any::<bool>(), 0..5u8), 1..40).prop_map(|raw| {
        let nodes = raw.into_iter().enumerate();
        nodes
            .map(|(position, (edges, accepted_first, luck))| {
                let mut needs: Vec<Need> = Vec::new();
                for (target, weak) in edges {
                    let Some(target) = usize::from(target).checked_rem(position) else { continue };
                    let operation = u32::try_from(target).expect("few operations");
                    let until = if weak { Strength::Accepted } else { Strength::Complete };
                    if !needs.iter().any(|it| it.operation == operation) {
                        needs.push(Need { operation, until });
                    }
                }
                (needs, Fate { accepted_first, fails: luck == 0 })
            })
            .collect()
    })
}

/// Whether what `need` names has come as far as it says.
fn is_met(need: &Need, progress: Progress, was_accepted: bool) -> bool {
    match need.until {
        Strength::Complete => progress == Progress::Complete,
        Strength::Accepted => {
            matches!(progress, Progress::Accepted | Progress::Complete)
                || (progress == Progress::Failed && was_accepted)
        }
    }
}

proptest! {
    #[test]
    fn every_operation_ends_and_none_starts_before_its_needs(
        graph in graph(),
        picks in vec(any::<u16>(), 200),
    ) {
        let mut schedule = Schedule::new(graph.iter().map(|(needs, _)| needs.as_slice()));
        let mut running: Vec<u32> = Vec::new();
        let mut accepted = vec![false; graph.len()];
        let mut picks = picks.into_iter().cycle();
        loop {
            while let Some(started) = schedule.start() {
                for need in &graph[started as usize].0 {
                    let needed = need.operation;
                    let progress = schedule.progress(needed);
                    prop_assert!(
                        is_met(need, progress, accepted[needed as usize]),
                        "{started} started although {needed} is {progress:?}",
                    );
                }
                running.push(started);
            }
            if running.is_empty() {
                break;
            }
            let at = usize::from(picks.next().expect("an endless stream")) % running.len();
            let operation = running[at];
            let fate = &graph[operation as usize].1;
            if fate.accepted_first && !accepted[operation as usize] {
                accepted[operation as usize] = true;
                schedule.accepted(operation).expect("it was started");
                continue;
            }
            running.swap_remove(at);
            if fate.fails {
                schedule.failed(operation).expect("it was started");
            } else {
                schedule.completed(operation).expect("it was started");
            }
        }
        prop_assert!(schedule.is_finished());
        for (position, (needs, fate)) in (0u32..).zip(&graph) {
            let met = needs.iter().all(|need| {
                let needed = need.operation;
                is_met(need, schedule.progress(needed), accepted[needed as usize])
            });
            let expected = match (met, fate.fails) {
                (false, _) => Progress::Skipped,
                (true, true) => Progress::Failed,
                (true, false) => Progress::Complete,
            };
            prop_assert_eq!(schedule.progress(position), expected);
        }
    }
}
