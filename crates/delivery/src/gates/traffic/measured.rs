//! What is measured of traffic, and how it compares.

use greenroom_model::gate::Bounds;
use greenroom_model::traffic::{Latency, Traffic};

use crate::gates::Look;
use crate::gates::bounds::{breaks, wanted};
use crate::gates::figures::{count, figure};

/// A measure of one side's traffic.
pub(super) trait Measured: Sized {
    /// How many requests it was made of.
    fn samples(&self) -> u64;

    /// Judges it alone.
    fn within(&self, bounds: Bounds) -> Look;

    /// Judges it against the live side's.
    fn against(&self, live: &Self, ratio: f64) -> Look;
}

/// Requests, and how many of them were answered with an error.
pub(super) struct Errors {
    requests: u64,
    errors: u64,
}

impl Errors {
    /// `None` if they are not counted, or if there were no requests.
    pub(super) fn of(traffic: &Traffic) -> Option<Errors> {
        let requests = traffic.requests.filter(|it| *it > 0)?;
        Some(Errors { requests, errors: traffic.errors? })
    }

    fn percent(&self) -> f64 {
        100.0 * float(self.errors) / float(self.requests)
    }
}

impl Measured for Errors {
    fn samples(&self) -> u64 {
        self.requests
    }

    fn within(&self, bounds: Bounds) -> Look {
        let (percent, requests) = (self.percent(), count(self.requests));
        let wanted = wanted(bounds, " %");
        let evidence = format!("error rate {} % of {requests} requests{wanted}", figure(percent));
        if breaks(percent, bounds) { Look::fail(evidence) } else { Look::pass(evidence) }
    }

    /// A rate is known no better than to one request: a live side without errors is taken to have
    /// had one, and one error more or less on this side decides nothing.
    fn against(&self, live: &Errors, ratio: f64) -> Look {
        let evidence = format!(
            "{} % of {} requests on the live side, at most {} times that",
            figure(live.percent()),
            count(live.requests),
            figure(ratio)
        );
        // Rates times the requests of both sides: what is equal stays equal.
        let own = float(self.errors) * float(live.requests);
        let allowed = ratio * (float(live.errors.max(1)) * float(self.requests));
        if self.errors > 1 && own > allowed { Look::fail(evidence) } else { Look::pass(evidence) }
    }
}

/// How long so many of the answers took at most.
pub(super) struct Latencies {
    answers: u64,
    quantile: f64,
    /// The quantile in milliseconds; `None` if it is above all that is told apart.
    value: Option<f64>,
    /// The greatest time that is told apart, in milliseconds.
    last: u64,
}

impl Latencies {
    /// `None` if they are not measured, or if there were no answers.
    pub(super) fn of(traffic: &Traffic, quantile: f64) -> Option<Latencies> {
        let latency: &Latency = traffic.latency.as_ref()?;
        let last = latency.buckets.last().map_or(0, |(bound, _)| *bound);
        let answers = latency.count();
        let value = latency.estimate(quantile);
        (answers > 0).then_some(Latencies { answers, quantile, value, last })
    }

    /// At most this long, as far as can be told.
    fn at_most(&self, limit: f64, evidence: String) -> Look {
        match self.value {
            Some(value) if value <= limit => Look::pass(evidence),
            Some(_) => Look::fail(evidence),
            None if float(self.last) >= limit => Look::fail(evidence),
            None => Look::inconclusive(evidence),
        }
    }

    fn shown(&self) -> String {
        match self.value {
            Some(value) => format!("{} ms", figure(value)),
            None => format!("above {} ms", count(self.last)),
        }
    }
}

impl Measured for Latencies {
    fn samples(&self) -> u64 {
        self.answers
    }

    fn within(&self, bounds: Bounds) -> Look {
        let percent = figure(100.0 * self.quantile);
        let (shown, answers) = (self.shown(), count(self.answers));
        let wanted = wanted(bounds, " ms");
        let evidence = format!("latency {shown} at {percent} % of {answers} answers{wanted}");
        let least = bounds.min.map_or(0.0, |min| min.as_f64());
        let value = self.value.unwrap_or(float(self.last));
        if value < least {
            let is_above_last = self.value.is_none();
            return if is_above_last { Look::inconclusive(evidence) } else { Look::fail(evidence) };
        }
        match bounds.max {
            Some(max) => self.at_most(max.as_f64(), evidence),
            None => Look::pass(evidence),
        }
    }

    fn against(&self, live: &Latencies, ratio: f64) -> Look {
        let evidence = format!(
            "{} of {} answers on the live side, at most {} times that",
            live.shown(),
            count(live.answers),
            figure(ratio)
        );
        match live.value {
            Some(value) => self.at_most(ratio * value, evidence),
            None => Look::inconclusive(evidence),
        }
    }
}

/// Counts of requests are far below what a float holds exactly.
#[allow(clippy::cast_precision_loss)]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use greenroom_model::gate::GateResult;
    use greenroom_model::value::Number;
    use proptest::prelude::*;

    use super::*;

    /// Answers by the bounds of their buckets, 100 ms, 200 ms and 400 ms, and above.
    fn latencies(counts: [u64; 3], above: u64, quantile: f64) -> Latencies {
        let buckets = [100, 200, 400].into_iter().zip(counts).collect();
        let latency = Some(Latency { buckets, above });
        let traffic = Traffic { latency, ..Traffic::default() };
        Latencies::of(&traffic, quantile).expect("there are answers")
    }

    fn bounds(max: i64, min: i64) -> Bounds {
        Bounds { max: Some(Number::from(max)), min: Some(Number::from(min)) }
    }

    #[test]
    fn a_latency_is_estimated_within_its_bucket() {
        let look = latencies([50, 50, 0], 0, 0.75).within(bounds(150, 0));
        assert_eq!(look.result, GateResult::Pass);
        assert_eq!(
            look.evidence,
            "latency 150 ms at 75 % of 100 answers, at least 0 ms, at most 150 ms"
        );
        assert_eq!(latencies([50, 50, 0], 0, 0.76).within(bounds(150, 0)).result, GateResult::Fail);
        assert_eq!(latencies([99, 1, 0], 0, 0.5).within(bounds(150, 60)).result, GateResult::Fail);
    }

    #[test]
    fn above_the_last_bucket_only_a_bound_within_the_buckets_is_surely_broken() {
        let slow = || latencies([50, 0, 0], 50, 0.9);
        let seen = slow().within(bounds(400, 0));
        assert_eq!(seen.result, GateResult::Fail);
        assert_eq!(
            seen.evidence,
            "latency above 400 ms at 90 % of 100 answers, at least 0 ms, at most 400 ms"
        );
        assert_eq!(slow().within(bounds(401, 0)).result, GateResult::Inconclusive);
        assert_eq!(slow().within(bounds(1000, 401)).result, GateResult::Inconclusive);
    }

    #[test]
    fn a_latency_is_compared_with_that_of_the_live_side() {
        let live = latencies([100, 0, 0], 0, 0.9);
        let seen = latencies([0, 100, 0], 0, 0.9).against(&live, 2.2);
        assert_eq!(seen.result, GateResult::Pass);
        assert_eq!(seen.evidence, "90 ms of 100 answers on the live side, at most 2.2 times that");
        assert_eq!(latencies([0, 100, 0], 0, 0.9).against(&live, 2.0).result, GateResult::Fail);
        let slow = || latencies([0, 0, 0], 100, 0.9);
        assert_eq!(slow().against(&live, 4.0).result, GateResult::Fail);
        assert_eq!(slow().against(&live, 40.0).result, GateResult::Inconclusive);
        assert_eq!(live.against(&slow(), 1.0).result, GateResult::Inconclusive);
    }

    fn result(own: (u64, u64), live: (u64, u64), ratio: f64) -> GateResult {
        let errors = |(requests, errors)| Errors { requests, errors };
        errors(own).against(&errors(live), ratio).result
    }

    proptest! {
        #[test]
        fn a_side_that_is_as_good_as_the_live_one_passes(
            requests in 1u64..1_000_000, errors in 0u64..1_000_000, ratio in 1.0f64..10.0,
        ) {
            let side = (requests, errors.min(requests));
            prop_assert_eq!(result(side, side, ratio), GateResult::Pass);
        }

        #[test]
        fn more_errors_never_turn_a_failure_into_a_pass(
            requests in 1u64..1_000_000, errors in 0u64..1_000_000, live in 0u64..1000, ratio in 0.1f64..10.0,
        ) {
            let live = (1000, live);
            let errors = errors.min(requests - 1);
            let before = result((requests, errors), live, ratio);
            let after = result((requests, errors + 1), live, ratio);
            prop_assert!(before == GateResult::Pass || after == GateResult::Fail);
        }

        #[test]
        fn a_live_side_with_more_errors_never_turns_a_pass_into_a_failure(
            own in 0u64..1000, live in 0u64..999, ratio in 0.1f64..10.0,
        ) {
            let before = result((1000, own), (1000, live), ratio);
            let after = result((1000, own), (1000, live + 1), ratio);
            prop_assert!(before == GateResult::Fail || after == GateResult::Pass);
        }
    }
}
