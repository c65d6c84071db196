//! What happens to a request, and when.

use std::time::Duration;

use object_store::path::Path;

use crate::chance::Chance;

/// A request that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What was asked.
    pub kind: RequestKind,
    /// Of which object, or below which prefix.
    pub key: Path,
}

/// The kinds of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// Faults by seed.
#[derive(Debug)]
pub(super) struct Weather {
    chance: Chance,
    percent: u8,
}

impl Weather {
    pub(super) fn new(seed: u64, percent: u8) -> Weather {
        Weather { chance: Chance::new(seed), percent }
    }

    pub(super) fn next(&mut self) -> Option<Fault> {
        if !self.chance.percent(self.percent) {
            return None;
        }
        let time = Duration::from_millis(100 + self.chance.below(40_000));
        Some(match self.chance.below(6) {
            0 => Fault::Refused,
            1 => Fault::AnswerLost,
            2 => Fault::Conflict,
            3 => Fault::Lost,
            4 => Fault::Late(time),
            _ => Fault::Slow(time / 20),
        })
    }
}
