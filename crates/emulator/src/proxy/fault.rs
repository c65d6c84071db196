//! Faults: by rule, and by weather.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::call::Call;

/// Something that goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Refused for now; nothing is done.
    Throttle,
    /// A mistake of the service's; nothing is done.
    ServerError,
    /// Refused for good; nothing is done.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// AWS's code.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// The connection breaks; nothing is done.
    ResetBefore,
    /// It is done, then the connection breaks.
    ResetAfter,
    /// It is done, then nothing comes for so long.
    StallAfter(Duration),
    /// It is done, and the answer breaks off in the middle.
    TruncateAfter,
    /// It is done, and the answer says that the service made a mistake.
    ErrorAfter,
    /// It takes so much longer.
    Delay(Duration),
    /// The process gets SIGKILL; nothing is done before.
    KillBefore(Process),
    /// It is done, then the process gets SIGKILL.
    KillAfter(Process),
}

/// A process, by its id.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

impl Process {
    pub(crate) fn kill(self) {
        if let Some(pid) = i32::try_from(self.0).ok().and_then(Pid::from_raw) {
            // It may be gone already.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Which requests a fault is for.
#[derive(Clone, Debug)]
pub struct Rule {
    action: String,
    holding: Option<String>,
    skip: usize,
    times: usize,
    fault: Fault,
}

impl Rule {
    /// The next request of an action, such as `ec2:CreateVpc`.
    #[must_use]
    pub fn next(action: &str, fault: Fault) -> Rule {
        Rule { action: action.to_owned(), holding: None, skip: 0, times: 1, fault }
    }

    /// Only requests with a parameter that holds this text.
    #[must_use]
    pub fn holding(self, text: &str) -> Rule {
        Rule { holding: Some(text.to_owned()), ..self }
    }

    /// Not the first so many.
    #[must_use]
    pub fn skipping(self, skip: usize) -> Rule {
        Rule { skip, ..self }
    }

    /// So many of them, one after the other.
    #[must_use]
    pub fn times(self, times: usize) -> Rule {
        Rule { times, ..self }
    }

    fn fits(&self, call: &Call) -> bool {
        let holds = |text: &String| call.parameters.values().any(|value| value.contains(text));
        self.times > 0 && self.action == call.name() && self.holding.as_ref().is_none_or(holds)
    }
}

/// How often things go wrong, in percent of all requests. The seed makes a run repeatable as far
/// as the order of its requests is.
#[derive(Clone, Debug)]
pub struct Weather {
    /// What the dice start from.
    pub seed: u64,
    /// Refused for now.
    pub throttled: u8,
    /// Failed without an effect: errors of the service, broken connections.
    pub failed: u8,
    /// Done, but the client does not learn it: broken, cut or late answers, errors.
    pub lost: u8,
    /// Slow.
    pub delayed: u8,
    /// How late a late answer is: longer than a client waits.
    pub stall: Duration,
}

impl Weather {
    /// Everything that can go wrong does, to some part of all requests.
    #[must_use]
    pub fn stormy(seed: u64, stall: Duration) -> Weather {
        Weather { seed, throttled: 4, failed: 4, lost: 4, delayed: 10, stall }
    }

    fn choose(&self, dice: &mut fastrand::Rng) -> Option<Fault> {
        let mut roll = dice.u8(0..100);
        let mut hits = |share: u8| {
            let hit = roll < share;
            roll = roll.saturating_sub(share);
            hit
        };
        if hits(self.throttled) {
            return Some(Fault::Throttle);
        }
        if hits(self.failed) {
            return Some(if dice.bool() { Fault::ServerError } else { Fault::ResetBefore });
        }
        if hits(self.lost) {
            return Some(match dice.u8(0..4) {
                0 => Fault::ResetAfter,
                1 => Fault::TruncateAfter,
                2 => Fault::ErrorAfter,
                _ => Fault::StallAfter(self.stall),
            });
        }
        hits(self.delayed).then(|| Fault::Delay(Duration::from_millis(dice.u64(1..50))))
    }
}

/// What is to go wrong.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Plan>);

#[derive(Default)]
struct Plan {
    rules: Vec<Rule>,
    weather: Option<(Weather, fastrand::Rng)>,
}

impl Faults {
    pub(crate) fn add(&self, rule: Rule) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rules.push(rule);
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        let dice = fastrand::Rng::with_seed(weather.seed);
        let mut plan = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plan.weather = Some((weather, dice));
    }

    /// What goes wrong with a call, if anything.
    pub(crate) fn choose(&self, call: &Call) -> Option<Fault> {
        let mut plan = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rule) = plan.rules.iter_mut().find(|rule| rule.fits(call)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                return None;
            }
            rule.times -= 1;
            return Some(rule.fault.clone());
        }
        let (weather, dice) = plan.weather.as_mut()?;
        weather.choose(dice)
    }
}
