//! The contract between those who keep state and those who use it.

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::StoreError;
use crate::holder::Holder;
use crate::ledger::{Ledger, LedgerName, LedgerVersion};
use crate::name::{Segment, StateName};
use crate::position::{Sequence, Serial};
use crate::report::Report;
use crate::request::{Request, RequestName, Requested};
use crate::state::{Loaded, SnapshotHeader};
use crate::ticket::Ticket;

/// A place where states live.
#[async_trait]
pub trait Store: Send + Sync {
    /// The names of all states, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the store cannot be read.
    async fn list(&self) -> Result<Vec<StateName>, StoreError>;

    /// Reads `state` as it is now, without a lease, also while a holder writes; `None` if there
    /// is no such state.
    ///
    /// The view is consistent: a snapshot and the records that follow it. Its last records may
    /// not be durable yet.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`], [`StoreError::Newer`] or [`StoreError::Io`] if it cannot be read.
    async fn read(&self, state: &StateName) -> Result<Option<Loaded>, StoreError>;

    /// Whether a removal of `state` was interrupted and has left files; the next
    /// [`acquire`](Store::acquire) of that name deletes them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the store cannot be read.
    async fn has_leftovers(&self, state: &StateName) -> Result<bool, StoreError>;

    /// Who holds the lease of `state` now. Never a holder that has died.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the store cannot be read.
    async fn holder(&self, state: &StateName) -> Result<Option<Holder>, StoreError>;

    /// Takes the lease of `state` for `holder`, and makes the state if there is none.
    ///
    /// A new state is only listed once something was written to it. Damage that a crash may
    /// leave is repaired before this returns, and everything that is loaded is durable.
    ///
    /// # Errors
    ///
    /// [`StoreError::Held`] if another holder has it; [`StoreError::Corrupt`] and
    /// [`StoreError::Newer`] leave the files untouched; [`StoreError::Io`].
    async fn acquire(
        &self,
        state: &StateName,
        holder: Holder,
    ) -> Result<Box<dyn Lease>, StoreError>;

    /// As [`acquire`](Store::acquire), without waiting until a lease that nobody renews has run out:
    /// for somebody who knows that its holder has ended. If it has not, it writes nothing more, and
    /// what it has sent is settled as after any crash.
    ///
    /// A store that knows by itself when a holder has ended does not take the lease from one that
    /// has not, as this does.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Store::acquire).
    async fn seize(&self, state: &StateName, holder: Holder) -> Result<Box<dyn Lease>, StoreError> {
        self.acquire(state, holder).await
    }

    /// Makes `state` as another store had it: the lineage, the serial and the count of records in
    /// `header` go on here. `body` contains everything through the last record.
    ///
    /// Interrupted, it has happened wholly or not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`] if something was written to a state of that name,
    /// [`StoreError::Held`], [`StoreError::Io`].
    async fn install(
        &self,
        state: &StateName,
        holder: Holder,
        header: SnapshotHeader,
        body: Bytes,
    ) -> Result<(), StoreError>;

    /// Leaves a request for whoever holds the lease of `state`, unless one of that name is there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] if there is no such state, [`StoreError::Payload`] if `payload` is
    /// empty or has a line break, [`StoreError::Io`].
    async fn request(
        &self,
        state: &StateName,
        name: &RequestName,
        payload: Bytes,
    ) -> Result<Requested, StoreError>;

    /// The requests that wait for the holder, ordered by name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the store cannot be read.
    async fn requests(&self, state: &StateName) -> Result<Vec<Request>, StoreError>;

    /// Describes what is stored of `state`, however damaged. Never fails, never writes.
    async fn examine(&self, state: &StateName) -> Report;

    /// The ledger `name` as it is now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Ledger`] or [`StoreError::Io`] if it cannot be read.
    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, StoreError>;

    /// The names of all ledgers of `project`, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the store cannot be read.
    async fn ledgers(&self, project: &Segment) -> Result<Vec<LedgerName>, StoreError>;

    /// Replaces the ledger `name` by `content`, durably, if nobody has written to it since
    /// it was `seen`.
    ///
    /// After `false`, somebody has: read it again. Then `content` was not written, or, where its
    /// answer was lost, what was written since is based on it. Interrupted, it has happened wholly
    /// or not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError::Ledger`]: nothing was written. [`StoreError::Io`] says whether it may have
    /// been.
    async fn write_ledger(
        &self,
        name: &LedgerName,
        seen: &LedgerVersion,
        content: Bytes,
    ) -> Result<bool, StoreError>;
}

/// The exclusive right to write a state, until it is given back, lost, or its process dies.
///
/// Dropping a lease finishes what was queued and then lets it go.
#[async_trait]
pub trait Lease: Send + Sync {
    /// The state.
    fn state(&self) -> &StateName;

    /// The state as it was when the lease was taken.
    fn loaded(&self) -> &Loaded;

    /// Whether whoever held the lease before has ended, or was about to: it had died, or had let
    /// the lease go by itself, when this lease was taken. What it never sent until then, it never
    /// will. A store that cannot prove that says no, as this does.
    fn earlier_holder_is_gone(&self) -> bool {
        false
    }

    /// Queues `payloads` as consecutive records, in the order of the calls, without waiting.
    ///
    /// What queues while an earlier write is under way shares the next one, and its sync.
    /// A crash before the ticket has resolved may leave the first of them.
    ///
    /// # Errors
    ///
    /// The ticket resolves to what [`append`](Lease::append) returns.
    fn enqueue(&self, payloads: Vec<Bytes>) -> Ticket;

    /// Appends `payload`, one JSON document without a line break, and returns when it is durable.
    ///
    /// Concurrent callers share one sync. Dropping the future does not take the record back.
    ///
    /// # Errors
    ///
    /// [`StoreError::Payload`], [`StoreError::Lost`], [`StoreError::Closed`],
    /// [`StoreError::Broken`]: nothing was written, stop. [`StoreError::Append`]: it may be on
    /// disk; reopening the state settles it.
    async fn append(&self, payload: Bytes) -> Result<Sequence, StoreError> {
        let sequences = self.enqueue(vec![payload]).await?;
        sequences.first().copied().ok_or_else(|| StoreError::Closed { state: self.state().clone() })
    }

    /// Appends `payloads` as consecutive records and returns when all are durable.
    ///
    /// # Errors
    ///
    /// As [`append`](Lease::append).
    async fn append_all(&self, payloads: Vec<Bytes>) -> Result<Vec<Sequence>, StoreError> {
        self.enqueue(payloads).await
    }

    /// Writes `body`, which contains everything through record `through`, as the next snapshot.
    ///
    /// Records past `through` stay in the journal. Runs after all that was queued before it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Fold`] if `through` is not between the last snapshot and the last durable
    /// record. [`StoreError::Io`] says what is on disk: if nothing was written, the lease
    /// remains good; else it is broken, and reopening the state settles it.
    async fn fold(&self, body: Bytes, through: Sequence) -> Result<Serial, StoreError>;

    /// The requests that wait, ordered by name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if they cannot be read.
    async fn requests(&self) -> Result<Vec<Request>, StoreError>;

    /// Removes a request, durably; one that is gone already is no error.
    ///
    /// # Errors
    ///
    /// [`StoreError::Lost`], [`StoreError::Closed`]: it is still there. [`StoreError::Io`].
    async fn remove_request(&self, name: &RequestName) -> Result<(), StoreError>;

    /// Whether this process may still write.
    ///
    /// # Errors
    ///
    /// [`StoreError::Lost`], [`StoreError::Closed`] or [`StoreError::Broken`] if not.
    async fn still_held(&self) -> Result<(), StoreError>;

    /// Finishes what is queued and gives the lease back. A state never written to leaves no trace.
    ///
    /// # Errors
    ///
    /// [`StoreError::Closed`] if it was given back before.
    async fn release(&self) -> Result<(), StoreError>;

    /// Removes the whole state and gives the lease back.
    ///
    /// Interrupted, it has either not happened or is finished by the next acquire of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Lost`], [`StoreError::Closed`]; [`StoreError::Io`] says whether the state is
    /// still there. The lease is given back in any case.
    async fn remove(&self) -> Result<(), StoreError>;
}
