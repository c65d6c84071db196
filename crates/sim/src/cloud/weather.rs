//! What goes wrong, and how often.

use std::time::Duration;

/// How the cloud behaves; likelihoods are in percent of the calls that change something.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Decides everything below.
    pub seed: u64,
    /// The shortest and the longest time that a call takes.
    pub latency: (Duration, Duration),
    /// How long a new object takes to be ready.
    pub start: Duration,
    /// A call fails and changes nothing.
    pub refused: u8,
    /// A call's answer is lost before it took effect.
    pub lost_before: u8,
    /// A call's answer is lost after it took effect.
    pub lost_after: u8,
    /// A new object will never be ready.
    pub broken: u8,
    /// A deletion is accepted and takes its time.
    pub slow_delete: u8,
    /// What the types declare as the time in which a look-up may still miss a new object.
    pub grace: Duration,
}

/// What is to happen to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and changes nothing.
    Refused,
    /// Its answer is lost before it took effect.
    LostBefore,
    /// Its answer is lost after it took effect.
    LostAfter,
    /// Its answer is lost, and it takes effect so much later.
    Late(Duration),
    /// For a create: the object will never be ready.
    Broken,
    /// For a delete: it takes its time.
    Slow,
}

impl Default for Weather {
    fn default() -> Weather {
        Weather {
            seed: 0,
            latency: (Duration::from_millis(10), Duration::from_millis(10)),
            start: Duration::from_millis(500),
            refused: 0,
            lost_before: 0,
            lost_after: 0,
            broken: 0,
            slow_delete: 0,
            grace: Duration::ZERO,
        }
    }
}

impl Weather {
    /// Everything goes wrong now and then, by this seed.
    #[must_use]
    pub fn stormy(seed: u64) -> Weather {
        Weather {
            seed,
            latency: (Duration::from_millis(1), Duration::from_millis(200)),
            refused: 5,
            lost_before: 4,
            lost_after: 4,
            broken: 4,
            slow_delete: 30,
            ..Weather::default()
        }
    }
}
