//! What somebody who waits is told.

use std::fmt;

use greenroom_store::StateName;
use jiff::Timestamp;

use super::limits::Limit;

/// Why somebody waits, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The place in the line of those who wait for the same, from 1.
    pub place: usize,
    /// The limit that is reached, or will be by those who came before.
    pub limit: Limit,
    /// The places that count for that limit, by the names of their states.
    pub taken: Vec<Taken>,
}

/// A place that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The state of the environment.
    pub state: StateName,
    /// Since when, if the ledger knows.
    pub since: Option<Timestamp>,
    /// Who holds its lease now, or else made it, if either is known.
    pub by: Option<String>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.limit)?;
        for (nth, taken) in self.taken.iter().enumerate() {
            write!(f, "{}{taken}", if nth == 0 { ": " } else { "; " })?;
        }
        match self.place - 1 {
            0 => Ok(()),
            1 => f.write_str("; 1 waits already"),
            many => write!(f, "; {many} wait already"),
        }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.state)?;
        self.by.iter().try_for_each(|by| write!(f, ", held by {by}"))
    }
}
