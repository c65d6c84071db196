//! A lease between processes. The test binary runs itself as the other process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use greenroom_store::{FolderStore, Sequence, Store, StoreError};

use crate::session::{block_on, holder, payload, state};

const FOLDER: &str = "GREENROOM_TEST_HOLDER";

/// Not a test of its own: what the other process does. Takes the lease, says so, and waits.
#[test]
fn the_other_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let lease = block_on(FolderStore::new(folder).acquire(&state(), holder("other"))).unwrap();
    block_on(lease.append(payload(1))).unwrap();
    println!("\nholds");
    loop {
        std::thread::park();
    }
}

fn other_process(folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["two_processes::the_other_process", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holds"), "the other process got no lease");
    child
}

#[test]
fn a_lease_of_another_process_is_respected_until_that_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    let mut child = other_process(folder.path());

    let refused = block_on(store.acquire(&state(), holder("it"))).err().unwrap();
    let StoreError::Held { holder: Some(who), .. } = refused else { panic!("{refused}") };
    assert_eq!(*who, holder("other"));
    assert_eq!(block_on(store.holder(&state())).unwrap(), Some(holder("other")));
    let read = block_on(store.read(&state())).unwrap().unwrap();
    assert_eq!(read.last(), Sequence(1), "reading needs no lease");

    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(block_on(store.holder(&state())).unwrap(), None, "a dead holder is claimed");
    let lease = block_on(store.acquire(&state(), holder("it"))).unwrap();
    assert_eq!(lease.loaded().last(), Sequence(1));
    assert!(lease.earlier_holder_is_gone(), "the kernel has proven it");
    assert_eq!(block_on(store.holder(&state())).unwrap(), Some(holder("it")));
}
