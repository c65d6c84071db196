//! The one who writes a state's objects, for as long as the lease lasts.

use std::sync::Arc;

use object_store::UpdateVersion;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::broken::Broken;
use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::format::object::{self, LeaseHeader, Slot, SlotHeader, SnapshotMark};
use crate::format::snapshot;
use crate::name::StateName;
use crate::object::claim::{Claim, Keeper};
use crate::object::load::{KnownSlot, Opened};
use crate::object::objects::Condition;
use crate::object::removal;
use crate::position::{Sequence, Serial};
use crate::queue::{self, Command, End, Group, gather};
use crate::state::SnapshotHeader;

pub(crate) struct Writer {
    claim: Arc<Claim>,
    keeper: Keeper,
    /// Of the last snapshot.
    header: SnapshotHeader,
    snapshot: Option<UpdateVersion>,
    /// The last slot that is wholly in it.
    through: Option<Slot>,
    /// The slots past it, in order.
    slots: Vec<KnownSlot>,
    /// Where the next slot goes.
    next: Slot,
    /// The last durable record.
    last: Sequence,
    /// Whether the lease names this state already.
    is_published: bool,
    /// Whether a crash may have left slots that are in the snapshot, or somebody who was passed
    /// over.
    strayed: bool,
    broken: Broken,
}

impl Writer {
    pub(crate) fn new(
        claim: Arc<Claim>,
        keeper: Keeper,
        lease: &LeaseHeader,
        opened: Opened,
        broken: Broken,
    ) -> Writer {
        let last = opened.loaded.last();
        Writer {
            claim,
            keeper,
            header: opened.loaded.header,
            snapshot: opened.snapshot,
            through: opened.through,
            slots: opened.slots,
            next: Slot { epoch: lease.epoch, slot: 0 },
            last,
            is_published: lease.lineage.is_some(),
            strayed: lease.strayed,
            broken,
        }
    }

    /// Does what is queued, until the lease ends or is dropped.
    pub(crate) async fn serve(mut self, mut commands: UnboundedReceiver<Command>) {
        let mut next = None;
        loop {
            let command = match next.take() {
                Some(command) => command,
                None => match commands.recv().await {
                    Some(command) => command,
                    None => break,
                },
            };
            // An answer that nobody waits for any more is dropped: the work is done all the same.
            match command {
                Command::Append(first) => {
                    let (groups, after) = gather(first, || commands.try_recv().ok());
                    next = after;
                    self.commit(groups).await;
                }
                Command::Fold { body, through, answer } => {
                    let _ = answer.send(self.fold(&body, through).await);
                }
                Command::End { how, answer } => {
                    let ended = self.end(how).await;
                    drop(commands);
                    let _ = answer.send(ended);
                    return;
                }
            }
        }
        let _ = self.end(End::Release).await;
    }

    /// Writes the records of all `groups` as one object, and answers each.
    async fn commit(&mut self, groups: Vec<Group>) {
        let before = self.last;
        let written = self.append(&groups).await;
        queue::answer(groups, before, written);
    }

    async fn append(&mut self, groups: &[Group]) -> Result<(), StoreError> {
        self.may_write()?;
        let payloads = groups.iter().flat_map(|group| &group.payloads);
        let (lines, last) = object::encode_records(self.last, payloads);
        if last == self.last {
            return Ok(());
        }
        let first = self.last.next();
        let put = match self.publish().await {
            Ok(()) => self.put_slot(&lines).await,
            Err(error) => Err(error),
        };
        put.map_err(|error| {
            let error = self.name_records(error, first, last);
            self.break_since(&format!("the append of record {first}"), &error);
            error
        })?;
        self.last = last;
        self.slots.push(KnownSlot { at: self.next, last, fence: false });
        self.next.slot += 1;
        fail_point("store: after append");
        Ok(())
    }

    /// Names the state in the lease, before anything is written to it.
    async fn publish(&mut self) -> Result<(), StoreError> {
        if self.is_published {
            return Ok(());
        }
        let lineage = &self.header.lineage;
        let named = self.claim.change(|lease| {
            lease.lineage = Some(lineage.clone());
            // Nobody before knew this lineage.
            lease.ended_below = lease.epoch;
        });
        named.await?;
        self.is_published = true;
        fail_point("store: after state named");
        Ok(())
    }

    async fn put_slot(&self, lines: &[u8]) -> Result<(), StoreError> {
        let (lineage, at) = (self.header.lineage.clone(), self.next);
        let header = SlotHeader { lineage, at, after: self.last, fence: false };
        let bytes = object::encode(header, &[lines]);
        let key = self.claim.place.keys.of(&self.header.lineage).slot(at);
        fail_point("store: before append");
        self.claim.write(&key, &Condition::Absent, &bytes).await?;
        Ok(())
    }

    fn name_records(&self, error: StoreError, first: Sequence, last: Sequence) -> StoreError {
        match error {
            StoreError::Io { source, on_disk: OnDisk::Maybe, .. } => {
                StoreError::Append { state: self.state().clone(), first, last, source }
            }
            other => other,
        }
    }

    /// Writes the next snapshot, and deletes the slots that are wholly in it.
    async fn fold(&mut self, body: &[u8], through: Sequence) -> Result<Serial, StoreError> {
        self.may_write()?;
        let header = self.header.next(self.state(), through, self.last)?;
        let wholly = self.slots.iter().take_while(|slot| slot.last <= through).count();
        let last = wholly.checked_sub(1).map(|index| self.slots[index].at);
        self.publish().await?;
        let put = self.put_snapshot(&header, body, last.or(self.through)).await;
        put.inspect_err(|error| {
            if !matches!(error, StoreError::Io { on_disk: OnDisk::Nothing, .. }) {
                self.break_since(&format!("the fold through record {through}"), error);
            }
        })?;
        self.header = header;
        self.through = last.or(self.through);
        let folded: Vec<_> = self.slots.drain(..wholly).collect();
        fail_point("store: after snapshot");
        self.delete(&folded).await;
        Ok(self.header.serial)
    }

    async fn put_snapshot(
        &mut self,
        header: &SnapshotHeader,
        body: &[u8],
        through: Option<Slot>,
    ) -> Result<(), StoreError> {
        let key = self.claim.place.keys.of(&header.lineage).snapshot();
        let mark = SnapshotMark { written_in: self.next.epoch, through };
        let bytes = object::encode(mark, &[&snapshot::first_line(header, body), body]);
        let condition = match &self.snapshot {
            None => Condition::Absent,
            Some(version) => Condition::Still(version.clone()),
        };
        fail_point("store: before snapshot");
        self.snapshot = Some(self.claim.write(&key, &condition, &bytes).await?);
        Ok(())
    }

    /// Deletes slots that are in the snapshot now. Those that stay are no harm, and are deleted by
    /// a later fold.
    async fn delete(&mut self, folded: &[KnownSlot]) {
        let place = &self.claim.place;
        let keys = place.keys.of(&self.header.lineage);
        let slots = folded.iter().filter(|slot| !slot.fence).map(|slot| keys.slot(slot.at));
        let deleted = place.objects.delete(slots.collect()).await;
        fail_point("store: after folded slots deleted");
        let swept = match (deleted, self.strayed, self.through) {
            (Ok(()), true, Some(through)) => {
                removal::sweep_folded(place, &self.header.lineage, through).await
            }
            (deleted, ..) => deleted,
        };
        self.strayed = swept.is_err();
    }

    /// Ends the lease.
    async fn end(self, how: End) -> Result<(), StoreError> {
        fail_point("store: before release");
        let is_empty = self.last == Sequence(0) && self.header.serial == Serial(0);
        let ended = match how {
            End::Remove => self.remove().await,
            End::Release if self.broken.get().is_none() && is_empty => self.remove().await,
            End::Release => Ok(()),
        };
        let released = self.release().await;
        ended.and(released)
    }

    async fn remove(&self) -> Result<(), StoreError> {
        if let Some(lost) = self.claim.lost() {
            return Err(lost);
        }
        if !self.is_published {
            return Ok(());
        }
        removal::remove(&self.claim, &self.header.lineage).await
    }

    async fn release(self) -> Result<(), StoreError> {
        let Writer { claim, keeper, broken, strayed, .. } = self;
        keeper.stop().await;
        if claim.lost().is_some() {
            return Ok(());
        }
        // Where nobody knows what a write did, it may still take effect: the successor ends the
        // epoch.
        let is_clean = broken.get().is_none();
        let given_back = claim.change(|lease| {
            lease.holder = None;
            if is_clean {
                lease.ended_below = lease.epoch + 1;
                lease.strayed = strayed;
            }
        });
        let given_back = given_back.await;
        fail_point("store: after lease given back");
        match given_back {
            // Who broke it has been told; the lease runs out by itself.
            Err(_) if !is_clean => Ok(()),
            Err(StoreError::Lost { .. }) => Ok(()),
            other => other,
        }
    }

    fn may_write(&self) -> Result<(), StoreError> {
        self.broken.check()?;
        self.claim.lost().map_or(Ok(()), Err)
    }

    /// A lease that is lost says so itself.
    fn break_since(&self, what: &str, error: &StoreError) {
        if self.claim.lost().is_none() {
            self.broken.since(self.state(), what, error);
        }
    }

    fn state(&self) -> &StateName {
        &self.claim.place.state
    }
}
