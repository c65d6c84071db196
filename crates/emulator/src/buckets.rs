//! Calls are paid from buckets that fill up again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::call::Call;
use crate::reply::Failure;

/// How many calls an account may make at once and then a second, per region.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The calls that share a bucket, as in [`Rule::on`](crate::Rule::on): `ec2:Describe*`.
    pub calls: String,
    /// The size of the bucket.
    pub burst: f64,
    /// How much flows into it per second.
    pub per_second: f64,
    /// Whether each instance of a launch costs one, instead of each call.
    pub by_instance: bool,
}

impl Limit {
    /// A limit on calls.
    #[must_use]
    pub fn on(calls: &str, burst: f64, per_second: f64) -> Limit {
        Limit { calls: calls.to_owned(), burst, per_second, by_instance: false }
    }

    /// The documented limits of AWS.
    #[must_use]
    pub fn aws() -> Vec<Limit> {
        vec![
            Limit { by_instance: true, ..Limit::on("ec2:RunInstances", 1000.0, 2.0) },
            Limit::on("ec2:Describe*", 100.0, 20.0),
            Limit::on("route53:*", 5.0, 5.0),
        ]
    }

    fn cost(&self, call: &Call) -> f64 {
        let most = call.parameter("MaxCount").filter(|_| self.by_instance);
        most.and_then(|count| count.parse().ok()).unwrap_or(1.0)
    }
}

/// The buckets of an account.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    limits: Vec<Limit>,
    /// What is in each, and since when, by limit and region.
    levels: BTreeMap<(usize, String), (f64, Instant)>,
}

impl Buckets {
    pub(crate) fn set(&self, limits: Vec<Limit>) {
        *self.lock() = Inner { limits, levels: BTreeMap::new() };
    }

    /// Pays a call.
    ///
    /// # Errors
    ///
    /// The refusal of its service, if too little is left.
    pub(crate) fn pay(&self, call: &Call, now: Instant) -> Result<(), Failure> {
        let mut inner = self.lock();
        let name = call.name();
        let limits = inner.limits.clone();
        let found = limits.iter().enumerate().find(|(_, limit)| matches(&limit.calls, &name));
        let Some((index, limit)) = found else { return Ok(()) };
        let key = (index, call.region.clone());
        let (level, since) = inner.levels.get(&key).copied().unwrap_or((limit.burst, now));
        let filled = level + limit.per_second * now.duration_since(since).as_secs_f64();
        let left = filled.min(limit.burst) - limit.cost(call);
        if left < 0.0 {
            return Err(Failure::throttled(&call.service));
        }
        inner.levels.insert(key, (left, now));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a call's name is as a pattern, of which a `*` at the end stands for anything.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}
