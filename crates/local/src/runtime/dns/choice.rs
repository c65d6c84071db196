//! Which of several weighted records is answered with: the rules of Route 53.

/// A record that can be answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) weight: u8,
    pub(crate) healthy: bool,
}

/// Chooses a candidate; every `random` is to be equally likely. `None` if there are none.
pub(crate) fn choose(candidates: &[Candidate], random: u64) -> Option<usize> {
    let chances = chances(candidates);
    let total: u64 = chances.iter().sum();
    // The highest 64 bits of the product are spread evenly from 0 to below the total.
    let mut place = ((u128::from(random) * u128::from(total)) >> 64) as u64;
    chances.iter().position(|chance| {
        let is_here = place < *chance;
        place = place.saturating_sub(*chance);
        is_here
    })
}

/// The chances of all candidates, relative to each other.
///
/// Who is unhealthy has none, unless all are: then health says nothing. Among the others weights
/// count, and where all of these are 0, each has the same chance.
pub(crate) fn chances(candidates: &[Candidate]) -> Vec<u64> {
    let nobody_is_healthy = !candidates.iter().any(|it| it.healthy);
    let counts = |it: &Candidate| it.healthy || nobody_is_healthy;
    let all_zero = candidates.iter().filter(|it| counts(it)).all(|it| it.weight == 0);
    let chance = |it: &Candidate| match (counts(it), all_zero) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => u64::from(it.weight),
    };
    candidates.iter().map(chance).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(candidates: &[(u8, bool)]) -> Vec<Candidate> {
        candidates
            .iter()
            .map(|(weight, healthy)| Candidate { weight: *weight, healthy: *healthy })
            .collect()
    }

    #[test]
    fn chances_follow_the_weights() {
        assert_eq!(chances(&of(&[(5, true), (95, true), (0, true)])), [5, 95, 0]);
    }

    #[test]
    fn weights_of_zero_alone_give_equal_chances() {
        assert_eq!(chances(&of(&[(0, true), (0, true)])), [1, 1]);
        assert_eq!(chances(&of(&[(0, true), (0, false)])), [1, 0]);
    }

    #[test]
    fn the_unhealthy_are_left_out_and_those_of_weight_zero_step_in() {
        assert_eq!(chances(&of(&[(90, false), (10, true), (0, true)])), [0, 10, 0]);
        assert_eq!(chances(&of(&[(90, false), (10, false), (0, true), (0, false)])), [0, 0, 1, 0]);
    }

    #[test]
    fn where_all_are_unhealthy_all_count_as_healthy() {
        assert_eq!(chances(&of(&[(90, false), (10, false), (0, false)])), [90, 10, 0]);
        assert_eq!(chances(&of(&[(0, false), (0, false)])), [1, 1]);
    }

    #[test]
    fn the_whole_range_of_random_numbers_is_shared_out() {
        let candidates = of(&[(1, true), (0, true), (3, true)]);
        let quarter = 1 << 62;
        assert_eq!(choose(&candidates, 0), Some(0));
        assert_eq!(choose(&candidates, quarter - 1), Some(0));
        assert_eq!(choose(&candidates, quarter), Some(2));
        assert_eq!(choose(&candidates, u64::MAX), Some(2));
        assert_eq!(choose(&[], 7), None);
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let weight = prop_oneof![Just(0), any::<u8>()];
        let candidate =
            (weight, any::<bool>()).prop_map(|(weight, healthy)| Candidate { weight, healthy });
        prop::collection::vec(candidate, 1..8)
    }

    proptest! {
        #[test]
        fn somebody_is_always_chosen_and_has_a_chance(all in candidates(), random: u64) {
            let chosen = choose(&all, random).expect("there are candidates");
            prop_assert!(chances(&all)[chosen] > 0);
        }

        #[test]
        fn nobody_unhealthy_is_chosen_while_another_is_healthy(all in candidates(), random: u64) {
            let chosen = all[choose(&all, random).expect("there are candidates")];
            prop_assert!(chosen.healthy || all.iter().all(|it| !it.healthy));
        }

        #[test]
        fn weight_zero_is_never_chosen_while_a_healthy_weight_is_there(
            all in candidates(),
            random: u64,
        ) {
            let chosen = all[choose(&all, random).expect("there are candidates")];
            let weighted = all.iter().any(|it| it.healthy && it.weight > 0);
            prop_assert!(chosen.weight > 0 || !weighted);
        }

        #[test]
        fn a_greater_random_number_never_chooses_an_earlier_candidate(
            all in candidates(),
            one: u64,
            other: u64,
        ) {
            let (less, more) = (one.min(other), one.max(other));
            prop_assert!(choose(&all, less) <= choose(&all, more));
        }
    }
}
