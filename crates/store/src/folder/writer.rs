//! The one who writes a state's files, for as long as the lease lasts.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::broken::Broken;
use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::folder::journal_file::{JournalFile, lines_after, sync_folder};
use crate::folder::load::Files;
use crate::folder::lock::{self, Locks};
use crate::folder::place::Place;
use crate::folder::removal;
use crate::format::journal::{self, encode_record};
use crate::format::snapshot;
use crate::position::{Sequence, Serial};
use crate::queue::{self, Group};
use crate::state::SnapshotHeader;

pub(crate) struct Writer {
    place: Place,
    locks: Locks,
    /// Of the last snapshot.
    header: SnapshotHeader,
    /// Absent until something is written to a new state.
    journal: Option<JournalFile>,
    /// The last durable record.
    last: Sequence,
    broken: Broken,
}

impl Writer {
    pub(crate) fn new(
        place: Place,
        locks: Locks,
        header: SnapshotHeader,
        journal: Option<JournalFile>,
        last: Sequence,
        broken: Broken,
    ) -> Writer {
        Writer { place, locks, header, journal, last, broken }
    }

    /// Appends the records of all `groups` with one write and one sync, and answers each.
    pub(crate) fn commit(&mut self, groups: Vec<Group>) {
        let before = self.last;
        let written = self.append(groups.iter().flat_map(|group| &group.payloads));
        queue::answer(groups, before, written);
    }

    /// Writes the next snapshot and starts the journal after it.
    pub(crate) fn fold(&mut self, body: &[u8], through: Sequence) -> Result<Serial, StoreError> {
        self.may_write()?;
        let header = self.header.next(&self.place.state, through, self.last)?;
        let folded = self.write_snapshot(header, body);
        folded.inspect_err(|error| self.break_unless_untouched(error))
    }

    /// Gives the lease back.
    pub(crate) fn release(self) -> Result<(), StoreError> {
        fail_point("store: before release");
        if self.locks.lock.is_current().unwrap_or(false) {
            if self.journal.is_none() && self.broken.get().is_none() {
                // Nothing was ever written. If the folder stays, it is not listed as a state.
                let _ = removal::remove(&self.place);
            } else {
                lock::withdraw(&self.place);
            }
        }
        fail_point("store: before lock released");
        Ok(())
    }

    /// Removes the state and gives the lease back.
    pub(crate) fn remove(self) -> Result<(), StoreError> {
        self.still_current()?;
        removal::remove(&self.place)
    }

    fn append<'a>(&mut self, payloads: impl Iterator<Item = &'a Bytes>) -> Result<(), StoreError> {
        self.may_write()?;
        let mut lines = Vec::new();
        let mut last = self.last;
        for payload in payloads {
            last = last.next();
            encode_record(&mut lines, last, self.last, payload);
        }
        if last == self.last {
            return Ok(());
        }
        let first = self.last.next();
        if let Err(error) = self.ensure_journal() {
            self.broken.since(&self.place.state, &format!("the append of record {first}"), &error);
            return Err(error);
        }
        if let Err(source) = self.write_lines(&lines) {
            let (state, source) = (self.place.state.clone(), Arc::new(source));
            let error = StoreError::Append { state, first, last, source };
            self.broken.since(&self.place.state, &format!("the append of record {first}"), &error);
            return Err(error);
        }
        self.last = last;
        Ok(())
    }

    fn write_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        let journal = self.journal.as_mut().expect("the journal was ensured just before");
        fail_point("store: before append");
        journal.file.write_all_at(lines, journal.end)?;
        fail_point("store: after append, before sync");
        journal.file.sync()?;
        fail_point("store: after append");
        journal.end += lines.len() as u64;
        Ok(())
    }

    fn write_snapshot(
        &mut self,
        header: SnapshotHeader,
        body: &[u8],
    ) -> Result<Serial, StoreError> {
        self.ensure_journal()?;
        self.write_snapshot_aside(&header, body)?;
        let (new, path) = (self.place.snapshot_new(), self.place.snapshot());
        let renamed = self.place.disk.rename(&new, &path);
        renamed.map_err(StoreError::io("replace", &path, OnDisk::Maybe))?;
        fail_point("store: after snapshot renamed");
        // Durable before the journal is replaced: the records must never be in neither.
        sync_folder(&self.place, OnDisk::Maybe)?;
        fail_point("store: after snapshot durable");
        self.header = header;
        self.restart_journal()?;
        Ok(self.header.serial)
    }

    /// Writes and syncs the snapshot under another name, so that a failure changes nothing.
    fn write_snapshot_aside(&self, header: &SnapshotHeader, body: &[u8]) -> Result<(), StoreError> {
        let path = self.place.snapshot_new();
        let first_line = snapshot::first_line(header, body);
        fail_point("store: before snapshot");
        let written = self.place.disk.create(&path).and_then(|mut file| {
            file.write_all_at(&first_line, 0)?;
            file.write_all_at(body, first_line.len() as u64)?;
            fail_point("store: after snapshot written");
            file.sync()
        });
        fail_point("store: after snapshot synced");
        written.map_err(|error| {
            // Frees a full disk again; the next fold would overwrite it anyway.
            let _ = self.place.disk.remove_file(&path);
            StoreError::io("write", &path, OnDisk::Nothing)(error)
        })
    }

    fn restart_journal(&mut self) -> Result<(), StoreError> {
        let before = self.journal.as_ref().expect("the journal was ensured before the snapshot");
        let carried = if self.header.folded < self.last { self.carried()? } else { Bytes::new() };
        let restarted = JournalFile::restart(&self.place, &before.header, &self.header, &carried)?;
        self.journal = Some(restarted);
        Ok(())
    }

    /// The lines of the records that the snapshot does not contain.
    fn carried(&self) -> Result<Bytes, StoreError> {
        let path = self.place.journal();
        let failed = |error| StoreError::io("read back", &path, OnDisk::Snapshot)(error);
        let bytes = Files::read(&self.place)?.journal.unwrap_or_default();
        let scan = journal::scan(&bytes);
        let scan = scan.map_err(|_| failed(io::Error::other("it is not what was written")))?;
        if scan.last() != self.last {
            return Err(failed(io::Error::other("it does not end with what was written")));
        }
        Ok(lines_after(&scan, &bytes, self.header.folded))
    }

    fn ensure_journal(&mut self) -> Result<(), StoreError> {
        if self.journal.is_none() {
            self.journal = Some(JournalFile::start(&self.place, &self.header)?);
        }
        Ok(())
    }

    fn may_write(&self) -> Result<(), StoreError> {
        self.broken.check()?;
        self.still_current()
    }

    fn still_current(&self) -> Result<(), StoreError> {
        match self.locks.lock.is_current() {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Lost { state: self.place.state.clone(), to: None }),
            Err(error) => {
                Err(StoreError::io("look for", &self.place.lock(), OnDisk::Nothing)(error))
            }
        }
    }

    fn break_unless_untouched(&self, error: &StoreError) {
        if !matches!(error, StoreError::Io { on_disk: OnDisk::Nothing, .. }) {
            let serial = self.header.serial;
            self.broken.since(&self.place.state, &format!("a fold after serial {serial}"), error);
        }
    }
}
