//! What goes wrong, and how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::CallKind;
use crate::chance::Chance;
use crate::tally::Trouble;

/// How the cloud behaves. What goes wrong, goes wrong as often as its likelihood says, in percent;
/// more often with imports and updates, which are few.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Decides everything below.
    pub seed: u64,
    /// The shortest and the longest time that a call takes.
    pub latency: (Duration, Duration),
    /// How long a new object takes to be ready.
    pub start: Duration,
    /// A change is refused.
    pub refused: u8,
    /// A change's answer is lost before it took effect.
    pub lost_before: u8,
    /// A change's answer is lost after it took effect.
    pub lost_after: u8,
    /// A change's answer is lost, and it takes effect up to a minute later.
    pub late: u8,
    /// A create or a delete arrives twice.
    pub twice: u8,
    /// A new object will never be ready.
    pub broken: u8,
    /// A new object is ready, or a deletion done, after longer than anybody waits.
    pub stuck: u8,
    /// A deletion is accepted and takes its time.
    pub slow_delete: u8,
    /// The credentials expire at a call, for up to two seconds.
    pub expires: u8,
    /// A look fails.
    pub blind: u8,
    /// One of many looks in a batch fails.
    pub left_out: u8,
    /// A look sees what was.
    pub behind: u8,
    /// What a process had sent when it died takes effect up to a minute later.
    pub lands: u8,
    /// What the types declare as the time in which a look-up may still miss a new object.
    pub grace: Duration,
}

/// How far a look may be behind.
pub const LAG: Duration = Duration::from_secs(30);

/// How long after its caller gave up a call takes effect at the latest, unless a test wants more.
const LONGEST_FLIGHT: Duration = Duration::from_secs(60);

/// How long credentials have expired at most.
const LONGEST_EXPIRY: Duration = Duration::from_secs(2);

/// What is to happen to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It fails and changes nothing.
    Refused,
    /// Its answer is lost before it took effect.
    LostBefore,
    /// Its answer is lost after it took effect.
    LostAfter,
    /// Its answer is lost, and it takes effect so much later.
    Late(Duration),
    /// For a create or a delete: it arrives twice.
    Twice,
    /// For a create: the object will never be ready.
    Broken,
    /// For a create or a delete: it takes longer than anybody waits.
    Stuck,
    /// For a delete: it takes its time.
    Slow,
    /// For one of many looks: it is left out of the answer.
    LeftOut,
    /// For a look: it sees what was so long ago.
    Behind(Duration),
    /// The credentials expire at it, and are good again so much later.
    Expires(Duration),
    /// The caller dies on the way, and it takes effect so much later.
    Lands(Duration),
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
            late: 0,
            twice: 0,
            broken: 0,
            stuck: 0,
            slow_delete: 0,
            expires: 0,
            blind: 0,
            left_out: 0,
            behind: 0,
            lands: 0,
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
            refused: 4,
            lost_before: 3,
            lost_after: 3,
            late: 3,
            twice: 3,
            broken: 3,
            stuck: 2,
            slow_delete: 30,
            expires: 2,
            blind: 6,
            left_out: 1,
            behind: 20,
            lands: 50,
            ..Weather::default()
        }
    }

    /// What goes wrong with a call that changes something.
    pub(super) fn change(&self, kind: CallKind, chance: &mut Chance) -> Option<Fault> {
        let only = |wanted: &[CallKind], likely| if wanted.contains(&kind) { likely } else { 0 };
        let late = Fault::Late(up_to(LONGEST_FLIGHT, chance));
        let expires = Fault::Expires(up_to(LONGEST_EXPIRY, chance));
        let times = match kind {
            CallKind::Import => 4,
            CallKind::Update => 2,
            _ => 1,
        };
        let faults = [
            (self.expires, expires),
            (self.refused, Fault::Refused),
            (self.lost_before, Fault::LostBefore),
            (self.lost_after, Fault::LostAfter),
            (self.late, late),
            (only(&[CallKind::Create, CallKind::Delete], self.twice), Fault::Twice),
            (only(&[CallKind::Create], self.broken), Fault::Broken),
            (only(&[CallKind::Create, CallKind::Delete], self.stuck), Fault::Stuck),
            (only(&[CallKind::Delete], self.slow_delete), Fault::Slow),
        ];
        let happens =
            |likely: u8, chance: &mut Chance| chance.percent(likely.saturating_mul(times));
        faults.into_iter().find_map(|(likely, fault)| happens(likely, chance).then_some(fault))
    }

    /// What goes wrong with a call that looks at many objects.
    pub(super) fn call(&self, chance: &mut Chance) -> Option<Fault> {
        let expires = Fault::Expires(up_to(LONGEST_EXPIRY, chance));
        let blind = if chance.percent(50) { Fault::Refused } else { Fault::LostBefore };
        let faults = [(self.expires, expires), (self.blind, blind)];
        faults.into_iter().find_map(|(likely, fault)| chance.percent(likely).then_some(fault))
    }

    /// What goes wrong with a look at one object, which may be one of many.
    pub(super) fn look(&self, of_many: bool, chance: &mut Chance) -> Option<Fault> {
        let behind = Fault::Behind(up_to(LAG, chance));
        let left_out = if of_many { self.left_out } else { 0 };
        let faults = [(left_out, Fault::LeftOut), (self.behind, behind)];
        faults.into_iter().find_map(|(likely, fault)| chance.percent(likely).then_some(fault))
    }

    /// Whether what a dying process sent takes effect.
    pub(super) fn landing(&self, chance: &mut Chance) -> Option<Fault> {
        let lands = Fault::Lands(up_to(LONGEST_FLIGHT, chance));
        chance.percent(self.lands).then_some(lands)
    }
}

fn up_to(longest: Duration, chance: &mut Chance) -> Duration {
    Duration::from_millis(chance.below(u64::try_from(longest.as_millis()).unwrap_or(u64::MAX)))
}

impl Fault {
    /// What trouble it is, where it is one in any case.
    pub(super) fn trouble(self) -> Option<Trouble> {
        Some(match self {
            Fault::Refused => Trouble::Throttled,
            Fault::LostBefore => Trouble::Failed,
            Fault::LostAfter => Trouble::AnswerLost,
            Fault::Late(_) | Fault::Lands(_) => Trouble::Late,
            Fault::Twice => Trouble::SentTwice,
            Fault::Broken => Trouble::NeverReady,
            Fault::Stuck => Trouble::Stuck,
            Fault::Slow => Trouble::Slow,
            Fault::LeftOut => Trouble::LeftOut,
            // It shows only at the call, or often not at all.
            Fault::Behind(_) | Fault::Expires(_) => return None,
        })
    }
}
