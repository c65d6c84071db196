//! What happens to a request, and when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use object_store::path::Path;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::chance::Chance;
use crate::mishap::{Luck, Mishap};
use crate::tally::Trouble;

/// A request that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What was asked.
    pub kind: RequestKind,
    /// Of which object, or below which prefix.
    pub key: Path,
}

/// The kinds of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// An object is read, or looked for.
    Get,
    /// Keys are listed.
    List,
    /// An object is made where there is none.
    Create,
    /// An object replaces the one that was read.
    Update,
    /// An object is deleted.
    Delete,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It has no effect, and is answered 500.
    Refused,
    /// It takes effect, and is answered 500.
    AnswerLost,
    /// A write has no effect, and is answered as if its condition did not hold, as S3 answers a
    /// conflict with another write. Other requests know no conflict.
    Conflict,
    /// It is never answered, and has no effect.
    Lost,
    /// It is never answered, and takes effect after this time.
    Late(Duration),
    /// It takes effect, and is answered after this time.
    Slow(Duration),
    /// It and all others have no effect for this time, and are answered 500.
    Away(Duration),
}

/// What goes wrong with requests, for all clients that are out in it. Clones are the same.
#[derive(Clone)]
pub struct Weather(Arc<Mutex<Sky>>);

struct Sky {
    /// How many of a hundred requests go wrong.
    percent: u8,
    luck: Luck<RequestKind, Fault>,
    away_until: Option<Instant>,
    hits: Vec<(Trouble, RequestKind)>,
    requests: Vec<Request>,
}

/// How long after it was sent a request takes effect at the latest.
pub const LONGEST_FLIGHT: Duration = Duration::from_secs(40);

/// How long the storage is away at most: longer than anybody tries.
const LONGEST_AWAY: Duration = Duration::from_secs(600);

impl Weather {
    /// Lets `percent` of all requests go wrong, as `luck` has it.
    #[must_use]
    pub fn new(percent: u8, luck: Luck<RequestKind, Fault>) -> Weather {
        let sky = Sky { percent, luck, away_until: None, hits: Vec::new(), requests: Vec::new() };
        Weather(Arc::new(Mutex::new(sky)))
    }

    /// Begins a step of a script, in which `percent` of all requests go wrong: places count anew.
    pub fn begin(&self, step: u32, percent: u8) {
        let mut sky = self.sky();
        sky.luck.begin(step);
        sky.percent = percent;
        sky.away_until = None;
    }

    /// Lets nothing go wrong any more, until the next step.
    pub fn calm(&self) {
        let mut sky = self.sky();
        sky.luck.begin(0);
        sky.percent = 0;
        sky.away_until = None;
    }

    /// What went wrong since this was last asked.
    #[must_use]
    pub fn take_mishaps(&self) -> Vec<Mishap<RequestKind, Fault>> {
        self.sky().luck.take_met()
    }

    /// What trouble requests met since this was last asked.
    #[must_use]
    pub fn take_hits(&self) -> Vec<(Trouble, RequestKind)> {
        std::mem::take(&mut self.sky().hits)
    }

    /// The requests since this was last asked.
    #[must_use]
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.sky().requests)
    }

    /// What goes wrong with the next request.
    pub(super) fn next(&self, kind: RequestKind, key: &Path) -> Option<Fault> {
        let mut guard = self.sky();
        let sky = &mut *guard;
        sky.requests.push(Request { kind, key: key.clone() });
        let place = sky.luck.visit(kind, key.to_string());
        let percent = sky.percent;
        let fault = sky.luck.decide(&place, |chance| fault(percent, kind, chance));
        let now = Instant::now();
        if let Some(Fault::Away(time)) = fault {
            sky.away_until = Some(now + time);
        }
        let is_away = sky.away_until.is_some_and(|until| now < until);
        let trouble = if is_away { Some(Trouble::StorageAway) } else { fault.map(Fault::trouble) };
        sky.hits.extend(trouble.map(|it| (it, kind)));
        if is_away { Some(Fault::Refused) } else { fault }
    }

    /// After which time the request of a client that died over it takes effect, if it does.
    pub(super) fn landing(&self, kind: RequestKind, key: &Path) -> Option<Duration> {
        if !kind.writes() {
            return None;
        }
        let mut sky = self.sky();
        let place = sky.luck.visit(kind, format!("{key}, in flight"));
        let lands = |chance: &mut Chance| {
            chance.percent(50).then(|| Fault::Late(up_to(LONGEST_FLIGHT, chance)))
        };
        let Some(Fault::Late(time)) = sky.luck.decide(&place, lands) else { return None };
        sky.hits.push((Trouble::RequestLate, kind));
        Some(time)
    }

    fn sky(&self) -> MutexGuard<'_, Sky> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What goes wrong with a request of this kind, if it is one of so many of a hundred.
fn fault(percent: u8, kind: RequestKind, chance: &mut Chance) -> Option<Fault> {
    if !chance.percent(percent) {
        return None;
    }
    let time = up_to(LONGEST_FLIGHT, chance);
    if chance.percent(3) {
        return Some(Fault::Away(up_to(LONGEST_AWAY, chance)));
    }
    let faults = [
        Fault::Refused,
        Fault::Lost,
        Fault::Slow(time / 20),
        Fault::AnswerLost,
        Fault::Late(time),
        Fault::Conflict,
    ];
    let possible = match kind {
        RequestKind::Get | RequestKind::List => 3,
        RequestKind::Delete => 5,
        RequestKind::Create | RequestKind::Update => 6,
    };
    Some(*chance.pick(&faults[..possible]))
}

fn up_to(longest: Duration, chance: &mut Chance) -> Duration {
    Duration::from_millis(chance.below(u64::try_from(longest.as_millis()).unwrap_or(u64::MAX)))
}

impl Fault {
    fn trouble(self) -> Trouble {
        match self {
            Fault::Refused => Trouble::RequestFails,
            Fault::AnswerLost => Trouble::ResponseLost,
            Fault::Conflict => Trouble::Conflict,
            Fault::Lost => Trouble::RequestLost,
            Fault::Late(_) => Trouble::RequestLate,
            Fault::Slow(_) => Trouble::RequestSlow,
            Fault::Away(_) => Trouble::StorageAway,
        }
    }
}

impl RequestKind {
    /// Whether it changes something.
    fn writes(self) -> bool {
        matches!(self, RequestKind::Create | RequestKind::Update | RequestKind::Delete)
    }
}
