//! Taking, keeping and giving back a lease on the real disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use greenroom_store::{FolderStore, Sequence, Store, StoreError};

use crate::contract::{acquire, name};
use crate::session::{body, holder, payload, request_name, state};

#[tokio::test]
async fn other_folders_are_not_listed_and_an_unused_state_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let unused = acquire(&store, &name("shop/it/never-written")).await;
    fs::create_dir(folder.path().join("Not A Project")).unwrap();
    assert_eq!(store.list().await.unwrap(), []);
    unused.release().await.unwrap();
    assert!(!folder.path().join("shop/it").exists(), "an unused state left a trace");
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
async fn a_removed_state_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let lease = acquire(&store, &state()).await;
    lease.append(payload(1)).await.unwrap();
    lease.fold(body(1), Sequence(1)).await.unwrap();
    store.request(&state(), &request_name(), payload(1)).await.unwrap();
    lease.remove().await.unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
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
