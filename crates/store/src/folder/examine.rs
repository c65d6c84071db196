//! Describes the files of a state, whatever is in them.

use bytes::Bytes;

use crate::error::with_source;
use crate::folder::load::{self, Files};
use crate::folder::place::{Place, read_optional};
use crate::folder::{lock, requests};
use crate::format::first_line::Unreadable;
use crate::format::journal::{self, Scan};
use crate::report::{JournalReport, RecordReport, Report, SnapshotReport, TailReport};

pub(crate) fn examine(place: &Place) -> Report {
    let snapshot = read_optional(&*place.disk, &place.snapshot());
    let journal = read_optional(&*place.disk, &place.journal());
    let refused = match (&snapshot, &journal) {
        (Ok(snapshot), Ok(journal)) => {
            let files = Files { snapshot: snapshot.clone(), journal: journal.clone() };
            load::interpret(place, &files).err().map(|error| error.to_string())
        }
        (Err(error), _) | (_, Err(error)) => Some(with_source(error)),
    };
    Report {
        state: place.state.clone(),
        place: place.folder().display().to_string(),
        snapshot: snapshot.map_or_else(
            |error| SnapshotReport::Unreadable(with_source(&error)),
            |bytes| bytes.map_or(SnapshotReport::Absent, |bytes| SnapshotReport::of(&bytes)),
        ),
        journal: journal.map_or_else(
            |error| JournalReport::Unreadable(with_source(&error)),
            |bytes| bytes.map_or(JournalReport::Absent, |bytes| journal_report(&bytes)),
        ),
        requests: requests::read(place)
            .map(|requests| requests.into_iter().map(|request| request.name).collect())
            .unwrap_or_default(),
        holder: lock::holder(place).unwrap_or_default(),
        refused,
    }
}

fn journal_report(bytes: &Bytes) -> JournalReport {
    match journal::scan(bytes) {
        Ok(scan) => readable(scan),
        Err(Unreadable::Newer { format, written_by }) => {
            JournalReport::Newer { format, written_by }
        }
        Err(Unreadable::Damaged { problem, .. }) => {
            JournalReport::Damaged { bytes: bytes.len() as u64, problem }
        }
    }
}

fn readable(scan: Scan) -> JournalReport {
    let offset = scan.end;
    JournalReport::Readable {
        lineage: scan.header.lineage,
        follows: scan.header.follows,
        after: scan.header.after,
        written_by: scan.header.written_by,
        records: scan.records.iter().map(RecordReport::of).collect(),
        tail: scan.tail.map(|tail| TailReport {
            offset,
            bytes: tail.bytes,
            expected: tail.expected,
            problem: tail.problem,
            proof: tail.proof,
        }),
    }
}
