//! A target's health: what checks say, and when that counts.

use std::time::Duration;

use super::config::HealthCheck;

/// What is known about a target's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// No check has succeeded yet.
    Initial,
    /// It gets requests; so many checks in a row have failed.
    Healthy { failures: u32 },
    /// It gets none; so many checks in a row have succeeded.
    Unhealthy { successes: u32 },
}

/// How often a target that was never healthy is checked at least, so that a start is quick.
const EAGER: Duration = Duration::from_millis(100);

impl Health {
    /// Advances by the result of one check.
    ///
    /// The first success of a new target counts at once: the thresholds are there against
    /// flapping, and what was never up cannot flap.
    pub(crate) fn observe(self, success: bool, check: &HealthCheck) -> Health {
        match (self, success) {
            (Health::Initial, true) | (Health::Healthy { .. }, true) => {
                Health::Healthy { failures: 0 }
            }
            (Health::Initial, false) => Health::Initial,
            (Health::Healthy { failures }, false) if failures + 1 >= check.unhealthy_threshold => {
                Health::Unhealthy { successes: 0 }
            }
            (Health::Healthy { failures }, false) => Health::Healthy { failures: failures + 1 },
            (Health::Unhealthy { successes }, true) if successes + 1 >= check.healthy_threshold => {
                Health::Healthy { failures: 0 }
            }
            (Health::Unhealthy { successes }, true) => {
                Health::Unhealthy { successes: successes + 1 }
            }
            (Health::Unhealthy { .. }, false) => Health::Unhealthy { successes: 0 },
        }
    }

    /// Whether the target gets requests.
    pub(crate) fn is_healthy(self) -> bool {
        matches!(self, Health::Healthy { .. })
    }

    /// How long to wait before the next check.
    pub(crate) fn pause(self, check: &HealthCheck) -> Duration {
        let interval = Duration::from_millis(check.interval_ms);
        match self {
            Health::Initial => interval.min(EAGER),
            _ => interval,
        }
    }

    /// Its name for people and programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Health::Initial => "initial",
            Health::Healthy { .. } => "healthy",
            Health::Unhealthy { .. } => "unhealthy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(successes: u32, failures: u32) -> HealthCheck {
        HealthCheck {
            enabled: true,
            path: "/".into(),
            matcher: "200".parse().unwrap(),
            interval_ms: 1000,
            timeout_ms: 500,
            healthy_threshold: successes,
            unhealthy_threshold: failures,
        }
    }

    fn after(results: &[bool]) -> Health {
        results.iter().fold(Health::Initial, |health, ok| health.observe(*ok, &check(3, 2)))
    }

    #[test]
    fn a_new_target_counts_after_its_first_success() {
        assert!(!after(&[false, false, false]).is_healthy());
        assert!(after(&[false, true]).is_healthy());
    }

    #[test]
    fn only_failures_in_a_row_make_it_unhealthy() {
        assert!(after(&[true, false, true, false]).is_healthy());
        assert!(!after(&[true, false, false]).is_healthy());
    }

    #[test]
    fn only_successes_in_a_row_make_it_healthy_again() {
        assert!(!after(&[true, false, false, true, true, false, true, true]).is_healthy());
        assert!(after(&[true, false, false, true, true, true]).is_healthy());
    }

    #[test]
    fn a_starting_target_is_checked_eagerly() {
        assert_eq!(Health::Initial.pause(&check(1, 1)), EAGER);
        assert_eq!(after(&[true]).pause(&check(1, 1)), Duration::from_secs(1));
    }
}
