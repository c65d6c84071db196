//! The journal of a session: entries as records of its lease.

use std::sync::Arc;

use bytes::Bytes;
use greenroom_engine::format;
use greenroom_model::identity::Sequence;
use greenroom_model::journal::Entry;
use greenroom_store::{Lease, StoreError};

/// Entries on their way to the disk, with the future that says when they are there.
pub(crate) struct Appending {
    entries: Vec<Entry>,
    ticket: greenroom_store::Ticket,
}

/// Queues entries as consecutive records; the order of the calls is the order in the journal.
pub(crate) fn append(lease: &Arc<dyn Lease>, entries: Vec<Entry>) -> Appending {
    let payloads = entries.iter().map(|it| Bytes::from(format::journal::encode(it))).collect();
    Appending { ticket: lease.enqueue(payloads), entries }
}

impl Appending {
    /// The entries, whatever became of them.
    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Waits until the entries are durable, and numbers them. Cancel-safe.
    pub(crate) async fn durable(&mut self) -> Result<Vec<(Sequence, Entry)>, StoreError> {
        let sequences = (&mut self.ticket).await?;
        let numbers = sequences.into_iter().map(|it| Sequence(it.0));
        Ok(numbers.zip(std::mem::take(&mut self.entries)).collect())
    }
}
