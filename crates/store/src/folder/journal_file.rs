//! The journal file, open for appending.

use bytes::Bytes;

use crate::disk::DiskFile;
use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::folder::folders;
use crate::folder::load::Opened;
use crate::folder::place::Place;
use crate::format::journal::{self, JournalHeader, Scan};
use crate::position::Sequence;
use crate::state::SnapshotHeader;
use crate::{FORMAT, WRITTEN_BY};

/// A journal that ends with a durable record.
pub(crate) struct JournalFile {
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) header: JournalHeader,
    /// Where the next record goes.
    pub(crate) end: u64,
}

impl JournalFile {
    /// Starts the journal of a new state.
    pub(crate) fn start(
        place: &Place,
        snapshot: &SnapshotHeader,
    ) -> Result<JournalFile, StoreError> {
        folders::sync_above(&*place.disk, place.root(), place.folder())?;
        let header = JournalHeader {
            format: FORMAT,
            lineage: snapshot.lineage.clone(),
            follows: snapshot.serial,
            after: snapshot.folded,
            written_by: WRITTEN_BY.to_owned(),
            unknown: Default::default(),
        };
        replace(place, header, &[], OnDisk::Nothing)
    }

    /// Opens the journal of an existing state and repairs what a crash has left.
    pub(crate) fn reopen(place: &Place, opened: &Opened) -> Result<JournalFile, StoreError> {
        // A killed process may have renamed without syncing the folder. What was read is
        // built upon from here on, so it has to be durable first.
        sync_folder(place, OnDisk::Nothing)?;
        let Opened { loaded, journal, journal_bytes } = opened;
        if journal.header.follows != loaded.header.serial {
            let carried = lines_after(journal, journal_bytes, loaded.header.folded);
            return JournalFile::restart(place, &journal.header, &loaded.header, &carried);
        }
        let path = place.journal();
        let failed = |action| StoreError::io(action, &path, OnDisk::Nothing);
        let mut file = place.disk.open(&path).map_err(failed("open"))?;
        if journal.tail.is_some() {
            file.set_len(journal.end).map_err(failed("cut the unfinished end of"))?;
        }
        // Records that a killed process wrote, but did not sync, count from here on.
        file.sync().map_err(failed("sync"))?;
        Ok(JournalFile { file, header: journal.header.clone(), end: journal.end })
    }

    /// Starts the journal after `snapshot`, with the lines `carried` over from the one before.
    pub(crate) fn restart(
        place: &Place,
        before: &JournalHeader,
        snapshot: &SnapshotHeader,
        carried: &[u8],
    ) -> Result<JournalFile, StoreError> {
        let header = JournalHeader {
            format: FORMAT,
            follows: snapshot.serial,
            after: snapshot.folded,
            written_by: WRITTEN_BY.to_owned(),
            ..before.clone()
        };
        replace(place, header, carried, OnDisk::Snapshot)
    }
}

/// The lines of the records past `through`, as they stand in the journal.
pub(crate) fn lines_after(journal: &Scan, bytes: &Bytes, through: Sequence) -> Bytes {
    let first = journal.records.iter().find(|placed| placed.record.sequence > through);
    let last = journal.records.last();
    match (first, last) {
        (Some(first), Some(last)) => bytes.slice(first.start..last.end),
        _ => Bytes::new(),
    }
}

/// Makes the names in the state's folder durable.
pub(crate) fn sync_folder(place: &Place, on_disk: OnDisk) -> Result<(), StoreError> {
    let folder = place.folder();
    place.disk.sync_dir(folder).map_err(StoreError::io("sync", folder, on_disk))
}

fn replace(
    place: &Place,
    header: JournalHeader,
    carried: &[u8],
    on_disk: OnDisk,
) -> Result<JournalFile, StoreError> {
    let (new, path) = (place.journal_new(), place.journal());
    let mut content = journal::encode_header(&header);
    content.extend_from_slice(carried);
    let failed = |action| StoreError::io(action, &new, on_disk);
    fail_point("store: before journal started");
    let mut file = place.disk.create(&new).map_err(failed("create"))?;
    file.write_all_at(&content, 0).map_err(failed("write"))?;
    file.sync().map_err(failed("sync"))?;
    fail_point("store: after new journal synced");
    let renamed = place.disk.rename(&new, &path);
    renamed.map_err(StoreError::io("replace", &path, on_disk))?;
    fail_point("store: after new journal renamed");
    sync_folder(place, on_disk)?;
    fail_point("store: after journal started");
    Ok(JournalFile { file, header, end: content.len() as u64 })
}
