//! Faults by chance, which a seed decides.

use std::fmt;
use std::time::Duration;

use crate::faults::Fault;

/// How likely each fault is, in percent of all calls.
///
/// Whether a call is struck depends on the seed, on the call's name and on how many of that name
/// came before. So calls of different names may overtake each other without changing the weather.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Decides everything below.
    pub seed: u64,
    /// [`Fault::Throttle`].
    pub throttle: u8,
    /// [`Fault::ServerError`].
    pub server_error: u8,
    /// [`Fault::ResetBefore`].
    pub reset_before: u8,
    /// [`Fault::ResetAfter`].
    pub reset_after: u8,
    /// [`Fault::StallAfter`], for `stall`.
    pub stall_after: u8,
    /// How long a stall takes: longer than the client's patience, if that is what is tested.
    pub stall: Duration,
    /// [`Fault::TruncateAfter`].
    pub truncate_after: u8,
    /// [`Fault::ErrorAfter`].
    pub error_after: u8,
    /// [`Fault::Delay`], up to `longest_delay`.
    pub delay: u8,
    /// The longest delay.
    pub longest_delay: Duration,
}

impl Weather {
    /// Nothing goes wrong.
    #[must_use]
    pub fn calm() -> Weather {
        Weather {
            seed: 0,
            throttle: 0,
            server_error: 0,
            reset_before: 0,
            reset_after: 0,
            stall_after: 0,
            stall: Duration::from_secs(3),
            truncate_after: 0,
            error_after: 0,
            delay: 0,
            longest_delay: Duration::from_millis(300),
        }
    }

    /// Everything goes wrong now and then: one call in five is struck by something.
    #[must_use]
    pub fn stormy(seed: u64) -> Weather {
        Weather {
            seed,
            throttle: 4,
            server_error: 2,
            reset_before: 2,
            reset_after: 3,
            stall_after: 1,
            truncate_after: 2,
            error_after: 2,
            delay: 4,
            ..Weather::calm()
        }
    }

    /// What happens to the call of this name that so many of its name came before.
    pub(crate) fn strike(&self, name: &str, number: u64) -> Option<Fault> {
        let draw = self.draw(name, number);
        let mut percent = u8::try_from(draw % 100).expect("below a hundred");
        let delay = self.longest_delay.mul_f64((draw >> 32) as f64 / f64::from(u32::MAX));
        let chances = [
            (self.throttle, Fault::Throttle),
            (self.server_error, Fault::ServerError),
            (self.reset_before, Fault::ResetBefore),
            (self.reset_after, Fault::ResetAfter),
            (self.stall_after, Fault::StallAfter(self.stall)),
            (self.truncate_after, Fault::TruncateAfter),
            (self.error_after, Fault::ErrorAfter),
            (self.delay, Fault::Delay(delay)),
        ];
        for (likely, fault) in chances {
            match percent.checked_sub(likely) {
                Some(rest) => percent = rest,
                None => return Some(fault),
            }
        }
        None
    }

    fn draw(&self, name: &str, number: u64) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes()).update(&number.to_le_bytes());
        hasher.update(name.as_bytes());
        let hash = hasher.finalize();
        let (start, _) = hash.as_bytes().split_at(8);
        u64::from_le_bytes(start.try_into().expect("eight bytes"))
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "weather of seed {}", self.seed)
    }
}
