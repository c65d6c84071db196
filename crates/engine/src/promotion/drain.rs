//! Drain: whether an environment that gets no new traffic still serves anybody. It only looks.

use std::time::Duration;

use greenroom_model::plan::Drain;
use greenroom_model::traffic::Traffic;

/// How a drain stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Drained {
    /// It is to be looked at again.
    NotYet,
    /// Nothing is served, and nothing new came for long enough.
    Yes(String),
    /// The time is over; what was still open then.
    Expired(String),
}

/// A drain that is under way.
#[derive(Clone, Debug)]
pub struct Draining {
    drain: Drain,
    /// The requests counted at the last look, and when they were last seen to grow.
    last: Option<(Traffic, Duration)>,
}

impl Draining {
    /// Before the first look.
    #[must_use]
    pub fn new(drain: &Drain) -> Draining {
        Draining { drain: drain.clone(), last: None }
    }

    /// Takes a look at the environment, made `elapsed` after the drain began; `Err` says why
    /// nobody could look.
    ///
    /// What is not counted is not taken for nothing: an environment of which nobody counts requests
    /// or connections is never drained.
    pub fn observe(&mut self, look: Result<Traffic, String>, elapsed: Duration) -> Drained {
        let seen = match look {
            Ok(traffic) => self.seen(traffic, elapsed),
            Err(why) => Err(why),
        };
        match seen {
            Ok(evidence) => Drained::Yes(evidence),
            Err(open) if elapsed >= self.drain.limit => Drained::Expired(open),
            Err(_) => Drained::NotYet,
        }
    }

    /// What shows that it is drained, or what is still open.
    fn seen(&mut self, now: Traffic, elapsed: Duration) -> Result<String, String> {
        let grown = match &self.last {
            Some((last, since)) if now.since(last).requests.unwrap_or_default() == 0 => *since,
            _ => elapsed,
        };
        let open = now.in_flight.unwrap_or_default();
        let connections = now.connections.unwrap_or_default();
        let counted = now.requests.is_some() || now.connections.is_some();
        let known = elapsed.saturating_sub(now.late);
        self.last = Some((now, grown));
        if !counted {
            return Err("nothing counts its requests or connections".to_owned());
        }
        if open > 0 || connections > 0 {
            return Err(format!(
                "{open} requests are served and {connections} connections are open"
            ));
        }
        let quiet = known.saturating_sub(grown);
        if quiet < self.drain.quiet {
            return Err(format!("that no request came is known of {} s only", quiet.as_secs()));
        }
        if elapsed < self.drain.not_before {
            let longest = self.drain.horizons.iter().max_by_key(|it| it.lasts);
            let why = longest.map_or("clients keep where they go", |it| &*it.why);
            return Err(format!("it is silent, but clients may come back: {why}"));
        }
        Ok(format!("nothing is open, and no request came for {} s", quiet.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::address::Scope;
    use greenroom_model::plan::{AtLimit, Horizon};

    use super::*;

    fn draining() -> Draining {
        Draining::new(&Drain {
            scope: Scope::environment("r1").expect("a name"),
            counted: Vec::new(),
            horizons: Vec::new(),
            not_before: Duration::ZERO,
            quiet: Duration::from_secs(5),
            limit: Duration::from_secs(60),
            at_limit: AtLimit::Halt,
        })
    }

    fn traffic(requests: u64, in_flight: u64) -> Result<Traffic, String> {
        let (requests, in_flight) = (Some(requests), Some(in_flight));
        Ok(Traffic { epoch: "a".into(), requests, in_flight, ..Traffic::default() })
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn quiet_counts_from_the_last_request_that_came() {
        let mut draining = draining();
        assert_eq!(draining.observe(traffic(10, 0), at(0)), Drained::NotYet);
        assert_eq!(draining.observe(traffic(11, 0), at(4)), Drained::NotYet);
        assert_eq!(draining.observe(traffic(11, 0), at(8)), Drained::NotYet);
        assert!(matches!(draining.observe(traffic(11, 0), at(9)), Drained::Yes(_)));
    }

    #[test]
    fn what_is_served_or_connected_is_waited_for_until_the_limit() {
        let mut draining = draining();
        let connected = || Ok(Traffic { connections: Some(1), ..traffic(1, 0).expect("a look") });
        assert_eq!(draining.observe(traffic(1, 1), at(0)), Drained::NotYet);
        assert_eq!(draining.observe(connected(), at(59)), Drained::NotYet);
        let Drained::Expired(open) = draining.observe(connected(), at(60)) else {
            panic!("the time is over")
        };
        assert_eq!(open, "0 requests are served and 1 connections are open");
    }

    #[test]
    fn numbers_that_come_late_prove_silence_only_up_to_then() {
        let mut draining = draining();
        let late = Duration::from_secs(20);
        let look = || Ok(Traffic { late, ..traffic(10, 0).expect("a look") });
        assert_eq!(draining.observe(look(), at(0)), Drained::NotYet);
        assert_eq!(draining.observe(look(), at(24)), Drained::NotYet);
        assert!(matches!(draining.observe(look(), at(25)), Drained::Yes(_)));
    }

    #[test]
    fn who_is_silent_may_come_back_until_the_horizons_have_passed() {
        let mut draining = draining();
        draining.drain.not_before = at(50);
        let kept = Horizon { lasts: at(70), why: "answers with `front/a.www` are kept".into() };
        draining.drain.horizons = vec![kept];
        assert_eq!(draining.observe(traffic(10, 0), at(0)), Drained::NotYet);
        assert_eq!(draining.observe(traffic(10, 0), at(49)), Drained::NotYet);
        assert!(matches!(draining.observe(traffic(10, 0), at(50)), Drained::Yes(_)));
        draining.drain.not_before = at(90);
        let Drained::Expired(open) = draining.observe(traffic(10, 0), at(60)) else {
            panic!("the time is over")
        };
        assert!(open.ends_with("may come back: answers with `front/a.www` are kept"), "{open}");
    }

    #[test]
    fn what_nobody_counts_or_sees_is_not_drained() {
        let mut draining = draining();
        assert_eq!(draining.observe(Ok(Traffic::default()), at(30)), Drained::NotYet);
        assert_eq!(draining.observe(Err("away".into()), at(31)), Drained::NotYet);
        let last = draining.observe(Err("away".into()), at(60));
        assert_eq!(last, Drained::Expired("away".into()));
    }
}
