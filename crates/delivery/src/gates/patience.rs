//! From looks to a verdict: a pure function of what was seen and how long it took.

use std::time::Duration;

use greenroom_model::gate::{GateResult, Pace};

use super::Look;

/// How many looks there were, and how they went.
#[derive(Clone, Debug)]
pub struct Patience {
    pace: Pace,
    /// Looks in a row that passed, up to now.
    successes: u32,
    failures: u32,
    /// What the last look saw.
    evidence: String,
    /// From when on it wants a verdict; `None` as long as it goes on whatever it sees.
    wanted_since: Option<Duration>,
}

impl Patience {
    /// One that the first verdict ends.
    #[must_use]
    pub fn until_verdict(pace: Pace) -> Patience {
        Patience { wanted_since: Some(Duration::ZERO), ..Patience::until_told(pace) }
    }

    /// One that only a failure ends before it is told.
    #[must_use]
    pub fn until_told(pace: Pace) -> Patience {
        Patience { pace, successes: 0, failures: 0, evidence: String::new(), wanted_since: None }
    }

    /// It need not look any longer, `elapsed` after it was asked. It passes if its last looks did,
    /// and else goes on, its deadline counted from now.
    pub fn told(&mut self, elapsed: Duration) -> Option<(GateResult, String)> {
        self.wanted_since.get_or_insert(elapsed);
        self.has_passed().then(|| (GateResult::Pass, self.evidence.clone()))
    }

    /// Takes a look, made `elapsed` after the gate was asked; a verdict ends the asking.
    ///
    /// Only looks that say "it is not so" count against the failure limit: a check that is broken
    /// or has no data says nothing about what is checked, and never passes either.
    pub fn observe(&mut self, look: Look, elapsed: Duration) -> Option<(GateResult, String)> {
        let Look { result, evidence } = look;
        match result {
            GateResult::Pass => self.successes = self.successes.saturating_add(1),
            GateResult::Fail => {
                self.successes = 0;
                self.failures += 1;
                if self.failures > self.pace.failure_limit {
                    let evidence = match self.failures {
                        1 => evidence,
                        times => format!("{evidence} ({times} times)"),
                    };
                    return Some((GateResult::Fail, evidence));
                }
            }
            GateResult::Inconclusive | GateResult::Error => self.successes = 0,
        }
        self.evidence = evidence;
        let since = self.wanted_since?;
        if self.has_passed() {
            return Some((GateResult::Pass, self.evidence.clone()));
        }
        let deadline = self.pace.deadline;
        if elapsed < since.saturating_add(deadline) {
            return None;
        }
        let verdict = match result {
            // Passing looks, but not enough of them in a row.
            GateResult::Pass => GateResult::Inconclusive,
            other => other,
        };
        Some((verdict, format!("{} (no verdict within {deadline:?})", self.evidence)))
    }

    fn has_passed(&self) -> bool {
        self.successes >= self.pace.successes.max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn patience(successes: u32, failure_limit: u32) -> Patience {
        Patience::until_verdict(Pace { successes, failure_limit, ..Pace::default() })
    }

    fn result(observed: Option<(GateResult, String)>) -> Option<GateResult> {
        observed.map(|(result, _)| result)
    }

    #[test]
    fn successes_must_be_consecutive() {
        let mut gate = patience(2, 10);
        assert_eq!(result(gate.observe(Look::pass("200"), Duration::ZERO)), None);
        assert_eq!(result(gate.observe(Look::fail("503"), Duration::ZERO)), None);
        assert_eq!(result(gate.observe(Look::pass("200"), Duration::ZERO)), None);
        let last = gate.observe(Look::pass("200"), Duration::ZERO);
        assert_eq!(result(last), Some(GateResult::Pass));
    }

    #[test]
    fn more_failures_than_allowed_fail() {
        let mut gate = patience(1, 1);
        assert_eq!(result(gate.observe(Look::fail("503"), Duration::ZERO)), None);
        let last = gate.observe(Look::fail("503"), Duration::ZERO);
        assert_eq!(last, Some((GateResult::Fail, "503 (2 times)".to_owned())));
    }

    #[test]
    fn a_broken_check_never_passes_and_never_fails_what_it_checks() {
        let mut gate = patience(1, 0);
        for _ in 0..100 {
            let look = Look::error("no such host");
            assert_eq!(result(gate.observe(look, Duration::from_secs(1))), None);
        }
        let last = gate.observe(Look::error("no such host"), Duration::from_secs(120));
        assert_eq!(result(last), Some(GateResult::Error));
    }

    #[test]
    fn too_few_successes_at_the_deadline_are_inconclusive() {
        let mut gate = patience(3, 0);
        let last = gate.observe(Look::pass("200"), Duration::from_secs(120));
        assert_eq!(result(last), Some(GateResult::Inconclusive));
    }

    #[test]
    fn a_gate_that_goes_on_until_it_is_told_passes_by_its_last_looks() {
        let mut gate = Patience::until_told(Pace { successes: 2, ..Pace::default() });
        for second in [0, 1000, 2000] {
            let look = Look::pass(format!("look at {second}"));
            assert_eq!(gate.observe(look, Duration::from_secs(second)), None);
        }
        let told = gate.told(Duration::from_secs(2001));
        assert_eq!(told, Some((GateResult::Pass, "look at 2000".to_owned())));
    }

    #[test]
    fn a_gate_that_is_told_too_early_has_its_deadline_from_then() {
        let mut gate = Patience::until_told(Pace::default());
        let after = |seconds| Duration::from_secs(seconds);
        assert_eq!(gate.observe(Look::pass("200"), after(0)), None);
        assert_eq!(gate.observe(Look::error("away"), after(500)), None);
        assert_eq!(gate.told(after(1000)), None);
        assert_eq!(gate.observe(Look::error("away"), after(1119)), None);
        let last = gate.observe(Look::error("away"), after(1120));
        assert_eq!(result(last), Some(GateResult::Error));
    }

    fn look() -> impl Strategy<Value = Look> {
        let result = select(vec![
            GateResult::Pass,
            GateResult::Fail,
            GateResult::Inconclusive,
            GateResult::Error,
        ]);
        result.prop_map(|result| Look { result, evidence: format!("{result:?}") })
    }

    /// Hands looks in, one a second, and tells after as many as `told`; the verdict with the looks
    /// that it was given after.
    fn play(mut gate: Patience, looks: &[Look], told: usize) -> Option<(usize, GateResult)> {
        for (number, look) in looks.iter().enumerate() {
            let elapsed = Duration::from_secs(number as u64);
            if number == told
                && let Some((decided, _)) = gate.told(elapsed)
            {
                return Some((number, decided));
            }
            if let Some((decided, _)) = gate.observe(look.clone(), elapsed) {
                return Some((number + 1, decided));
            }
        }
        None
    }

    proptest! {
        #[test]
        fn what_passes_passed_in_its_last_looks(
            looks in vec(look(), 0..40), successes in 1u32..4, failure_limit in 0u32..4, told in 0usize..40,
        ) {
            let pace = Pace { successes, failure_limit, ..Pace::default() };
            for gate in [Patience::until_verdict(pace), Patience::until_told(pace)] {
                if let Some((after, GateResult::Pass)) = play(gate, &looks, told) {
                    let last = &looks[after.saturating_sub(successes as usize)..after];
                    prop_assert_eq!(last.len(), successes as usize);
                    prop_assert!(last.iter().all(|it| it.result == GateResult::Pass));
                }
            }
        }

        #[test]
        fn a_failure_ends_it_at_once_and_nothing_else_before_it_is_told(
            looks in vec(look(), 0..40), failure_limit in 0u32..4,
        ) {
            let pace = Pace { failure_limit, ..Pace::default() };
            let failing = looks.iter().enumerate().filter(|(_, it)| it.result == GateResult::Fail);
            let ending = failing.map(|(number, _)| number + 1).nth(failure_limit as usize);
            let decided = play(Patience::until_told(pace), &looks, usize::MAX);
            prop_assert_eq!(decided, ending.map(|it| (it, GateResult::Fail)));
        }

        #[test]
        fn there_is_a_verdict_by_the_deadline_after_it_was_told(
            looks in vec(look(), 40), deadline in 0u64..10, told in 0usize..20,
        ) {
            let deadline = Duration::from_secs(deadline);
            let pace = Pace { deadline, successes: 50, failure_limit: 50, ..Pace::default() };
            let decided = play(Patience::until_told(pace), &looks, told);
            let after = decided.map(|(after, _)| after);
            prop_assert_eq!(after, Some(told + deadline.as_secs() as usize + 1));
        }
    }
}
