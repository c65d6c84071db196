//! States in a folder of the local disk.
//!
//! Safety stands on three things: an operating-system lock, which the kernel
//! releases when its process dies; a journal that is only appended to, with a
//! sync before an append is acknowledged; and replacement of whole files by
//! write, sync, rename, sync of the folder. The order of these steps is the
//! heart of this module; each is followed by a fail point.

mod blocking;
mod committer;
mod examine;
mod folders;
mod install;
mod journal_file;
mod lease;
mod ledger;
mod load;
mod lock;
mod place;
mod removal;
mod requests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::disk::Disk;
use crate::error::StoreError;
use crate::folder::blocking::Blocking;
use crate::folder::lease::FolderLease;
use crate::folder::ledger::LedgerPlace;
use crate::folder::place::Place;
use crate::holder::{Holder, random_id};
use crate::ledger::{Ledger, LedgerName, LedgerVersion};
use crate::name::{Segment, StateName};
use crate::os_disk::OsDisk;
use crate::payload::check_payload;
use crate::position::Lineage;
use crate::report::Report;
use crate::request::{Request, RequestName, Requested};
use crate::state::{Loaded, SnapshotHeader};
use crate::store::{Lease, Store};

/// States below one folder, which is made when the first state is.
#[derive(Clone)]
pub struct FolderStore {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    options: Options,
}

#[derive(Clone)]
pub(crate) struct Options {
    blocking: Blocking,
    /// How long a contender waits for a holder that is about to let go.
    patience: Duration,
    lineages: Arc<dyn Fn() -> Lineage + Send + Sync>,
}

const PATIENCE: Duration = Duration::from_millis(200);

impl FolderStore {
    /// The states below `root` on the real disk.
    pub fn new(root: impl AsRef<Path>) -> FolderStore {
        // Absolute, because the folders above a new root have to be synced as well.
        let root = std::path::absolute(&root).unwrap_or_else(|_| root.as_ref().to_owned());
        FolderStore::on(Arc::new(OsDisk), root)
    }

    /// The states below `root` on `disk`.
    pub fn on(disk: Arc<dyn Disk>, root: impl AsRef<Path>) -> FolderStore {
        let lineages = Arc::new(|| Lineage(random_id()));
        let options = Options { blocking: Blocking::Threads, patience: PATIENCE, lineages };
        FolderStore { disk, root: root.as_ref().to_owned(), options }
    }

    /// Works in the caller, without threads and without waiting for a lock, so that a simulation
    /// is deterministic. Appends then share a sync only within one call.
    #[must_use]
    pub fn inline(mut self) -> FolderStore {
        self.options.blocking = Blocking::Inline;
        self.options.patience = Duration::ZERO;
        self
    }

    /// Takes the lineages of new states from `lineages` instead of the system's randomness.
    #[must_use]
    pub fn with_lineages(
        mut self,
        lineages: impl Fn() -> Lineage + Send + Sync + 'static,
    ) -> FolderStore {
        self.options.lineages = Arc::new(lineages);
        self
    }

    /// The folder below which the states are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn place(&self, state: &StateName) -> Place {
        Place::new(Arc::clone(&self.disk), &self.root, state)
    }

    fn ledger_place(&self, name: &LedgerName) -> LedgerPlace {
        LedgerPlace::new(Arc::clone(&self.disk), &self.root, name)
    }
}

#[async_trait]
impl Store for FolderStore {
    async fn list(&self) -> Result<Vec<StateName>, StoreError> {
        let (disk, root) = (Arc::clone(&self.disk), self.root.clone());
        self.options.blocking.run(move || place::list(&disk, &root)).await
    }

    async fn read(&self, state: &StateName) -> Result<Option<Loaded>, StoreError> {
        let place = self.place(state);
        self.options.blocking.run(move || load::read(&place)).await
    }

    async fn has_leftovers(&self, state: &StateName) -> Result<bool, StoreError> {
        let place = self.place(state);
        self.options.blocking.run(move || removal::has_leftovers(&place)).await
    }

    async fn holder(&self, state: &StateName) -> Result<Option<Holder>, StoreError> {
        let place = self.place(state);
        self.options.blocking.run(move || lock::holder(&place)).await
    }

    async fn acquire(
        &self,
        state: &StateName,
        holder: Holder,
    ) -> Result<Box<dyn Lease>, StoreError> {
        let (place, options) = (self.place(state), self.options.clone());
        let acquire = move || FolderLease::acquire(place, &holder, &options);
        let lease = self.options.blocking.run(acquire).await?;
        Ok(Box::new(lease))
    }

    async fn install(
        &self,
        state: &StateName,
        holder: Holder,
        header: SnapshotHeader,
        body: Bytes,
    ) -> Result<(), StoreError> {
        let (place, patience) = (self.place(state), self.options.patience);
        let install = move || install::install(&place, &holder, header, &body, patience);
        self.options.blocking.run(install).await
    }

    async fn request(
        &self,
        state: &StateName,
        name: &RequestName,
        payload: Bytes,
    ) -> Result<Requested, StoreError> {
        check_payload(state, &payload)?;
        let (place, name) = (self.place(state), name.clone());
        self.options.blocking.run(move || requests::store(&place, &name, &payload)).await
    }

    async fn requests(&self, state: &StateName) -> Result<Vec<Request>, StoreError> {
        let place = self.place(state);
        self.options.blocking.run(move || requests::read(&place)).await
    }

    async fn examine(&self, state: &StateName) -> Report {
        let place = self.place(state);
        self.options.blocking.run(move || examine::examine(&place)).await
    }

    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, StoreError> {
        let place = self.ledger_place(name);
        self.options.blocking.run(move || ledger::read(&place)).await
    }

    async fn ledgers(&self, project: &Segment) -> Result<Vec<LedgerName>, StoreError> {
        let (disk, root) = (Arc::clone(&self.disk), self.root.clone());
        let project = project.clone();
        self.options.blocking.run(move || ledger::list(&*disk, &root, &project)).await
    }

    async fn write_ledger(
        &self,
        name: &LedgerName,
        seen: &LedgerVersion,
        content: Bytes,
    ) -> Result<bool, StoreError> {
        let (place, seen) = (self.ledger_place(name), seen.clone());
        self.options.blocking.run(move || ledger::write(&place, &seen, &content)).await
    }
}
