//! How long an ephemeral environment may live, and when it is renewed.

use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::{ApplyError, Session};
use greenroom_model::state::{Lifetime, State};
use jiff::Timestamp;

/// How long an environment may live where its stage has no `ttl`.
pub const DEFAULT_TTL: Duration = Duration::from_secs(2 * 60 * 60);

/// Who uses an environment, and how long it may live after each renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// Who, for people.
    pub by: String,
    /// How long; without end if there is none.
    pub ttl: Option<Duration>,
}

impl Tenure {
    /// What is to be noted of an environment at `now`; `None` while what its state knows will do.
    ///
    /// A renewal touches every object, so that it is due only when less than half of the time is
    /// left. One of which nothing is there is made anew, whoever had one of its name before.
    #[must_use]
    pub fn due(&self, state: &State, now: Timestamp) -> Option<Lifetime> {
        match state.objects() {
            0 => self.due_after(&Lifetime::default(), now),
            _ => self.due_after(&state.lifetime, now),
        }
    }

    /// Notes what is due of the environment whose lease this process has.
    ///
    /// # Errors
    ///
    /// As [`Session::set_lifetime`].
    pub async fn keep_alive(
        &self,
        session: &mut Session,
        now: Timestamp,
    ) -> Result<(), ApplyError> {
        match self.due(session.state(), now) {
            Some(lifetime) => session.set_lifetime(lifetime).await,
            None => Ok(()),
        }
    }

    fn due_after(&self, known: &Lifetime, now: Timestamp) -> Option<Lifetime> {
        let is_new = known.made.is_none();
        let left = expiry(known).map(|expires| expires.duration_since(now));
        let fresh = self.ttl.is_none_or(|ttl| {
            left.is_some_and(|left| left.as_secs_f64() >= ttl.as_secs_f64() / 2.0)
        });
        if !is_new && fresh {
            return None;
        }
        let first =
            |known: &Option<Arc<str>>, text: &str| Some(known.clone().unwrap_or(text.into()));
        Some(Lifetime {
            made: first(&known.made, &now.to_string()),
            made_by: first(&known.made_by, &self.by),
            expires: match self.ttl {
                Some(ttl) if !fresh => Some(after(now, ttl)),
                _ => known.expires.clone(),
            },
        })
    }
}

/// The time `ttl` after `now`, to the second, as states and tags have it.
#[must_use]
pub fn after(now: Timestamp, ttl: Duration) -> Arc<str> {
    let second = Timestamp::from_second(now.as_second()).unwrap_or(now);
    // What lies beyond the end of the calendar is as good as never.
    second.saturating_add(ttl).unwrap_or(Timestamp::MAX).to_string().into()
}

/// When an environment expires; `None` if never, or if what is said of it is no time.
#[must_use]
pub fn expiry(lifetime: &Lifetime) -> Option<Timestamp> {
    time(lifetime.expires.as_deref()?)
}

/// A time as states and tags have it; `None` if it is none.
#[must_use]
pub fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 60 * minutes).unwrap()
    }

    fn ann(ttl: Option<Duration>) -> Tenure {
        Tenure { by: "ann".to_owned(), ttl }
    }

    #[test]
    fn a_new_environment_says_who_made_it_and_until_when_it_may_live() {
        let made = ann(Some(HOUR)).due_after(&Lifetime::default(), at(0)).expect("new");
        assert_eq!(made.made_by.as_deref(), Some("ann"));
        assert_eq!(made.made.as_deref(), Some(&*at(0).to_string()));
        assert_eq!(expiry(&made), Some(at(60)));
    }

    #[test]
    fn it_is_renewed_when_less_than_half_of_its_time_is_left() {
        let made = ann(Some(HOUR)).due_after(&Lifetime::default(), at(0)).expect("new");
        let ben = Tenure { by: "ben".to_owned(), ..ann(Some(HOUR)) };
        assert_eq!(ben.due_after(&made, at(30)), None);
        let renewed = ben.due_after(&made, at(31)).expect("due");
        assert_eq!(expiry(&renewed), Some(at(91)));
        assert_eq!((renewed.made, renewed.made_by), (made.made, made.made_by));
    }

    #[test]
    fn without_a_limit_nothing_expires_and_what_was_promised_stays() {
        let made = ann(None).due_after(&Lifetime::default(), at(0)).expect("new");
        assert_eq!(made.expires, None);
        assert_eq!(ann(None).due_after(&made, at(9999)), None);
        let limited = ann(Some(HOUR)).due_after(&made, at(1)).expect("it has no end yet");
        assert_eq!(expiry(&limited), Some(at(61)));
        assert_eq!(ann(None).due_after(&limited, at(500)), None);
    }

    #[test]
    fn a_time_beyond_the_calendar_is_its_end() {
        assert_eq!(after(at(0), Duration::MAX).parse().ok(), Some(Timestamp::MAX));
    }
}
