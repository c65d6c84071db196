//! A scripted session that touches every part of the store, and the judge of what it left.

use std::sync::Arc;

use bytes::Bytes;
use greenroom_sim::disk::FaultyDisk;
use greenroom_store::{
    FolderStore, Holder, Lease, Lineage, Loaded, RequestName, Sequence, StateName, Store,
    StoreError,
};

pub(crate) fn state() -> StateName {
    "shop/integration/pr-17".parse().unwrap()
}

pub(crate) fn store(disk: &FaultyDisk) -> FolderStore {
    FolderStore::on(Arc::new(disk.clone()), "/srv/state")
        .inline()
        .with_lineages(|| Lineage("0123456789abcdef0123456789abcdef".into()))
}

pub(crate) fn holder(command: &str) -> Holder {
    Holder {
        host: "builder".into(),
        pid: 17,
        user: "ann".into(),
        command: command.into(),
        build: None,
        since: "2026-03-01T12:00:00Z".parse().unwrap(),
        lease: format!("lease of {command}"),
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(crate) fn request_name() -> RequestName {
    RequestName::new("abort", "p1").unwrap()
}

/// The payload that record `n` has in every session.
pub(crate) fn payload(n: u64) -> Bytes {
    Bytes::from(format!("{{\"n\":{n}}}"))
}

pub(crate) fn payloads(range: std::ops::RangeInclusive<u64>) -> Vec<Bytes> {
    range.map(payload).collect()
}

/// What the store has acknowledged so far, and what was asked of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Progress {
    /// Records that an append was asked for.
    pub(crate) asked: u64,
    /// Records that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Serials that were acknowledged.
    pub(crate) serial: u64,
    /// Serials that were asked for.
    pub(crate) serial_asked: u64,
    pub(crate) requested: bool,
    pub(crate) removal_asked: bool,
    pub(crate) removed: bool,
}

/// Every kind of write: appends alone and together, folds with and without records left over,
/// a request, and, `to_the_end`, a second lease that removes the state.
pub(crate) async fn session(
    store: &dyn Store,
    progress: &mut Progress,
    to_the_end: bool,
) -> Result<(), StoreError> {
    let lease = store.acquire(&state(), holder("first")).await?;
    append(&*lease, progress, 1).await?;
    append(&*lease, progress, 3).await?;
    fold(&*lease, progress, 4).await?;
    append(&*lease, progress, 2).await?;
    append(&*lease, progress, 1).await?;
    store.request(&state(), &request_name(), payload(99)).await?;
    progress.requested = true;
    fold(&*lease, progress, 5).await?;
    append(&*lease, progress, 1).await?;
    if to_the_end {
        lease.remove_request(&request_name()).await?;
    }
    lease.release().await?;
    if to_the_end {
        let lease = store.acquire(&state(), holder("second")).await?;
        progress.removal_asked = true;
        lease.remove().await?;
        progress.removed = true;
    }
    Ok(())
}

async fn append(lease: &dyn Lease, progress: &mut Progress, n: u64) -> Result<(), StoreError> {
    let first = progress.asked + 1;
    progress.asked += n;
    let sequences = lease.append_all(payloads(first..=progress.asked)).await?;
    assert_eq!(sequences, (first..=progress.asked).map(Sequence).collect::<Vec<_>>());
    progress.acknowledged = progress.asked;
    Ok(())
}

async fn fold(lease: &dyn Lease, progress: &mut Progress, through: u64) -> Result<(), StoreError> {
    progress.serial_asked += 1;
    lease.fold(body(through), Sequence(through)).await?;
    progress.serial = progress.serial_asked;
    Ok(())
}

/// A snapshot body that says how far it goes.
pub(crate) fn body(through: u64) -> Bytes {
    Bytes::from(format!("{{\"through\":{through},\n\"more\":true}}"))
}

/// Takes the lease on a healthy disk, judges what is there, writes on, and judges again.
pub(crate) fn recover(disk: &FaultyDisk, progress: &Progress, context: &str) -> Loaded {
    block_on(recover_from(&store(disk), progress, context))
}

/// As [`recover`], of any healthy store.
pub(crate) async fn recover_from(store: &dyn Store, progress: &Progress, context: &str) -> Loaded {
    let read = store.read(&state()).await;
    let read = read.unwrap_or_else(|error| panic!("{context}: cannot be read: {error}"));
    let lease = store.acquire(&state(), holder("recovery")).await;
    let lease = lease.unwrap_or_else(|error| panic!("{context}: cannot be acquired: {error}"));
    let loaded = lease.loaded().clone();
    judge(&loaded, progress, context);
    // What a reader saw before is what the holder found.
    if let Some(read) = read {
        assert_eq!((&read.header, &read.records), (&loaded.header, &loaded.records), "{context}");
    }
    let next = loaded.last().next();
    let appended = lease.append(payload(next.0)).await;
    let appended = appended.unwrap_or_else(|error| panic!("{context}: no append: {error}"));
    assert_eq!(appended, next, "{context}");
    let after = store.read(&state()).await.unwrap().expect("it was just written");
    assert_eq!(after.last(), next, "{context}");
    assert_eq!(after.header.serial, loaded.header.serial, "{context}");
    after
}

/// Nothing acknowledged is lost, nothing is there that was not asked for, nothing goes back.
pub(crate) fn judge(loaded: &Loaded, progress: &Progress, context: &str) {
    if progress.removal_asked && loaded.is_new() {
        return;
    }
    assert!(!progress.removed, "{context}: it is back after its removal");
    let (last, serial) = (loaded.last().0, loaded.header.serial.0);
    assert!(last >= progress.acknowledged, "{context}: lost, only {last} of {progress:?}");
    assert!(last <= progress.asked, "{context}: {last} is more than asked for");
    assert!(serial >= progress.serial, "{context}: serial {serial} of {progress:?}");
    assert!(serial <= progress.serial_asked, "{context}: serial {serial} of {progress:?}");
    let folded = loaded.header.folded.0;
    assert_eq!(folded, [0, 4, 5][usize::try_from(serial).unwrap()], "{context}");
    assert_eq!(loaded.body, (serial > 0).then(|| body(folded)), "{context}");
    let found: Vec<&Bytes> = loaded.records.iter().map(|record| &record.payload).collect();
    let written = payloads(folded + 1..=last);
    assert_eq!(found, written.iter().collect::<Vec<_>>(), "{context}");
}
