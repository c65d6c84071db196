//! Simulated object storage: what it holds, and clients that lose requests, answers and time.
//!
//! A client stands for one process. It fails by the number of the request, or by seed, and its
//! [`Life`](crate::life::Life) can halt before or after any request takes effect, for good (a
//! crash) or until it goes on (a laptop that sleeps). The storage itself never fails: what took
//! effect stays.

mod client;
mod fault;

use std::sync::Arc;
use std::time::Duration;

use greenroom_store::Clock;
use jiff::{SignedDuration, Timestamp};
use object_store::memory::InMemory;
use tokio::time::Instant;

pub use client::Client;
pub use fault::{Fault, LONGEST_FLIGHT, Request, RequestKind, Weather};

/// Object storage that all clients made from it share.
#[derive(Clone, Default)]
pub struct Storage {
    objects: Arc<InMemory>,
    heedless: bool,
}

impl Storage {
    /// Storage with nothing in it.
    #[must_use]
    pub fn new() -> Storage {
        Storage::default()
    }

    /// Lets all writes of clients that are made from now on take effect, whatever their conditions.
    pub fn heed_no_conditions(&mut self) {
        self.heedless = true;
    }

    /// A client on a machine of its own, that nothing happens to yet.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(Arc::clone(&self.objects), !self.heedless)
    }
}

/// The time of tokio, which a test may pause.
pub struct TokioClock {
    start: Instant,
}

impl TokioClock {
    /// A clock that starts now, on a day long ago.
    #[must_use]
    pub fn new() -> TokioClock {
        TokioClock { start: Instant::now() }
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        TokioClock::new()
    }
}

impl Clock for TokioClock {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.elapsed()).unwrap_or(SignedDuration::MAX);
        Timestamp::UNIX_EPOCH.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }
}
