//! From files to a state, and the judgement whether they are one.

use bytes::Bytes;

use crate::error::{Corruption, NewerFormat, StoreError};
use crate::folder::place::{Place, found, read_optional};
use crate::format::first_line::{self, Unreadable};
use crate::format::journal::{self, BadTail, Scan};
use crate::format::snapshot;
use crate::position::Sequence;
use crate::state::{Loaded, SnapshotHeader, TornTail};

/// The two files of a state, as they were read.
#[derive(Debug, PartialEq)]
pub(crate) struct Files {
    pub(crate) snapshot: Option<Bytes>,
    pub(crate) journal: Option<Bytes>,
}

/// A state, and the journal it was read from.
pub(crate) struct Opened {
    pub(crate) loaded: Loaded,
    pub(crate) journal: Scan,
    pub(crate) journal_bytes: Bytes,
}

/// How often a reader starts again before it says that the state changes too fast.
const ATTEMPTS: u32 = 100;

impl Files {
    /// Reads both files. Only the holder of the lease may rely on their belonging together.
    pub(crate) fn read(place: &Place) -> Result<Files, StoreError> {
        let snapshot = read_optional(&*place.disk, &place.snapshot())?;
        let journal = read_optional(&*place.disk, &place.journal())?;
        Ok(Files { snapshot, journal })
    }

    /// Whether the snapshot was replaced after it was read.
    fn moved(&self, place: &Place) -> Result<bool, StoreError> {
        let path = place.snapshot();
        let now = place.disk.read_start(&path, first_line::LONGEST as u64);
        let now = found(now, &path)?;
        let limit = first_line::LONGEST;
        let then = self.snapshot.as_ref().map(|bytes| &bytes[..bytes.len().min(limit)]);
        Ok(now.as_deref() != then)
    }
}

/// Reads a state beside a writer that may append, fold or remove it meanwhile.
pub(crate) fn read(place: &Place) -> Result<Option<Loaded>, StoreError> {
    let mut refused: Option<Files> = None;
    for _ in 0..ATTEMPTS {
        let files = Files::read(place)?;
        if files.moved(place)? {
            continue;
        }
        match interpret(place, &files) {
            Ok(opened) => return Ok(opened.map(|opened| opened.loaded)),
            // A journal whose tail a new holder cuts while it is read can look damaged once,
            // but what is really damaged looks the same twice.
            Err(StoreError::Corrupt(_)) if refused.as_ref() != Some(&files) => {
                refused = Some(files);
            }
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Restless { state: place.state.clone() })
}

/// Judges the files; `None` if there is no state.
pub(crate) fn interpret(place: &Place, files: &Files) -> Result<Option<Opened>, StoreError> {
    let snapshot = files.snapshot.as_ref().map(snapshot::decode).transpose();
    let snapshot = snapshot.map_err(|why| unreadable(place, Which::Snapshot, why))?;
    let Some(journal_bytes) = files.journal.clone() else {
        return match snapshot {
            None => Ok(None),
            // The journal is there before the first snapshot and is only ever replaced.
            Some(_) => Err(corrupt(place, Which::Journal, 0, None, "the file is missing")),
        };
    };
    let journal = journal::scan(&journal_bytes);
    let journal = journal.map_err(|why| unreadable(place, Which::Journal, why))?;
    let (header, body) = match snapshot {
        Some((header, body)) => (header, Some(body)),
        None => (SnapshotHeader::before_the_first(journal.header.lineage.clone()), None),
    };
    belong_together(place, &header, &journal)?;
    let torn = journal.tail.as_ref().map(|tail| torn(place, &journal, tail)).transpose()?;
    let records = journal.records.iter().map(|placed| placed.record.clone());
    let records = records.filter(|record| record.sequence > header.folded).collect();
    let loaded = Loaded { header, body, records, torn };
    Ok(Some(Opened { loaded, journal, journal_bytes }))
}

enum Which {
    Snapshot,
    Journal,
}

/// A journal follows its snapshot, or the one before it if a fold was interrupted.
fn belong_together(
    place: &Place,
    snapshot: &SnapshotHeader,
    journal: &Scan,
) -> Result<(), StoreError> {
    let refuse = |problem: &str| Err(corrupt(place, Which::Journal, 0, None, problem));
    let header = &journal.header;
    if header.lineage != snapshot.lineage {
        let (theirs, ours) = (&header.lineage, &snapshot.lineage);
        return refuse(&format!("it has lineage {theirs}, the snapshot has {ours}"));
    }
    let (follows, serial) = (header.follows, snapshot.serial);
    let (after, folded) = (header.after, snapshot.folded);
    if follows == serial && after != folded {
        let start = after.next();
        return refuse(&format!(
            "it starts with record {start}, the snapshot of serial {serial} ends with {folded}"
        ));
    }
    if follows != serial && (follows.next() != serial || after > folded) {
        return refuse(&format!("it follows serial {follows}, the snapshot has serial {serial}"));
    }
    Ok(())
}

fn torn(place: &Place, journal: &Scan, tail: &BadTail) -> Result<TornTail, StoreError> {
    let Some(proof) = tail.proof else {
        return Ok(TornTail { offset: journal.end, bytes: tail.bytes });
    };
    let problem = format!("{}, and record {proof} proves that it was durable", tail.problem);
    Err(corrupt(place, Which::Journal, journal.end, Some(tail.expected), &problem))
}

fn corrupt(
    place: &Place,
    which: Which,
    offset: u64,
    sequence: Option<Sequence>,
    problem: &str,
) -> StoreError {
    StoreError::Corrupt(Box::new(Corruption {
        state: place.state.clone(),
        file: which.path(place),
        offset,
        sequence,
        problem: problem.to_owned(),
    }))
}

fn unreadable(place: &Place, which: Which, why: Unreadable) -> StoreError {
    match why {
        Unreadable::Damaged { offset, problem } => corrupt(place, which, offset, None, &problem),
        Unreadable::Newer { format, written_by } => StoreError::Newer(Box::new(NewerFormat {
            state: place.state.clone(),
            file: which.path(place),
            format,
            written_by,
        })),
    }
}

impl Which {
    fn path(&self, place: &Place) -> String {
        let path = match self {
            Which::Snapshot => place.snapshot(),
            Which::Journal => place.journal(),
        };
        path.display().to_string()
    }
}
