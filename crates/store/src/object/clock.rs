//! What time it is for a lease.

use std::time::Duration;

use jiff::Timestamp;

/// The time of one machine.
pub trait Clock: Send + Sync {
    /// How long ago some fixed moment was. Never goes back, and goes on while the machine sleeps.
    fn elapsed(&self) -> Duration;

    /// The time of day, for people.
    fn now(&self) -> Timestamp;
}

/// The operating system's.
pub(crate) struct SystemClock;

#[cfg(any(target_os = "linux", target_os = "android"))]
const COUNTS_SLEEP: rustix::time::ClockId = rustix::time::ClockId::Boottime;

// Elsewhere the monotonic clock of POSIX goes on while the machine sleeps.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const COUNTS_SLEEP: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

impl Clock for SystemClock {
    fn elapsed(&self) -> Duration {
        let time = rustix::time::clock_gettime(COUNTS_SLEEP);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
