//! Counting what went wrong, by what it happened to.

use std::collections::BTreeMap;
use std::fmt;

use crate::cloud::CallKind::{
    self, Create, Delete, Find, Gone, Import, Read, ReadData, Ready, Update,
};
use crate::disk::EffectKind;
use crate::objects::RequestKind;

/// Ways in which things go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The cloud refuses a call, because there are too many.
    Throttled,
    /// The cloud breaks down over a call, and does not say what it did; it did nothing.
    Failed,
    /// A call took effect, and its answer is lost.
    AnswerLost,
    /// A call's answer is lost, or its sender dies, and it takes effect later.
    Late,
    /// A call reaches the cloud twice.
    SentTwice,
    /// One of many in a batch gets no answer.
    LeftOut,
    /// A look shows how things were a while ago.
    Behind,
    /// What was accepted takes its time.
    Slow,
    /// What was accepted takes longer than anybody waits.
    Stuck,
    /// A new object will never be ready.
    NeverReady,
    /// The name of a new object is another's.
    NameTaken,
    /// Something else holds the object.
    Held,
    /// Others deleted the object.
    DeletedByOthers,
    /// Others changed the object.
    ChangedByOthers,
    /// Others broke the object.
    BrokenByOthers,
    /// Others made the object theirs.
    TakenByOthers,
    /// The credentials have expired.
    Expired,
    /// The process dies when the call has come to the cloud, without effect.
    DiesBefore,
    /// The process dies when the call has taken effect, before it is answered.
    DiesAfter,
    /// The disk is full, and stays so for a while.
    DiskFull,
    /// The disk fails once.
    DiskFails,
    /// The disk fails in the middle of a write.
    TornWrite,
    /// The process dies before the disk does it.
    DiesAtDisk,
    /// The power goes before the disk does it: what was not synced is lost, kept or torn.
    PowerCut,
    /// The object storage breaks down over a request, which has no effect.
    RequestFails,
    /// A request to the object storage is never answered, and has no effect.
    RequestLost,
    /// A request to the object storage takes effect, and is answered late.
    RequestSlow,
    /// The object storage breaks down over a request that took effect.
    ResponseLost,
    /// A request to the object storage is never answered, or its sender dies, and it takes effect
    /// later.
    RequestLate,
    /// The object storage refuses a write, as if its condition did not hold.
    Conflict,
    /// The object storage answers nothing of use for a while.
    StorageAway,
    /// The process dies before it sends a request to the object storage.
    DiesSending,
    /// The process dies when a request to the object storage has taken effect, before it knows.
    DiesAnswered,
    /// The process stands still before the request or call, or after it, and goes on later.
    Frozen,
}

/// What something goes wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// A call to the cloud.
    Call(CallKind),
    /// An effect on the disk.
    Disk(EffectKind),
    /// A request to the object storage.
    Request(RequestKind),
}

const CALLS: &[CallKind] = &[Create, Import, Update, Delete, Read, ReadData, Find, Ready, Gone];

/// The calls that change something.
const CHANGES: &[CallKind] = &[Create, Import, Update, Delete];

const EFFECTS: &[EffectKind] = &[
    EffectKind::Create,
    EffectKind::Write,
    EffectKind::SetLen,
    EffectKind::Sync,
    EffectKind::Rename,
    EffectKind::RemoveFile,
    EffectKind::CreateDir,
    EffectKind::RemoveDir,
    EffectKind::SyncDir,
    EffectKind::Lock,
];

const REQUESTS: &[RequestKind] = &[
    RequestKind::Get,
    RequestKind::List,
    RequestKind::Create,
    RequestKind::Update,
    RequestKind::Delete,
];

/// The requests that change something.
const WRITES: &[RequestKind] = &[RequestKind::Create, RequestKind::Update, RequestKind::Delete];

/// What can go wrong with which calls. What is not here makes no sense, or is something else: an
/// answer that is lost on its way to a look is a look that failed; only what takes its time can
/// take too long; only a new object has a name that may be taken.
const OF_CALLS: &[(Trouble, &[CallKind])] = &[
    (Trouble::Throttled, CALLS),
    (Trouble::Failed, CALLS),
    (Trouble::AnswerLost, CHANGES),
    (Trouble::Late, CHANGES),
    (Trouble::SentTwice, &[Create, Delete]),
    (Trouble::LeftOut, &[Read, ReadData, Find]),
    (Trouble::Behind, &[Read, Find, Ready, Gone]),
    (Trouble::Slow, &[Delete]),
    (Trouble::Stuck, &[Create, Delete]),
    (Trouble::NeverReady, &[Create]),
    (Trouble::NameTaken, &[Create]),
    (Trouble::Held, &[Delete]),
    (Trouble::DeletedByOthers, &[Update, Delete, Read, Ready]),
    (Trouble::ChangedByOthers, &[Update, Delete, Read]),
    (Trouble::BrokenByOthers, &[Update, Delete, Read, Ready]),
    (Trouble::TakenByOthers, &[Update, Delete, Read]),
    (Trouble::Expired, CALLS),
    (Trouble::DiesBefore, CALLS),
    (Trouble::DiesAfter, CHANGES),
];

/// What can go wrong with which effects on the disk.
const OF_EFFECTS: &[(Trouble, &[EffectKind])] = &[
    (
        Trouble::DiskFull,
        &[
            EffectKind::Create,
            EffectKind::Write,
            EffectKind::Rename,
            EffectKind::CreateDir,
            EffectKind::Lock,
        ],
    ),
    (Trouble::DiskFails, EFFECTS),
    (Trouble::TornWrite, &[EffectKind::Write]),
    (Trouble::DiesAtDisk, EFFECTS),
    (Trouble::PowerCut, EFFECTS),
];

/// What can go wrong with which requests. An answer that is lost on its way to a look is a look
/// that failed.
const OF_REQUESTS: &[(Trouble, &[RequestKind])] = &[
    (Trouble::RequestFails, REQUESTS),
    (Trouble::RequestLost, REQUESTS),
    (Trouble::RequestSlow, REQUESTS),
    (Trouble::ResponseLost, WRITES),
    (Trouble::RequestLate, WRITES),
    (Trouble::Conflict, &[RequestKind::Create, RequestKind::Update]),
    (Trouble::StorageAway, REQUESTS),
    (Trouble::DiesSending, REQUESTS),
    (Trouble::DiesAnswered, WRITES),
    (Trouble::Frozen, REQUESTS),
];

/// Everything that can go wrong, with what.
pub fn all() -> impl Iterator<Item = (Trouble, Operation)> {
    let calls = pairs(OF_CALLS, Operation::Call);
    calls.chain(pairs(OF_EFFECTS, Operation::Disk)).chain(pairs(OF_REQUESTS, Operation::Request))
}

fn pairs<K: Copy>(
    rows: &'static [(Trouble, &'static [K])],
    operation: fn(K) -> Operation,
) -> impl Iterator<Item = (Trouble, Operation)> {
    let row = move |(trouble, kinds): &'static (Trouble, &'static [K])| {
        kinds.iter().map(move |kind| (*trouble, operation(*kind)))
    };
    rows.iter().flat_map(row)
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

    /// What happened less often than `fewest` times, of all that can.
    #[must_use]
    pub fn rarer_than(&self, fewest: u64) -> Vec<(Trouble, Operation, u64)> {
        let counted = all().map(|(trouble, of)| (trouble, of, self.count(trouble, of)));
        counted.filter(|(_, _, count)| *count < fewest).collect()
    }
}

/// Three tables: what went wrong with calls, with effects on the disk, and with requests to the
/// object storage.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(f, "calls", OF_CALLS, CALLS, |of, kind| self.count(of, Operation::Call(kind)))?;
        writeln!(f)?;
        table(f, "disk", OF_EFFECTS, EFFECTS, |of, kind| self.count(of, Operation::Disk(kind)))?;
        writeln!(f)?;
        let count = |of, kind| self.count(of, Operation::Request(kind));
        table(f, "storage", OF_REQUESTS, REQUESTS, count)
    }
}

fn table<K: Copy + PartialEq + fmt::Debug>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    rows: &[(Trouble, &[K])],
    columns: &[K],
    count: impl Fn(Trouble, K) -> u64,
) -> fmt::Result {
    write!(f, "{name:<16}")?;
    for column in columns {
        write!(f, "{:>11}", format!("{column:?}"))?;
    }
    writeln!(f)?;
    for (trouble, possible) in rows {
        write!(f, "{:<16}", format!("{trouble:?}"))?;
        for column in columns {
            match possible.contains(column) {
                true => write!(f, "{:>11}", count(*trouble, *column))?,
                false => write!(f, "{:>11}", "")?,
            }
        }
        writeln!(f)?;
    }
    Ok(())
}
