//! The end of epochs whose holders did not end them.
//!
//! Who was passed over may be alive, and write what it had decided on. So its successor first
//! replaces the snapshot by itself, after which nobody else can fold, and then puts a fence into
//! the next slot of each epoch's journal: from then on every write of an earlier holder is refused
//! by the storage, and all that it had written until then is read. Fences stay for as long as the
//! storage does.

use bytes::Bytes;

use crate::error::StoreError;
use crate::fail_point::fail_point;
use crate::format::object::{self, LeaseHeader, Slot, SlotHeader, SnapshotMark};
use crate::object::damage::Judge;
use crate::object::keys::{LineageKeys, slot_of};
use crate::object::objects::{Condition, Found, Objects, Refused};
use crate::position::{Lineage, Sequence};

/// What of one lineage is to be ended.
pub(crate) struct Ending<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) keys: &'a LineageKeys,
    pub(crate) lineage: &'a Lineage,
    pub(crate) judge: Judge<'a>,
}

impl Ending<'_> {
    /// Ends all epochs before that of `lease`.
    pub(crate) async fn end_earlier(&self, lease: &LeaseHeader) -> Result<(), StoreError> {
        if lease.ended_below == lease.epoch {
            return Ok(());
        }
        let through = self.replace_snapshot(lease.epoch).await?;
        fail_point("store: after snapshot fenced");
        for epoch in lease.ended_below..lease.epoch {
            self.fence(epoch, through).await?;
            fail_point("store: after epoch fenced");
        }
        Ok(())
    }

    /// Ends `epoch`, of whose slots those up to `through` may be deleted.
    async fn fence(&self, epoch: u64, through: Option<Slot>) -> Result<(), StoreError> {
        let listed = self.objects.list(&self.keys.epoch(epoch), None).await?;
        let last = listed.iter().filter_map(slot_of).max();
        if let Some(last) = last
            && self.is_fence(last).await?
        {
            return Ok(());
        }
        let folded = through.filter(|it| it.epoch == epoch);
        let slot = last.max(folded).map_or(0, |it| it.slot + 1);
        let mut at = Slot { epoch, slot };
        while !self.put_fence(at).await? {
            at.slot += 1;
        }
        Ok(())
    }

    async fn is_fence(&self, at: Slot) -> Result<bool, StoreError> {
        let key = self.keys.slot(at);
        let Some(found) = self.objects.get(&key).await? else { return Ok(false) };
        let (header, _) = self.judge.decode::<SlotHeader>(&key, &found.bytes)?;
        Ok(header.fence)
    }

    /// Whether the epoch ends with this slot now, and not with one that was written meanwhile.
    async fn put_fence(&self, at: Slot) -> Result<bool, StoreError> {
        let key = self.keys.slot(at);
        let lineage = self.lineage.clone();
        let header = SlotHeader { lineage, at, after: Sequence(0), fence: true };
        let bytes = object::encode(header, &[]);
        let look = self.objects.look;
        match self.objects.write(&key, &Condition::Absent, &bytes, look).await {
            Ok(_) => Ok(true),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Other(_)) => self.is_fence(at).await,
        }
    }

    /// Writes the snapshot again as it is, so that nobody can replace the one that he read, and
    /// tells which slots are in it.
    async fn replace_snapshot(&self, epoch: u64) -> Result<Option<Slot>, StoreError> {
        let key = self.keys.snapshot();
        loop {
            let (through, content, condition) = match self.objects.get(&key).await? {
                None => (None, Bytes::new(), Condition::Absent),
                Some(Found { bytes, version }) => {
                    let (mark, content) = self.judge.decode::<SnapshotMark>(&key, &bytes)?;
                    (mark.through, content, Condition::Still(version))
                }
            };
            let bytes = object::encode(SnapshotMark { written_in: epoch, through }, &[&content]);
            let look = self.objects.look;
            match self.objects.write(&key, &condition, &bytes, look).await {
                Ok(_) => return Ok(through),
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Other(_)) => {}
            }
        }
    }
}
