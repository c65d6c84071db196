//! What goes wrong on purpose: by rule, or by the weather.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::buckets::matches;
use crate::call::Call;
use crate::victim::Victim;
use crate::weather::Weather;

/// What happens to one call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is refused as one too many, as its service says that. Nothing happened.
    Throttle,
    /// It is answered with 500 `InternalError`. Nothing happened.
    ServerError,
    /// It is refused with this error. Nothing happened.
    Refuse {
        /// The code: `InsufficientInstanceCapacity`.
        code: String,
        /// The text for people.
        message: String,
        /// The status of HTTP.
        status: u16,
    },
    /// The connection is reset. Nothing happened.
    ResetBefore,
    /// It is carried out so much later, then answered as usual.
    Delay(Duration),
    /// It is carried out, then the connection is reset.
    ResetAfter,
    /// It is carried out, but answered so much later only.
    StallAfter(Duration),
    /// It is carried out, but half of the answer's body is missing.
    TruncateAfter,
    /// It is carried out, but answered with 500 `InternalError`.
    ErrorAfter,
    /// The process is killed. Nothing happened.
    KillBefore(Victim),
    /// It is carried out, then the process is killed before it hears so.
    KillAfter(Victim),
}

/// When a fault happens: to calls of some names, after some were spared, to so many.
#[derive(Clone, Debug)]
pub struct Rule {
    name: String,
    parameter: Option<(String, String)>,
    skip: u32,
    times: u32,
    fault: Fault,
}

impl Rule {
    /// The fault happens to the next call of this name, once. The name is `service:Action`; a `*`
    /// at its end stands for anything: `ec2:RunInstances`, `ec2:Describe*`, `route53:*`, `*`.
    #[must_use]
    pub fn on(name: &str, fault: Fault) -> Rule {
        Rule { name: name.to_owned(), parameter: None, skip: 0, times: 1, fault }
    }

    /// Only calls match in which this parameter contains this text.
    #[must_use]
    pub fn when(self, parameter: &str, contains: &str) -> Rule {
        Rule { parameter: Some((parameter.to_owned(), contains.to_owned())), ..self }
    }

    /// Spares the first so many calls that match.
    #[must_use]
    pub fn skip(self, calls: u32) -> Rule {
        Rule { skip: calls, ..self }
    }

    /// Happens to so many calls.
    #[must_use]
    pub fn times(self, calls: u32) -> Rule {
        Rule { times: calls, ..self }
    }

    fn matches(&self, call: &Call) -> bool {
        let contains = |(parameter, text): &(String, String)| {
            call.parameters.get(parameter).is_some_and(|value| value.contains(text))
        };
        matches(&self.name, &call.name()) && self.parameter.as_ref().is_none_or(contains)
    }

    /// Counts a call that matches; whether the fault happens to it.
    fn strikes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let strikes = self.times > 0;
        self.times = self.times.saturating_sub(1);
        strikes
    }
}

/// The rules of an account and its weather.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Rule>,
    weather: Option<Weather>,
    seen: BTreeMap<String, u64>,
}

impl Faults {
    pub(crate) fn inject(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        let mut inner = self.lock();
        inner.weather = Some(weather);
        inner.seen.clear();
    }

    pub(crate) fn weather(&self) -> Option<Weather> {
        self.lock().weather.clone()
    }

    /// What happens to this call. Every rule that matches counts it; the first that strikes wins.
    pub(crate) fn next(&self, call: &Call) -> Option<Fault> {
        let mut inner = self.lock();
        let mut fault = None;
        for rule in inner.rules.iter_mut().filter(|rule| rule.matches(call)) {
            if rule.strikes() && fault.is_none() {
                fault = Some(rule.fault.clone());
            }
        }
        let seen = inner.seen.entry(call.name()).or_default();
        let number = *seen;
        *seen += 1;
        fault.or_else(|| inner.weather.as_ref()?.strike(&call.name(), number))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
