//! From looks to a verdict: a pure function of what was seen and how long it took.

use std::time::Duration;

use greenroom_model::gate::{GateResult, Pace};

/// What one look saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Pass, fail, inconclusive, or error.
    pub result: GateResult,
    /// What was seen, in a sentence.
    pub evidence: String,
}

impl Look {
    /// What was asked for is so.
    pub fn pass(evidence: impl Into<String>) -> Look {
        Look { result: GateResult::Pass, evidence: evidence.into() }
    }

    /// It is not so.
    pub fn fail(evidence: impl Into<String>) -> Look {
        Look { result: GateResult::Fail, evidence: evidence.into() }
    }

    /// The check itself broke.
    pub fn error(evidence: impl Into<String>) -> Look {
        Look { result: GateResult::Error, evidence: evidence.into() }
    }
}

/// How many looks there were, and how they went.
#[derive(Clone, Debug)]
pub struct Patience {
    pace: Pace,
    successes: u32,
    failures: u32,
}

impl Patience {
    /// Before the first look.
    #[must_use]
    pub fn new(pace: Pace) -> Patience {
        Patience { pace, successes: 0, failures: 0 }
    }

    /// Takes a look, made `elapsed` after the gate was asked; a verdict ends the asking.
    ///
    /// Only looks that say "it is not so" count against the failure limit: a check that is broken
    /// or has no data says nothing about what is checked, and never passes either.
    pub fn observe(&mut self, look: Look, elapsed: Duration) -> Option<(GateResult, String)> {
        let Look { result, evidence } = look;
        match result {
            GateResult::Pass => {
                self.successes += 1;
                if self.successes >= self.pace.successes.max(1) {
                    return Some((GateResult::Pass, evidence));
                }
            }
            GateResult::Fail => {
                self.successes = 0;
                self.failures += 1;
                if self.failures > self.pace.failure_limit {
                    let times = self.failures;
                    return Some((GateResult::Fail, format!("{evidence} ({times} times)")));
                }
            }
            GateResult::Inconclusive | GateResult::Error => self.successes = 0,
        }
        if elapsed < self.pace.deadline {
            return None;
        }
        let verdict = match result {
            // Passing looks, but not enough of them in a row.
            GateResult::Pass => GateResult::Inconclusive,
            other => other,
        };
        Some((verdict, format!("{evidence} (no verdict within {:?})", self.pace.deadline)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience(successes: u32, failure_limit: u32) -> Patience {
        Patience::new(Pace { successes, failure_limit, ..Pace::default() })
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
}
