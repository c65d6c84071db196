//! A state that comes from another store.
//!
//! Its snapshot is there before the lease names it, so that it comes wholly or not at all.

use crate::error::StoreError;
use crate::format::object::{self, LeaseHeader, Slot, SnapshotMark};
use crate::format::snapshot;
use crate::object::claim::{Claim, ClaimPlace};
use crate::object::keys::LAST_SLOT;
use crate::object::objects::Condition;
use crate::object::removal;
use crate::state::SnapshotHeader;

/// Makes the state of one snapshot, under a lease that was just taken, and gives the lease back.
pub(crate) async fn install(
    claim: &Claim,
    header: &SnapshotHeader,
    body: &[u8],
) -> Result<(), StoreError> {
    let lease = claim.header().await;
    let installed = write(claim, &lease, header, body).await;
    let named = installed.is_ok().then(|| header.lineage.clone());
    let given_back = claim.change(|it| {
        it.holder = None;
        if let Some(lineage) = &named {
            it.lineage = Some(lineage.clone());
            it.ended_below = it.epoch + 1;
        }
    });
    let given_back = given_back.await;
    installed.and(given_back)
}

async fn write(
    claim: &Claim,
    lease: &LeaseHeader,
    header: &SnapshotHeader,
    body: &[u8],
) -> Result<(), StoreError> {
    let ClaimPlace { objects, keys, state, .. } = &claim.place;
    if lease.lineage.is_some() {
        return Err(StoreError::Exists { state: state.clone() });
    }
    if let Some(removing) = &lease.removing {
        removal::purge(claim, removing).await?;
    }
    // Epochs of a time when the state lived here before are over.
    let through = lease.epoch.checked_sub(1).map(|epoch| Slot { epoch, slot: LAST_SLOT });
    let mark = SnapshotMark { written_in: lease.epoch, through };
    let bytes = object::encode(mark, &[&snapshot::first_line(header, body), body]);
    let key = keys.of(&header.lineage).snapshot();
    let condition = match objects.get(&key).await? {
        None => Condition::Absent,
        Some(interrupted) => Condition::Still(interrupted.version),
    };
    claim.write(&key, &condition, &bytes).await?;
    Ok(())
}
