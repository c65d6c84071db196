//! Traffic: what an object has served, as plain data.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What went through one object, as far as its provider counts it.
///
/// What is `None` is not counted there, which is not the same as zero. Counts only grow for as long
/// as `epoch` stays the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// What the counts are counts of, such as the life of one process: when it changes, they have
    /// begun anew.
    pub epoch: Arc<str>,
    /// How long it may take until what happens is in all of these numbers.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub late: Duration,
    /// Requests that were answered or failed.
    pub requests: Option<u64>,
    /// Those of them that were answered with a status of 500 or above, or not at all.
    pub errors: Option<u64>,
    /// How long the answers took.
    pub latency: Option<Latency>,
    /// Requests that are being served now.
    pub in_flight: Option<u64>,
    /// Connections of clients that are open now.
    pub connections: Option<u64>,
    /// Copies of other objects' requests, which its own counts do not hold.
    pub mirrored: Option<Mirrored>,
}

/// A histogram of times to the first byte of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Upper bounds in milliseconds, rising, each with the count of answers that took at most so
    /// long and longer than the bound before.
    pub buckets: Vec<(u64, u64)>,
    /// Answers that took longer than the last bound.
    pub above: u64,
}

/// Copies of requests that an object got to show what it would have made of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirrored {
    /// Requests of the source that could have been copied: GET and HEAD.
    pub eligible: u64,
    /// Copies that were sent.
    pub copied: u64,
    /// Copies that were answered with a status below 500.
    pub answered: u64,
    /// Copies that were answered with a status of 500 or above, or not at all.
    pub failed: u64,
}

impl Traffic {
    /// This and `other` together, as two objects of one environment count them. What only one of
    /// them counts is that one's count.
    #[must_use]
    pub fn and(self, other: &Traffic) -> Traffic {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        Traffic {
            epoch: match (&*self.epoch, &*other.epoch) {
                ("", _) => other.epoch.clone(),
                (_, "") => self.epoch,
                (a, b) => format!("{a},{b}").into(),
            },
            late: self.late.max(other.late),
            requests: sum(self.requests, other.requests),
            errors: sum(self.errors, other.errors),
            latency: match (self.latency, &other.latency) {
                (Some(a), Some(b)) => Some(a.and(b)),
                (a, b) => a.or_else(|| b.clone()),
            },
            in_flight: sum(self.in_flight, other.in_flight),
            connections: sum(self.connections, other.connections),
            mirrored: match (self.mirrored, other.mirrored) {
                (Some(a), Some(b)) => Some(a.and(b)),
                (a, b) => a.or(b),
            },
        }
    }

    /// What came to it since `earlier`: the counts are differences, what is open now stays. If the
    /// counts have begun anew since, they are all that is known.
    #[must_use]
    pub fn since(&self, earlier: &Traffic) -> Traffic {
        if self.epoch != earlier.epoch {
            return self.clone();
        }
        let rest = |now: Option<u64>, then: Option<u64>| {
            now.map(|now| now.saturating_sub(then.unwrap_or_default()))
        };
        Traffic {
            epoch: self.epoch.clone(),
            late: self.late,
            requests: rest(self.requests, earlier.requests),
            errors: rest(self.errors, earlier.errors),
            latency: match (&self.latency, &earlier.latency) {
                (Some(now), Some(then)) => Some(now.since(then)),
                (now, _) => now.clone(),
            },
            in_flight: self.in_flight,
            connections: self.connections,
            mirrored: match (self.mirrored, earlier.mirrored) {
                (Some(now), Some(then)) => Some(now.since(then)),
                (now, _) => now,
            },
        }
    }
}

impl Latency {
    /// How many answers were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum::<u64>() + self.above
    }

    /// The least bound in milliseconds that `quantile` (0 to 1) of the answers kept; `None` if
    /// there were none, or if that many took longer than every bound.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        // Counts of requests are far below what a float holds exactly.
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let rank = ((count as f64 * quantile).ceil() as u64).max(1);
        let mut seen = 0;
        self.buckets.iter().find_map(|(bound, count)| {
            seen += count;
            (seen >= rank).then_some(*bound)
        })
    }

    /// The time in milliseconds that `quantile` (0 to 1) of the answers kept, estimated as if those
    /// of a bucket were spread evenly over it; `None` where [`quantile`](Latency::quantile) is.
    #[must_use]
    pub fn estimate(&self, quantile: f64) -> Option<f64> {
        let upper = self.quantile(quantile)?;
        let below = self.buckets.iter().take_while(|(bound, _)| *bound < upper);
        let (lower, before) =
            below.fold((0, 0), |(_, before), (bound, count)| (*bound, before + count));
        let inside = self.buckets.iter().find(|(bound, _)| *bound == upper)?.1;
        // Counts of requests are far below what a float holds exactly.
        #[allow(clippy::cast_precision_loss)]
        let [count, before, inside, lower, upper] =
            [self.count(), before, inside, lower, upper].map(|it| it as f64);
        let share = ((count * quantile - before) / inside).clamp(0.0, 1.0);
        Some(lower + (upper - lower) * share)
    }

    fn and(self, other: &Latency) -> Latency {
        self.combine(other, u64::saturating_add)
    }

    fn since(&self, earlier: &Latency) -> Latency {
        self.clone().combine(earlier, u64::saturating_sub)
    }

    /// Bucket by bucket; of a histogram with other bounds, its counts are lost, as nobody knows
    /// where they belong.
    fn combine(mut self, other: &Latency, with: fn(u64, u64) -> u64) -> Latency {
        for (bound, count) in &mut self.buckets {
            let same = other.buckets.iter().find(|(other, _)| other == bound);
            *count = with(*count, same.map_or(0, |(_, count)| *count));
        }
        self.above = with(self.above, other.above);
        self
    }
}

impl Mirrored {
    fn and(self, other: Mirrored) -> Mirrored {
        self.combine(other, u64::saturating_add)
    }

    fn since(self, earlier: Mirrored) -> Mirrored {
        self.combine(earlier, u64::saturating_sub)
    }

    fn combine(self, other: Mirrored, with: fn(u64, u64) -> u64) -> Mirrored {
        Mirrored {
            eligible: with(self.eligible, other.eligible),
            copied: with(self.copied, other.copied),
            answered: with(self.answered, other.answered),
            failed: with(self.failed, other.failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(buckets: &[(u64, u64)], above: u64) -> Latency {
        Latency { buckets: buckets.to_vec(), above }
    }

    #[test]
    fn a_quantile_is_the_bound_that_so_many_answers_kept() {
        let seen = latency(&[(10, 90), (50, 9)], 1);
        assert_eq!(seen.quantile(0.5), Some(10));
        assert_eq!(seen.quantile(0.9), Some(10));
        assert_eq!(seen.quantile(0.99), Some(50));
        assert_eq!(seen.quantile(1.0), None, "one was above every bound");
        assert_eq!(latency(&[(10, 0)], 0).quantile(0.5), None);
    }

    #[test]
    fn an_estimate_lies_within_the_bucket_of_its_quantile() {
        let seen = latency(&[(10, 50), (20, 50), (40, 0)], 0);
        assert_eq!(seen.estimate(0.5), Some(10.0));
        assert_eq!(seen.estimate(0.75), Some(15.0));
        assert_eq!(seen.estimate(0.25), Some(5.0));
        assert_eq!(latency(&[(10, 1)], 1).estimate(0.99), None);
        assert_eq!(latency(&[(10, 0)], 0).estimate(0.5), None);
    }

    #[test]
    fn counts_that_began_anew_are_taken_as_they_are() {
        let count = |epoch: &str, requests| Traffic {
            epoch: epoch.into(),
            requests: Some(requests),
            ..Traffic::default()
        };
        assert_eq!(count("a", 7).since(&count("a", 5)).requests, Some(2));
        assert_eq!(count("b", 7).since(&count("a", 5)).requests, Some(7));
    }

    #[test]
    fn what_only_one_object_counts_is_not_lost() {
        let group = Traffic { epoch: "g".into(), requests: Some(3), ..Traffic::default() };
        let balancer = Traffic { epoch: "b".into(), connections: Some(2), ..Traffic::default() };
        let both = Traffic::default().and(&group).and(&balancer);
        assert_eq!((both.requests, both.connections, &*both.epoch), (Some(3), Some(2), "g,b"));
    }
}
