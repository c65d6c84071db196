//! Describes the objects of a state, whatever is in them.

use bytes::Bytes;
use object_store::path::Path;

use crate::error::{StoreError, with_source};
use crate::format::first_line::Unreadable;
use crate::format::journal;
use crate::format::object::{self, Slot, SlotHeader, SnapshotMark};
use crate::holder::Holder;
use crate::object::claim::ClaimPlace;
use crate::object::keys::{LineageKeys, slot_of};
use crate::object::{load, requests};
use crate::report::{JournalReport, RecordReport, Report, SlotReport, SnapshotReport};

pub(crate) async fn examine(place: &ClaimPlace, holder: Option<Holder>) -> Report {
    let read = load::read_consistently(place.judge(), &place.keys, || place.lineage());
    let mut report = Report {
        state: place.state.clone(),
        place: place.objects.name(place.keys.root()),
        snapshot: SnapshotReport::Absent,
        journal: JournalReport::Absent,
        requests: Vec::new(),
        holder,
        refused: read.await.err().map(|error| with_source(&error)),
    };
    // What is wrong with the lease, the verdict says.
    let Ok(Some(lineage)) = place.lineage().await else { return report };
    let keys = place.keys.of(&lineage);
    report.snapshot = snapshot(place, &keys).await;
    report.journal = journal(place, &keys)
        .await
        .unwrap_or_else(|error| JournalReport::Unreadable(with_source(&error)));
    let waiting = requests::read(place, &lineage).await.unwrap_or_default();
    report.requests = waiting.into_iter().map(|request| request.name).collect();
    report
}

async fn snapshot(place: &ClaimPlace, keys: &LineageKeys) -> SnapshotReport {
    let found = match place.objects.get(&keys.snapshot()).await {
        Ok(Some(found)) => found.bytes,
        Ok(None) => return SnapshotReport::Absent,
        Err(error) => return SnapshotReport::Unreadable(with_source(&error)),
    };
    match object::decode::<SnapshotMark>(&found) {
        Ok((_, content)) if content.is_empty() => SnapshotReport::Absent,
        Ok((_, content)) => SnapshotReport::of(&content),
        Err(why) => SnapshotReport::refused(&found, why),
    }
}

async fn journal(place: &ClaimPlace, keys: &LineageKeys) -> Result<JournalReport, StoreError> {
    let listed = place.objects.list(&keys.journal(), None).await?;
    let found = place.objects.get_all(listed).await?;
    let slots = found.into_iter().filter_map(|(key, found)| Some(slot(&key, found?.bytes)));
    Ok(JournalReport::Objects(slots.collect()))
}

fn slot(key: &Path, bytes: Bytes) -> SlotReport {
    let Slot { epoch, slot } = slot_of(key).unwrap_or_default();
    let (header, content) = match object::decode::<SlotHeader>(&bytes) {
        Ok(decoded) => decoded,
        Err(Unreadable::Damaged { offset, problem }) => {
            return SlotReport::Damaged { epoch, slot, offset, problem };
        }
        Err(Unreadable::Newer { format, written_by }) => {
            return SlotReport::Newer { epoch, slot, format, written_by };
        }
    };
    if header.fence {
        return SlotReport::Fence { epoch, slot };
    }
    let lines = journal::scan_lines(&content, 0, header.after);
    match lines.tail {
        Some(tail) => {
            let offset = (bytes.len() - content.len() + lines.end) as u64;
            SlotReport::Damaged { epoch, slot, offset, problem: tail.problem }
        }
        None => {
            let records = lines.records.iter().map(RecordReport::of).collect();
            SlotReport::Sound { epoch, slot, records }
        }
    }
}
