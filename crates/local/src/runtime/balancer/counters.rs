//! What was served: counts that only grow for as long as the process lives.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use greenroom_model::traffic::Mirrored;
use serde::{Deserialize, Serialize};

/// Upper bounds of the latency buckets, in milliseconds; one more takes the rest.
pub const LATENCY_BOUNDS_MS: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000];

/// What went through one listener or to one target group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterValues {
    /// Requests that were answered or failed.
    pub requests: u64,
    /// Answers by class: 1xx at index 0 to 5xx at index 4. A listener's include the balancer's own.
    pub responses: [u64; 5],
    /// Failed attempts by class. One that another target made good is among them.
    pub errors: BTreeMap<ErrorClass, u64>,
    /// Requests that were answered with a status of 500 or above, or failed by the fault of the
    /// side that was to serve them; each once, and each counted in `requests` too.
    pub faults: u64,
    /// Connections open now.
    pub open_connections: u64,
    /// Requests that are being served now, up to the last byte of their answer.
    pub in_flight: u64,
    /// The sum of the times to the head of the answer, in microseconds.
    pub latency_sum_us: u64,
    /// How many answers took at most [`LATENCY_BOUNDS_MS`], each counted once, then the rest.
    pub latency_buckets: [u64; LATENCY_BOUNDS_MS.len() + 1],
    /// Copies of requests that other groups served, which no other count here holds.
    pub mirrored: Mirrored,
}

/// Why a request got no proper answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// No connection to the target.
    Connect,
    /// The connection broke before the head of the answer.
    Reset,
    /// The target was silent for too long.
    Timeout,
    /// The connection broke within the answer's body.
    Body,
    /// The target's deregistration delay was over.
    Deregistered,
    /// There was no healthy target.
    NoTarget,
    /// The client went away while it sent its request.
    Client,
}

impl ErrorClass {
    const ALL: [ErrorClass; 7] = [
        ErrorClass::Connect,
        ErrorClass::Reset,
        ErrorClass::Timeout,
        ErrorClass::Body,
        ErrorClass::Deregistered,
        ErrorClass::NoTarget,
        ErrorClass::Client,
    ];

    /// Whether it is the fault of who was to answer.
    fn is_fault(self) -> bool {
        self != ErrorClass::Client
    }
}

/// Live counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    responses: [AtomicU64; 5],
    errors: [AtomicU64; ErrorClass::ALL.len()],
    faults: AtomicU64,
    open_connections: AtomicU64,
    in_flight: AtomicU64,
    latency_sum_us: AtomicU64,
    latency_buckets: [AtomicU64; LATENCY_BOUNDS_MS.len() + 1],
    pub(crate) copies: CopyCounters,
}

/// Live counters of copies.
#[derive(Debug, Default)]
pub(crate) struct CopyCounters {
    eligible: AtomicU64,
    copied: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
}

impl CopyCounters {
    /// Counts a request that could be copied.
    pub(crate) fn eligible(&self) {
        self.eligible.fetch_add(1, Relaxed);
    }

    /// Counts a copy that is sent.
    pub(crate) fn copied(&self) {
        self.copied.fetch_add(1, Relaxed);
    }

    /// Counts how a copy that was sent ended.
    pub(crate) fn ended(&self, well: bool) {
        let count = if well { &self.answered } else { &self.failed };
        count.fetch_add(1, Relaxed);
    }

    fn values(&self) -> Mirrored {
        Mirrored {
            eligible: self.eligible.load(Relaxed),
            copied: self.copied.load(Relaxed),
            answered: self.answered.load(Relaxed),
            failed: self.failed.load(Relaxed),
        }
    }
}

impl Counters {
    /// Counts a request that was answered.
    pub(crate) fn answered(&self, status: u16, latency: Duration) {
        self.requests.fetch_add(1, Relaxed);
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.responses[class].fetch_add(1, Relaxed);
        self.latency_sum_us.fetch_add(saturated(latency.as_micros()), Relaxed);
        let milliseconds = saturated(latency.as_micros().div_ceil(1000));
        let bucket = LATENCY_BOUNDS_MS.partition_point(|bound| *bound < milliseconds);
        self.latency_buckets[bucket].fetch_add(1, Relaxed);
        if is_fault(status) {
            self.faults.fetch_add(1, Relaxed);
        }
    }

    /// Counts a request that got no answer, and why its last attempt failed.
    pub(crate) fn failed(&self, class: ErrorClass) {
        self.error(class);
        self.lost(class);
    }

    /// Counts a request that got no answer, whose attempts are counted already.
    pub(crate) fn lost(&self, class: ErrorClass) {
        self.requests.fetch_add(1, Relaxed);
        if class.is_fault() {
            self.faults.fetch_add(1, Relaxed);
        }
    }

    /// Counts an attempt that failed, of a request that is counted elsewhere.
    pub(crate) fn error(&self, class: ErrorClass) {
        self.errors[class as usize].fetch_add(1, Relaxed);
    }

    /// Counts that an answer, which was counted with this status, broke within its body.
    pub(crate) fn broken(&self, status: u16, class: ErrorClass) {
        self.error(class);
        if !is_fault(status) {
            self.faults.fetch_add(1, Relaxed);
        }
    }

    /// Counts a connection for as long as the answer lives.
    pub(crate) fn connection(self: &Arc<Self>) -> Gauge {
        Gauge::new(self, |counters| &counters.open_connections)
    }

    /// Counts a request in flight for as long as the answer lives.
    pub(crate) fn in_flight(self: &Arc<Self>) -> Gauge {
        Gauge::new(self, |counters| &counters.in_flight)
    }

    /// The present values.
    pub(crate) fn values(&self) -> CounterValues {
        let errors = ErrorClass::ALL
            .into_iter()
            .map(|class| (class, self.errors[class as usize].load(Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect();
        CounterValues {
            requests: self.requests.load(Relaxed),
            responses: self.responses.each_ref().map(|count| count.load(Relaxed)),
            errors,
            faults: self.faults.load(Relaxed),
            open_connections: self.open_connections.load(Relaxed),
            in_flight: self.in_flight.load(Relaxed),
            latency_sum_us: self.latency_sum_us.load(Relaxed),
            latency_buckets: self.latency_buckets.each_ref().map(|count| count.load(Relaxed)),
            mirrored: self.copies.values(),
        }
    }
}

/// One of something that is open; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Gauge {
    counters: Arc<Counters>,
    which: fn(&Counters) -> &AtomicU64,
}

impl Gauge {
    fn new(counters: &Arc<Counters>, which: fn(&Counters) -> &AtomicU64) -> Gauge {
        which(counters).fetch_add(1, Relaxed);
        Gauge { counters: Arc::clone(counters), which }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        (self.which)(&self.counters).fetch_sub(1, Relaxed);
    }
}

/// Counters by uid. They outlive what they count, so that what leaves and comes back goes on
/// counting where it was.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<BTreeMap<String, Arc<Counters>>>);

impl Registry {
    /// The counters of `uid`.
    pub(crate) fn of(&self, uid: &str) -> Arc<Counters> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(uid.to_owned()).or_default())
    }

    /// The values of all.
    pub(crate) fn values(&self) -> BTreeMap<String, CounterValues> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(uid, counters)| (uid.clone(), counters.values())).collect()
    }
}

/// Whether an answer with this status is its sender's failure.
pub(crate) fn is_fault(status: u16) -> bool {
    status >= 500
}

fn saturated(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_lands_in_its_class_and_bucket() {
        let counters = Counters::default();
        counters.answered(204, Duration::from_micros(1000));
        counters.answered(503, Duration::from_micros(1001));
        counters.answered(200, Duration::from_secs(60));
        let values = counters.values();
        assert_eq!((values.requests, values.responses), (3, [0, 2, 0, 0, 1]));
        let mut expected = [0; LATENCY_BOUNDS_MS.len() + 1];
        (expected[0], expected[1], expected[LATENCY_BOUNDS_MS.len()]) = (1, 1, 1);
        assert_eq!(values.latency_buckets, expected);
        assert_eq!(values.latency_sum_us, 60_002_001);
    }

    #[test]
    fn a_gauge_falls_when_its_answer_is_dropped() {
        let counters = Arc::new(Counters::default());
        let open = (counters.connection(), counters.connection(), counters.in_flight());
        assert_eq!(counters.values().open_connections, 2);
        assert_eq!(counters.values().in_flight, 1);
        drop(open);
        assert_eq!(counters.values(), CounterValues::default());
    }

    #[test]
    fn every_class_has_a_place() {
        let counters = Counters::default();
        ErrorClass::ALL.into_iter().for_each(|class| counters.failed(class));
        assert_eq!(counters.values().errors.len(), ErrorClass::ALL.len());
    }

    #[test]
    fn a_request_is_at_fault_once_and_never_by_its_client() {
        let counters = Counters::default();
        let faults = || counters.values().faults;
        counters.failed(ErrorClass::Client);
        assert_eq!(faults(), 0);
        counters.answered(499, Duration::ZERO);
        assert_eq!(faults(), 0);
        counters.answered(500, Duration::ZERO);
        counters.broken(500, ErrorClass::Body);
        assert_eq!(faults(), 1);
        counters.broken(200, ErrorClass::Body);
        assert_eq!(faults(), 2);
        counters.error(ErrorClass::Connect);
        counters.lost(ErrorClass::Connect);
        assert_eq!(faults(), 3);
        assert_eq!(counters.values().requests, 4);
    }
}
