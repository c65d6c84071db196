//! A state that comes from another store.
//!
//! It is put together under another name, and takes its own when it is whole and durable.

use std::time::Duration;

use crate::broken::Broken;
use crate::error::{OnDisk, StoreError};
use crate::folder::place::Place;
use crate::folder::writer::Writer;
use crate::folder::{lock, removal};
use crate::holder::Holder;
use crate::position::Serial;
use crate::state::SnapshotHeader;

/// Makes the state of one snapshot.
pub(crate) fn install(
    place: &Place,
    holder: &Holder,
    header: SnapshotHeader,
    body: &[u8],
    patience: Duration,
) -> Result<(), StoreError> {
    make_room(place, holder, patience)?;
    let incoming = place.incoming();
    let locks = lock::take(&incoming, holder, patience)?;
    for left in [incoming.journal(), incoming.snapshot()] {
        let is_there = incoming.disk.exists(&left);
        if is_there.map_err(StoreError::io("look for", &left, OnDisk::Nothing))? {
            let removed = incoming.disk.remove_file(&left);
            removed.map_err(StoreError::io("remove", &left, OnDisk::Nothing))?;
        }
    }
    let folded = header.folded;
    let before = SnapshotHeader { serial: Serial(header.serial.0.saturating_sub(1)), ..header };
    let broken = Broken::default();
    let mut writer = Writer::new(incoming.clone(), locks, before, None, folded, broken);
    writer.fold(body, folded)?;
    lock::withdraw(&incoming);
    let renamed = place.disk.rename(incoming.folder(), place.folder());
    renamed.map_err(StoreError::io("create", place.folder(), OnDisk::Nothing))?;
    let synced = place.disk.sync_dir(place.parent());
    synced.map_err(StoreError::io("sync", place.parent(), OnDisk::Maybe))
}

/// Removes what a lease of that name left which wrote nothing.
fn make_room(place: &Place, holder: &Holder, patience: Duration) -> Result<(), StoreError> {
    let _locks = lock::take(place, holder, patience)?;
    if place.is_state()? {
        lock::withdraw(place);
        return Err(StoreError::Exists { state: place.state.clone() });
    }
    removal::remove(place)
}
