//! The lease of a state in a folder.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use bytes::Bytes;

use crate::broken::Broken;
use crate::disk::DiskLock;
use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::folder::blocking::Blocking;
use crate::folder::committer::Committer;
use crate::folder::journal_file::JournalFile;
use crate::folder::load::{self, Files};
use crate::folder::lock::{self, Locks};
use crate::folder::place::Place;
use crate::folder::writer::Writer;
use crate::folder::{Options, removal, requests};
use crate::holder::Holder;
use crate::name::StateName;
use crate::position::{Sequence, Serial};
use crate::queue::{self, Command, End};
use crate::request::{Request, RequestName};
use crate::state::Loaded;
use crate::store::Lease;
use crate::ticket::Ticket;

pub(crate) struct FolderLease {
    place: Place,
    loaded: Loaded,
    committer: Committer,
    /// The writer's, so that it is gone as soon as the writer is.
    lock: Weak<dyn DiskLock>,
    broken: Broken,
    blocking: Blocking,
}

impl FolderLease {
    pub(crate) fn acquire(
        place: Place,
        holder: &Holder,
        options: &Options,
    ) -> Result<FolderLease, StoreError> {
        let locks = lock::take(&place, holder, options.patience)?;
        let (loaded, journal) = open(&place, options).inspect_err(|_| lock::withdraw(&place))?;
        fail_point("store: after lease taken");
        FolderLease::start(place, locks, loaded, journal, options)
    }

    fn start(
        place: Place,
        locks: Locks,
        loaded: Loaded,
        journal: Option<JournalFile>,
        options: &Options,
    ) -> Result<FolderLease, StoreError> {
        let lock = Arc::downgrade(&locks.lock);
        let broken = Broken::default();
        let (header, last) = (loaded.header.clone(), loaded.last());
        let writer = Writer::new(place.clone(), locks, header, journal, last, broken.clone());
        let blocking = options.blocking;
        let committer = match blocking {
            Blocking::Inline => Committer::inline(writer),
            Blocking::Threads => {
                let path = place.journal();
                let failed = StoreError::io("start the thread that writes", &path, OnDisk::Nothing);
                Committer::thread(writer).map_err(failed)?
            }
        };
        Ok(FolderLease { place, loaded, committer, lock, broken, blocking })
    }

    async fn end(&self, how: End) -> Result<(), StoreError> {
        let send = |answer| self.committer.send(Command::End { how, answer });
        queue::ask(&self.place.state, send).await
    }
}

#[async_trait]
impl Lease for FolderLease {
    fn state(&self) -> &StateName {
        &self.place.state
    }

    fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    fn earlier_holder_is_gone(&self) -> bool {
        // The kernel gives a process's lock to nobody else while that process has it open.
        true
    }

    fn enqueue(&self, payloads: Vec<Bytes>) -> Ticket {
        let send = |command| self.committer.send(command);
        queue::enqueue(&self.place.state, &self.broken, payloads, send)
    }

    async fn fold(&self, body: Bytes, through: Sequence) -> Result<Serial, StoreError> {
        let send = |answer| self.committer.send(Command::Fold { body, through, answer });
        queue::ask(&self.place.state, send).await
    }

    async fn requests(&self) -> Result<Vec<Request>, StoreError> {
        let place = self.place.clone();
        self.blocking.run(move || requests::read(&place)).await
    }

    async fn remove_request(&self, name: &RequestName) -> Result<(), StoreError> {
        self.still_held().await?;
        let (place, name) = (self.place.clone(), name.clone());
        self.blocking.run(move || requests::remove(&place, &name)).await
    }

    async fn still_held(&self) -> Result<(), StoreError> {
        self.broken.check()?;
        let closed = || StoreError::Closed { state: self.place.state.clone() };
        let lock = self.lock.upgrade().ok_or_else(closed)?;
        match lock.is_current() {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Lost { state: self.place.state.clone(), to: None }),
            Err(error) => {
                Err(StoreError::io("look for", &self.place.lock(), OnDisk::Nothing)(error))
            }
        }
    }

    async fn release(&self) -> Result<(), StoreError> {
        self.end(End::Release).await
    }

    async fn remove(&self) -> Result<(), StoreError> {
        self.end(End::Remove).await
    }
}

/// Loads the state under its lock, and repairs what a crash has left.
fn open(place: &Place, options: &Options) -> Result<(Loaded, Option<JournalFile>), StoreError> {
    removal::purge(place)?;
    match load::interpret(place, &Files::read(place)?)? {
        Some(opened) => {
            let journal = JournalFile::reopen(place, &opened)?;
            Ok((opened.loaded, Some(journal)))
        }
        None => Ok((Loaded::new((options.lineages)()), None)),
    }
}
