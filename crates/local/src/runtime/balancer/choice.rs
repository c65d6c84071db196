//! Whose turn it is: smooth weighted round robin.
//!
//! Over any run of as many choices as the weights add up to, each entry is chosen exactly as
//! often as its weight says, and as evenly spread as can be. Entries that cannot be chosen right
//! now take no part, so that they have no claim to make up for later.

/// The standing of some weighted entries.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    weight: i64,
    /// How far it is ahead of its share of the choices so far; negative right after its turn.
    credit: i64,
}

impl Turns {
    /// Entries with these weights, none chosen yet.
    pub(crate) fn new(weights: impl IntoIterator<Item = u32>) -> Turns {
        let entry = |weight| Entry { weight: i64::from(weight), credit: 0 };
        Turns { entries: weights.into_iter().map(entry).collect() }
    }

    /// Whether an entry is ever chosen.
    pub(crate) fn takes_part(&self, index: usize) -> bool {
        self.entries[index].weight > 0
    }

    /// Chooses one of the entries with a weight that are `eligible`.
    pub(crate) fn next(&mut self, eligible: impl Fn(usize) -> bool) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for index in 0..self.entries.len() {
            if !self.takes_part(index) || !eligible(index) {
                continue;
            }
            let entry = &mut self.entries[index];
            entry.credit += entry.weight;
            total += entry.weight;
            let credit = entry.credit;
            // The first of equals, so that the order of choices is fixed.
            if best.is_none_or(|best| credit > self.entries[best].credit) {
                best = Some(index);
            }
        }
        let chosen = best?;
        self.entries[chosen].credit -= total;
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(turns: &mut Turns, count: usize, eligible: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..count).map(|_| turns.next(&eligible).unwrap()).collect()
    }

    #[test]
    fn shares_are_exact_over_every_window_of_the_total_weight() {
        let mut turns = Turns::new([5, 25, 70]);
        let chosen = choose(&mut turns, 1000, |_| true);
        for window in chosen.windows(100) {
            let count = |index| window.iter().filter(|chosen| **chosen == index).count();
            assert_eq!([count(0), count(1), count(2)], [5, 25, 70]);
        }
    }

    #[test]
    fn a_small_share_is_spread_and_not_bunched() {
        let mut turns = Turns::new([1, 4]);
        assert_eq!(choose(&mut turns, 10, |_| true), [1, 1, 0, 1, 1, 1, 1, 0, 1, 1]);
    }

    #[test]
    fn weight_zero_is_never_chosen_even_alone() {
        let mut turns = Turns::new([0, 1]);
        assert_eq!(choose(&mut turns, 3, |_| true), [1, 1, 1]);
        assert_eq!(turns.next(|index| index == 0), None);
        assert_eq!(Turns::new([]).next(|_| true), None);
    }

    #[test]
    fn who_was_out_has_no_claim_to_make_up_for() {
        let mut turns = Turns::new([50, 50]);
        choose(&mut turns, 1000, |index| index == 1);
        let after = choose(&mut turns, 10, |_| true);
        assert_eq!(after.iter().filter(|index| **index == 0).count(), 5);
    }

    #[test]
    fn the_greatest_weights_do_not_overflow() {
        let mut turns = Turns::new([u32::MAX, u32::MAX]);
        assert_eq!(choose(&mut turns, 4, |_| true), [0, 1, 0, 1]);
    }
}
