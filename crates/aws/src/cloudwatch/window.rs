//! From when to when CloudWatch is asked. All times are seconds of Unix time.

use std::time::Duration;

use greenroom_provider::{Failure, FailureKind};

/// Elastic Load Balancing reports once a minute, which is also the shortest period that is kept for
/// long (Amazon CloudWatch User Guide, "Metrics retention").
const MINUTE: i64 = 60;

/// How long after the end of a period its numbers may still come in.
const LATE: i64 = 120;

/// How far back late numbers are looked for: two minutes more than they may be late by, so that a
/// minute whose numbers are not in yet is never taken for the newest.
const LATELY: i64 = LATE + 3 * MINUTE;

/// A time that is divided into periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window {
    /// Its beginning, where a period begins.
    pub(super) from: i64,
    /// Its end, where a period ends.
    pub(super) until: i64,
    /// How long a period is.
    pub(super) period: i32,
}

impl Window {
    /// All minutes from `began` on, the present one included.
    pub(super) fn since(began: i64, now: i64) -> Window {
        Window::of_minutes(began, now)
    }

    /// The minutes of which the newest numbers are in, and the present one.
    pub(super) fn lately(now: i64) -> Window {
        Window::of_minutes(now - LATELY, now)
    }

    /// The newest period whose numbers are in.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Argument`]: CloudWatch has no such period.
    pub(super) fn newest(period: Duration, now: i64) -> Result<Window, Failure> {
        let seconds = i32::try_from(period.as_secs()).unwrap_or_default();
        let fits = matches!(seconds, 1 | 5 | 10 | 20 | 30) || (seconds > 0 && seconds % 60 == 0);
        if !fits || period.subsec_nanos() > 0 {
            let message = format!("CloudWatch has no period of {period:?}");
            let help = "a period is 1, 5, 10, 20 or 30 seconds, or whole minutes";
            return Err(Failure::new(FailureKind::Argument, message).help(help));
        }
        let until = floor(now - LATE, seconds.into());
        Ok(Window { from: until - i64::from(seconds), until, period: seconds })
    }

    fn of_minutes(from: i64, now: i64) -> Window {
        let until = minute_of(now) + MINUTE;
        Window { from: minute_of(from), until, period: 60 }
    }
}

/// How long it may take until what happens is in the counts: its minute must be over, and all of
/// its numbers in.
pub(super) fn late() -> Duration {
    Duration::from_secs((MINUTE + LATE).unsigned_abs())
}

/// The beginning of the minute that `time` is in.
pub(super) fn minute_of(time: i64) -> i64 {
    floor(time, MINUTE)
}

fn floor(time: i64, step: i64) -> i64 {
    time - time.rem_euclid(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(period: u64, now: i64) -> Window {
        Window::newest(Duration::from_secs(period), now).expect("a period of CloudWatch's")
    }

    #[test]
    fn a_value_is_of_a_period_that_ended_two_minutes_ago() {
        let minute = |from, until| Window { from, until, period: 60 };
        assert_eq!(newest(60, 6000), minute(5820, 5880));
        assert_eq!(newest(60, 6059), minute(5820, 5880));
        assert_eq!(newest(60, 6060), minute(5880, 5940));
        assert_eq!(newest(300, 6000), Window { from: 5400, until: 5700, period: 300 });
    }

    #[test]
    fn counts_are_of_whole_minutes_so_that_all_who_count_ask_the_same() {
        let first = Window::since(minute_of(6030), 6100);
        assert_eq!(first, Window { from: 6000, until: 6120, period: 60 });
        assert_eq!(Window::since(minute_of(6030), 6119), first);
        assert_eq!(Window::lately(6030), Window { from: 5700, until: 6060, period: 60 });
    }

    #[test]
    fn a_period_that_cloudwatch_does_not_have_is_refused() {
        for period in [Duration::ZERO, Duration::from_secs(90), Duration::from_millis(1500)] {
            let failure = Window::newest(period, 6000).expect_err("no such period");
            assert_eq!(failure.kind, FailureKind::Argument);
        }
    }
}
