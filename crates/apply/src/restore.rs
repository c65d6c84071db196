//! Restoring: a state in the place of one that is lost.

use std::collections::BTreeMap;

use bytes::Bytes;
use greenroom_engine::format;
use greenroom_model::state::State;
use greenroom_store::{
    FORMAT, Holder, Lineage, Sequence, Serial, SnapshotHeader, StateName, WRITTEN_BY,
};

use crate::error::ApplyError;
use crate::workbench::Workbench;

impl Workbench {
    /// Makes `state` the state of this name, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Store`]: with `Exists` if there is a state of that name, with `Held` if somebody
    /// is about to make one.
    pub async fn restore(
        &self,
        name: &StateName,
        holder: Holder,
        state: &State,
    ) -> Result<(), ApplyError> {
        let header = SnapshotHeader {
            format: FORMAT,
            lineage: Lineage(state.lineage.0.to_string()),
            serial: Serial(1),
            folded: Sequence(state.sequence.0),
            written_by: WRITTEN_BY.to_owned(),
            unknown: BTreeMap::new(),
        };
        let body = Bytes::from(format::snapshot::encode(state));
        Ok(self.store.install(name, holder, header, body).await?)
    }
}
