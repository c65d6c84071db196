//! What is stored of a state, told to a person, however damaged it is.

use std::fmt;

use bytes::Bytes;

use crate::format::first_line::Unreadable;
use crate::format::journal::Placed;
use crate::format::snapshot;
use crate::holder::Holder;
use crate::name::StateName;
use crate::position::{Lineage, Sequence, Serial};
use crate::request::RequestName;
use crate::state::SnapshotHeader;

/// Everything that is stored of a state.
#[derive(Debug, Clone)]
pub struct Report {
    /// The state.
    pub state: StateName,
    /// Where its files are.
    pub place: String,
    /// Its snapshot.
    pub snapshot: SnapshotReport,
    /// Its journal.
    pub journal: JournalReport,
    /// The requests that wait.
    pub requests: Vec<RequestName>,
    /// Who holds the lease.
    pub holder: Option<Holder>,
    /// Why the store refuses it; `None` if it does not.
    pub refused: Option<String>,
}

/// What is there of a snapshot.
#[derive(Debug, Clone)]
pub enum SnapshotReport {
    /// There is no file.
    Absent,
    /// The file cannot be read, for this reason.
    Unreadable(String),
    /// It is what was written.
    Sound {
        /// What it says of itself.
        header: SnapshotHeader,
        /// The length of its body.
        body_bytes: u64,
    },
    /// It is not what was written.
    Damaged {
        /// The length of the file.
        bytes: u64,
        /// Where the damage starts, in bytes from the start of the file.
        offset: u64,
        /// What is wrong.
        problem: String,
        /// What it says of itself, if that part is sound.
        header: Option<SnapshotHeader>,
    },
    /// A newer version wrote it.
    Newer {
        /// Its format.
        format: u32,
        /// What wrote it.
        written_by: String,
    },
}

/// What is there of a journal.
#[derive(Debug, Clone)]
pub enum JournalReport {
    /// There is no file.
    Absent,
    /// The file cannot be read, for this reason.
    Unreadable(String),
    /// Its first line is sound.
    Readable {
        /// The state that it is a journal of.
        lineage: Lineage,
        /// The snapshot whose records it continues.
        follows: Serial,
        /// The last sequence before its first record.
        after: Sequence,
        /// What wrote it.
        written_by: String,
        /// The good records, in order.
        records: Vec<RecordReport>,
        /// What follows them.
        tail: Option<TailReport>,
    },
    /// It is on object storage, in these objects, in order.
    Objects(Vec<SlotReport>),
    /// Its first line is not what was written.
    Damaged {
        /// The length of the file.
        bytes: u64,
        /// What is wrong.
        problem: String,
    },
    /// A newer version wrote it.
    Newer {
        /// Its format.
        format: u32,
        /// What wrote it.
        written_by: String,
    },
}

/// One object of a journal on object storage, by its place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the place and what is told of it, as elsewhere here")]
pub enum SlotReport {
    /// It is what was written.
    Sound { epoch: u64, slot: u64, records: Vec<RecordReport> },
    /// It ends its epoch, whose holder was passed over.
    Fence { epoch: u64, slot: u64 },
    /// It is not what was written, from byte `offset` on.
    Damaged { epoch: u64, slot: u64, offset: u64, problem: String },
    /// A newer version wrote it.
    Newer { epoch: u64, slot: u64, format: u32, written_by: String },
}

/// One good record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordReport {
    /// Where its line starts, in bytes from the start of the file.
    pub offset: u64,
    /// Its number.
    pub sequence: Sequence,
    /// The last record known to be durable when it was written.
    pub durable: Sequence,
    /// The length of its payload.
    pub payload_bytes: u64,
}

/// What follows the last good record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailReport {
    /// Where it starts, in bytes from the start of the file.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
    /// The record that should stand there.
    pub expected: Sequence,
    /// What is wrong with it.
    pub problem: String,
    /// A later record that proves that it was durable. Without one it is an unfinished append.
    pub proof: Option<Sequence>,
}

impl SnapshotReport {
    /// What is in the snapshot file `bytes`.
    pub(crate) fn of(bytes: &Bytes) -> SnapshotReport {
        match snapshot::decode(bytes) {
            Ok((header, body)) => SnapshotReport::Sound { header, body_bytes: body.len() as u64 },
            Err(why) => SnapshotReport::refused(bytes, why),
        }
    }

    /// What is in `bytes`, which cannot be read.
    pub(crate) fn refused(bytes: &Bytes, why: Unreadable) -> SnapshotReport {
        match why {
            Unreadable::Newer { format, written_by } => {
                SnapshotReport::Newer { format, written_by }
            }
            Unreadable::Damaged { offset, problem } => SnapshotReport::Damaged {
                bytes: bytes.len() as u64,
                offset,
                problem,
                header: snapshot::decode_header(bytes).ok(),
            },
        }
    }
}

impl RecordReport {
    /// What is told of a record.
    pub(crate) fn of(placed: &Placed) -> RecordReport {
        RecordReport {
            offset: placed.start as u64,
            sequence: placed.record.sequence,
            durable: placed.record.durable,
            payload_bytes: placed.record.payload.len() as u64,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "state    {}", self.state)?;
        writeln!(f, "place    {}", self.place)?;
        match &self.holder {
            Some(holder) => writeln!(f, "lease    held by {holder}")?,
            None => writeln!(f, "lease    free")?,
        }
        writeln!(f, "snapshot {}", self.snapshot)?;
        write!(f, "journal  {}", self.journal)?;
        for request in &self.requests {
            writeln!(f, "request  {request}")?;
        }
        match &self.refused {
            Some(reason) => writeln!(f, "verdict  refused: {reason}"),
            None => writeln!(f, "verdict  sound"),
        }
    }
}

impl fmt::Display for SnapshotReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotReport::Absent => write!(f, "absent"),
            SnapshotReport::Unreadable(reason) => write!(f, "unreadable: {reason}"),
            SnapshotReport::Sound { header, body_bytes } => {
                write!(f, "sound, {}, {body_bytes} bytes of body", HeaderLine(header))
            }
            SnapshotReport::Damaged { bytes, offset, problem, header } => {
                write!(f, "damaged at byte {offset} of {bytes}: {problem}")?;
                header.iter().try_for_each(|header| write!(f, "; {}", HeaderLine(header)))
            }
            SnapshotReport::Newer { format, written_by } => newer(f, *format, written_by),
        }
    }
}

impl fmt::Display for JournalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalReport::Absent => writeln!(f, "absent"),
            JournalReport::Unreadable(reason) => writeln!(f, "unreadable: {reason}"),
            JournalReport::Damaged { bytes, problem } => {
                writeln!(f, "damaged, {bytes} bytes: {problem}")
            }
            JournalReport::Newer { format, written_by } => {
                newer(f, *format, written_by)?;
                writeln!(f)
            }
            JournalReport::Objects(slots) => {
                writeln!(f, "{} objects", slots.len())?;
                slots.iter().try_for_each(|slot| slot.fmt(f))
            }
            JournalReport::Readable { lineage, follows, after, written_by, records, tail } => {
                writeln!(
                    f,
                    "of lineage {lineage}, follows serial {follows}, starts after record {after}, \
                     by {written_by}, {} records",
                    records.len()
                )?;
                records.iter().try_for_each(|record| writeln!(f, "  {record}"))?;
                tail.iter().try_for_each(|tail| writeln!(f, "  {tail}"))
            }
        }
    }
}

impl fmt::Display for SlotReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SlotReport::Sound { epoch, slot, records } => {
                writeln!(f, "  epoch {epoch}, slot {slot}: {} records", records.len())?;
                records.iter().try_for_each(|record| writeln!(f, "    {record}"))
            }
            SlotReport::Fence { epoch, slot } => {
                writeln!(f, "  epoch {epoch}, slot {slot}: a fence, the epoch was ended")
            }
            SlotReport::Damaged { epoch, slot, offset, problem } => {
                writeln!(f, "  epoch {epoch}, slot {slot}: damaged at byte {offset}: {problem}")
            }
            SlotReport::Newer { epoch, slot, format, written_by } => {
                write!(f, "  epoch {epoch}, slot {slot}: ")?;
                newer(f, *format, written_by)?;
                writeln!(f)
            }
        }
    }
}

impl fmt::Display for RecordReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordReport { offset, sequence, durable, payload_bytes } = self;
        write!(f, "byte {offset}: record {sequence}, {durable} durable, {payload_bytes} bytes")
    }
}

impl fmt::Display for TailReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TailReport { offset, bytes, expected, problem, proof } = self;
        write!(f, "byte {offset}: {bytes} bytes where record {expected} should be: {problem}; ")?;
        match proof {
            Some(proof) => write!(f, "corrupt, record {proof} proves that it was durable"),
            None => write!(f, "an unfinished append, the next lease cuts it"),
        }
    }
}

struct HeaderLine<'a>(&'a SnapshotHeader);

impl fmt::Display for HeaderLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SnapshotHeader { format, lineage, serial, folded, written_by, unknown: _ } = self.0;
        write!(
            f,
            "format {format}, lineage {lineage}, serial {serial}, through record {folded}, \
             by {written_by}"
        )
    }
}

fn newer(f: &mut fmt::Formatter<'_>, format: u32, written_by: &str) -> fmt::Result {
    write!(f, "of the newer format {format}, by {written_by}")
}
