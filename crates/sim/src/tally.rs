//! Counting what went wrong, by what it happened to.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cloud::CallKind;
use crate::disk::EffectKind;

/// Ways in which things go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Trouble {
    /// The cloud refuses a call, because there are too many.
    Throttled,
    /// The cloud breaks down over a call, and does not say what it did; it did nothing.
    Failed,
    /// A call took effect, and its answer is lost.
    AnswerLost,
    /// A call's answer is lost, and it takes effect later; or its sender has died meanwhile.
    Late,
    /// A call reaches the cloud twice.
    SentTwice,
    /// One of many in a batch gets no answer.
    LeftOut,
    /// A look is answered as things were a while ago.
    Behind,
    /// What was accepted takes its time.
    Slow,
    /// What was accepted takes longer than anybody waits.
    Stuck,
    /// A new object will never be ready.
    NeverReady,
    /// The name of a new object is another's.
    NameTaken,
    /// Another's object holds ours.
    Held,
    /// The object was deleted by others.
    Killed,
    /// The object was changed by others.
    Changed,
    /// The object was broken by others.
    BrokenDown,
    /// The object was made another's.
    Taken,
    /// The credentials have expired.
    Expired,
    /// The process died when the call had come to the cloud, without effect.
    DiedBefore,
    /// The process died when the call had taken effect, before it was answered.
    DiedAfter,
    /// The disk is full, and stays it for a while.
    DiskFull,
    /// The disk fails once.
    DiskFails,
    /// The disk fails in the middle of a write.
    TornWrite,
    /// The process was killed before the disk did it.
    Killed9,
    /// The power went before the disk did it: what was not synced is lost, kept or torn.
    PowerCut,
}

/// What something went wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Operation {
    /// A call to the cloud.
    Call(CallKind),
    /// An effect on the disk.
    Disk(EffectKind),
}

/// How often what went wrong with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(Trouble, Operation), u64>);

impl Tally {
    /// Something went wrong with something.
    pub fn hit(&mut self, trouble: Trouble, operation: Operation) {
        *self.0.entry((trouble, operation)).or_insert(0) += 1;
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Tally) {
        for (key, count) in &other.0 {
            *self.0.entry(*key).or_insert(0) += count;
        }
    }

    /// How often it happened.
    #[must_use]
    pub fn count(&self, trouble: Trouble, operation: Operation) -> u64 {
        self.0.get(&(trouble, operation)).copied().unwrap_or(0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((trouble, operation), count) in &self.0 {
            writeln!(f, "{trouble:?} {operation:?} {count}")?;
        }
        Ok(())
    }
}
