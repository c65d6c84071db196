//! Moving a state to another store, as it is: nothing is settled, nothing is looked at.

use bytes::Bytes;
use greenroom_engine::format;
use greenroom_store::{Holder, Lease, Loaded, SnapshotHeader, StateName, Store};

use crate::error::ApplyError;
use crate::session::{give_back, state_of};
use crate::workbench::Workbench;

impl Workbench {
    /// Moves a state to `target`, and removes it here once what is there was read back. Interrupted,
    /// the same again finishes it.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Store`]: with `Exists` if the target has another state of that name, with
    /// `Held` if somebody is at work. The state is still here. [`ApplyError::Differs`] if what was
    /// read back is not what was written.
    pub async fn migrate(
        &self,
        target: &dyn Store,
        name: &StateName,
        holder: Holder,
    ) -> Result<(), ApplyError> {
        let lease = self.store.acquire(name, holder.clone()).await?;
        match move_over(&*lease, target, name, holder).await {
            Ok(()) => Ok(lease.remove().await?),
            Err(error) => {
                give_back(&*lease).await;
                Err(error)
            }
        }
    }
}

async fn move_over(
    lease: &dyn Lease,
    target: &dyn Store,
    name: &StateName,
    holder: Holder,
) -> Result<(), ApplyError> {
    let (header, body) = folded(lease, name).await?;
    let is_there = |there: &Loaded| {
        let same = |it: &SnapshotHeader| (it.lineage.clone(), it.serial, it.folded);
        same(&there.header) == same(&header)
            && there.body.as_ref() == Some(&body)
            && there.records.is_empty()
    };
    // An earlier attempt may have come as far as this.
    if !target.read(name).await?.as_ref().is_some_and(is_there) {
        target.install(name, holder, header.clone(), body.clone()).await?;
        if !target.read(name).await?.as_ref().is_some_and(is_there) {
            return Err(ApplyError::Differs { state: name.clone() });
        }
    }
    for request in lease.requests().await? {
        target.request(name, &request.name, request.payload).await?;
    }
    Ok(())
}

/// The state as one snapshot.
async fn folded(
    lease: &dyn Lease,
    name: &StateName,
) -> Result<(SnapshotHeader, Bytes), ApplyError> {
    let loaded = lease.loaded();
    if let (Some(body), true) = (&loaded.body, loaded.records.is_empty()) {
        return Ok((loaded.header.clone(), body.clone()));
    }
    let body = Bytes::from(format::snapshot::encode(&state_of(name, loaded)?));
    let folded = loaded.last();
    let serial = lease.fold(body.clone(), folded).await?;
    Ok((SnapshotHeader { serial, folded, ..loaded.header.clone() }, body))
}
