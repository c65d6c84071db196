//! The end of a state, and of objects that nothing needs any more.
//!
//! The lease first says that the state is no more: from that instant there is none, however much
//! of the deletion follows. What a crash leaves is deleted by the next lease of that name. Fences
//! stay, because who stands before one must never find its place free.

use object_store::path::Path;

use crate::error::{OnDisk, StoreError};
use crate::fail_point::fail_point;
use crate::format::object::{Slot, SlotHeader};
use crate::object::claim::{Claim, ClaimPlace};
use crate::object::keys::{LineageKeys, slot_of};
use crate::position::Lineage;

/// Removes the state of `lineage`, whose lease is `claim`.
pub(crate) async fn remove(claim: &Claim, lineage: &Lineage) -> Result<(), StoreError> {
    fail_point("store: before removal");
    let removed = claim.change(|lease| {
        lease.lineage = None;
        lease.removing = Some(lineage.clone());
    });
    removed.await?;
    fail_point("store: after removal durable");
    purge(claim, lineage).await.map_err(|error| match error {
        StoreError::Io { action, file, source, .. } => {
            StoreError::Io { action, file, on_disk: OnDisk::Leftovers, source }
        }
        other => other,
    })
}

/// Deletes what a removal of `lineage` has left.
pub(crate) async fn purge(claim: &Claim, lineage: &Lineage) -> Result<(), StoreError> {
    let ClaimPlace { objects, keys, .. } = &claim.place;
    let keys = keys.of(lineage);
    let (slots, others) = split(objects.list(keys.root(), None).await?);
    objects.delete(others).await?;
    sweep(&claim.place, &keys, slots).await?;
    fail_point("store: after removal deleted");
    claim.change(|lease| lease.removing = None).await
}

/// Deletes slots up to `through` that a fold has left behind.
pub(crate) async fn sweep_folded(
    place: &ClaimPlace,
    lineage: &Lineage,
    through: Slot,
) -> Result<(), StoreError> {
    let keys = place.keys.of(lineage);
    let (mut slots, _) = split(place.objects.list(&keys.journal(), None).await?);
    slots.retain(|at| *at <= through);
    sweep(place, &keys, slots).await
}

/// Deletes those of `slots`, which are in order, that are no fences.
async fn sweep(place: &ClaimPlace, keys: &LineageKeys, slots: Vec<Slot>) -> Result<(), StoreError> {
    let (mut gone, mut last_of_epochs) = (Vec::new(), Vec::new());
    for (index, at) in slots.iter().enumerate() {
        // Nothing of an epoch comes after its fence.
        let is_last = slots.get(index + 1).is_none_or(|next| next.epoch != at.epoch);
        if is_last { &mut last_of_epochs } else { &mut gone }.push(keys.slot(*at));
    }
    for (key, found) in place.objects.get_all(last_of_epochs).await? {
        let Some(found) = found else { continue };
        let (header, _) = place.judge().decode::<SlotHeader>(&key, &found.bytes)?;
        if !header.fence {
            gone.push(key);
        }
    }
    place.objects.delete(gone).await
}

/// Slots of the journal, in order, and all else.
fn split(keys: Vec<Path>) -> (Vec<Slot>, Vec<Path>) {
    let mut others = Vec::new();
    let mut slots = Vec::new();
    for key in keys {
        match slot_of(&key) {
            Some(at) => slots.push(at),
            None => others.push(key),
        }
    }
    slots.sort_unstable();
    (slots, others)
}
