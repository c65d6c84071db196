//! Taking, keeping and giving back a lease on the real disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use greenroom_store::{
    FolderStore, Lease, RequestName, Requested, Sequence, Serial, StateName, Store, StoreError,
};

use crate::session::{body, holder, payload, payloads, request_name, state};

fn name(text: &str) -> StateName {
    text.parse().unwrap()
}

async fn acquire(store: &FolderStore, state: &StateName) -> Box<dyn Lease> {
    store.acquire(state, holder("it")).await.unwrap()
}

#[tokio::test]
async fn what_was_appended_and_folded_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path().join("deep/state"));
    let lease = acquire(&store, &state()).await;
    assert!(lease.loaded().is_new());
    assert_eq!(lease.append(payload(1)).await.unwrap(), Sequence(1));
    let queued = lease.enqueue(payloads(2..=3));
    assert_eq!(lease.append_all(vec![]).await.unwrap(), []);
    assert_eq!(queued.await.unwrap(), [Sequence(2), Sequence(3)]);
    assert_eq!(lease.fold(body(2), Sequence(2)).await.unwrap(), Serial(1));
    lease.release().await.unwrap();

    let read = store.read(&state()).await.unwrap().unwrap();
    assert_eq!((read.header.serial, read.header.folded), (Serial(1), Sequence(2)));
    assert_eq!(read.body, Some(body(2)));
    assert_eq!(read.records.len(), 1);
    assert_eq!((read.records[0].sequence, &read.records[0].payload), (Sequence(3), &payload(3)));
    let again = acquire(&store, &state()).await;
    assert_eq!(again.loaded(), &read);
}

#[tokio::test]
async fn only_states_that_were_written_to_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    assert_eq!(store.list().await.unwrap(), []);
    for state in ["shop/production", "shop/production/r1", "blog/it/pr-2"] {
        acquire(&store, &name(state)).await.append(payload(1)).await.unwrap();
    }
    let unused = acquire(&store, &name("shop/it/never-written")).await;
    fs::create_dir(folder.path().join("Not A Project")).unwrap();
    let listed = ["blog/it/pr-2", "shop/production", "shop/production/r1"].map(name);
    assert_eq!(store.list().await.unwrap(), listed);
    unused.release().await.unwrap();
    assert!(!folder.path().join("shop/it").exists(), "an unused state left a trace");
}

#[tokio::test]
async fn a_second_acquirer_learns_who_holds_the_lease_and_since_when() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    assert_eq!(store.holder(&state()).await.unwrap(), None);
    let lease = acquire(&store, &state()).await;
    assert_eq!(store.holder(&state()).await.unwrap(), Some(holder("it")));
    let refused = store.acquire(&state(), holder("other")).await.err().unwrap();
    assert_eq!(
        refused.to_string(),
        "the lease of `shop/integration/pr-17` is held by ann on builder, process 17, `it`, since \
         2026-03-01T12:00:00Z"
    );
    let elsewhere = store.acquire(&name("shop/integration/pr-18"), holder("other")).await;
    assert!(elsewhere.is_ok(), "another state has another lease");
    lease.release().await.unwrap();
    assert_eq!(store.holder(&state()).await.unwrap(), None);
    store.acquire(&state(), holder("other")).await.unwrap();
}

#[tokio::test]
async fn a_dropped_lease_is_free_and_what_it_queued_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let lease = acquire(&store, &state()).await;
    let ticket = lease.enqueue(payloads(1..=100));
    drop(lease);
    let next = acquire(&store, &state()).await;
    assert_eq!(next.loaded().last(), Sequence(100));
    assert_eq!(ticket.await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_lease_that_was_given_back_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let lease = acquire(&store, &state()).await;
    lease.append(payload(1)).await.unwrap();
    lease.release().await.unwrap();
    let closed = |error| matches!(error, StoreError::Closed { .. });
    assert!(closed(lease.append(payload(2)).await.unwrap_err()));
    assert!(closed(lease.fold(body(1), Sequence(1)).await.unwrap_err()));
    assert!(closed(lease.still_held().await.unwrap_err()));
    assert!(closed(lease.remove_request(&request_name()).await.unwrap_err()));
    assert!(closed(lease.release().await.unwrap_err()));
    assert!(closed(lease.remove().await.unwrap_err()));
    assert_eq!(store.read(&state()).await.unwrap().unwrap().last(), Sequence(1));
}

#[tokio::test]
async fn a_lease_whose_lock_was_deleted_or_replaced_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let lease = acquire(&store, &state()).await;
    lease.append(payload(1)).await.unwrap();
    lease.still_held().await.unwrap();
    let lock = folder.path().join("shop/integration/pr-17.state/lock");
    fs::remove_file(&lock).unwrap();
    let lost = |error| matches!(error, StoreError::Lost { .. });
    assert!(lost(lease.still_held().await.unwrap_err()));
    let successor = acquire(&store, &state()).await;
    assert!(lost(lease.append(payload(2)).await.unwrap_err()));
    assert!(lost(lease.fold(body(1), Sequence(1)).await.unwrap_err()));
    assert!(lost(lease.remove().await.unwrap_err()));
    assert_eq!(successor.append(payload(2)).await.unwrap(), Sequence(2));
    assert_eq!(store.holder(&state()).await.unwrap(), Some(holder("it")));
}

#[tokio::test]
async fn payloads_that_are_not_one_line_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let lease = acquire(&store, &state()).await;
    for bad in ["", "{\n}", "{}\n"] {
        let payloads = vec![payload(1), Bytes::from(bad)];
        let error = lease.append_all(payloads).await.unwrap_err();
        assert!(matches!(error, StoreError::Payload { .. }), "{error}");
    }
    assert_eq!(lease.append(payload(1)).await.unwrap(), Sequence(1));
}

#[tokio::test]
async fn a_fold_beyond_the_journal_or_before_the_snapshot_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let lease = acquire(&store, &state()).await;
    lease.append_all(payloads(1..=3)).await.unwrap();
    lease.fold(body(2), Sequence(2)).await.unwrap();
    for through in [1, 4] {
        let error = lease.fold(body(through), Sequence(through)).await.unwrap_err();
        assert!(matches!(error, StoreError::Fold { .. }), "{error}");
    }
    assert_eq!(lease.fold(body(2), Sequence(2)).await.unwrap(), Serial(2));
    assert_eq!(lease.append(payload(4)).await.unwrap(), Sequence(4));
}

#[tokio::test]
async fn requests_are_stored_once_and_taken_by_the_holder() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let asked = store.request(&state(), &request_name(), payload(1)).await;
    assert!(matches!(asked, Err(StoreError::Missing { .. })));
    let lease = acquire(&store, &state()).await;
    lease.append(payload(1)).await.unwrap();

    let other = RequestName::new("abort", "p0").unwrap();
    let ask =
        async |name: &RequestName, n| store.request(&state(), name, payload(n)).await.unwrap();
    assert_eq!(ask(&request_name(), 1).await, Requested::Stored);
    assert_eq!(ask(&request_name(), 2).await, Requested::AlreadyThere(payload(1)));
    assert_eq!(ask(&other, 3).await, Requested::Stored);
    let waiting = lease.requests().await.unwrap();
    assert_eq!(waiting, store.requests(&state()).await.unwrap());
    let found: Vec<_> =
        waiting.into_iter().map(|request| (request.name, request.payload)).collect();
    assert_eq!(found, [(other.clone(), payload(3)), (request_name(), payload(1))]);
    lease.remove_request(&other).await.unwrap();
    lease.remove_request(&other).await.unwrap();
    assert_eq!(lease.requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_removed_state_leaves_no_file_and_the_next_of_its_name_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let lease = acquire(&store, &state()).await;
    lease.append(payload(1)).await.unwrap();
    lease.fold(body(1), Sequence(1)).await.unwrap();
    store.request(&state(), &request_name(), payload(1)).await.unwrap();
    let lineage = store.read(&state()).await.unwrap().unwrap().header.lineage;
    lease.remove().await.unwrap();
    assert_eq!(store.read(&state()).await.unwrap(), None);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let anew = acquire(&store, &state()).await;
    assert!(anew.loaded().is_new());
    assert_ne!(anew.loaded().header.lineage, lineage);
}

#[tokio::test]
async fn files_and_folders_are_their_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path().join("state"));
    let lease = acquire(&store, &state()).await;
    lease.append(payload(1)).await.unwrap();
    lease.fold(body(1), Sequence(1)).await.unwrap();
    store.request(&state(), &request_name(), payload(1)).await.unwrap();
    let mut seen = 0;
    visit(&folder.path().join("state"), &mut |path| {
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        seen += 1;
    });
    assert!(seen >= 10, "only {seen} files and folders");
}

fn visit(path: &Path, look: &mut impl FnMut(&Path)) {
    look(path);
    if path.is_dir() {
        let entries: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.iter().for_each(|path| visit(path, look));
    }
}
