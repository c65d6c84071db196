//! What every store does.

use bytes::Bytes;
use futures::future::join_all;
use greenroom_store::{
    Lease, Ledger, LedgerName, RequestName, Requested, Segment, Sequence, Serial, SnapshotHeader,
    StateName, Store, StoreError,
};

use crate::ledger::{FIRST, SECOND, ledger_name};
use crate::session::{body, holder, payload, payloads, request_name, state};

/// Runs each of the tests on every store.
macro_rules! on_every_store {
    ($($test:ident,)*) => {
        mod on_a_folder {
            use greenroom_store::FolderStore;

            $(#[tokio::test]
            async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                super::$test(&FolderStore::new(folder.path().join("deep/state"))).await;
            })*
        }

        #[cfg(feature = "object-store")]
        mod on_object_storage {
            use greenroom_sim::objects::Storage;

            $(#[tokio::test(start_paused = true)]
            async fn $test() {
                super::$test(&crate::objects::process(&Storage::new()).states).await;
            })*
        }
    };
}

on_every_store! {
    what_was_appended_and_folded_is_read_back,
    a_dropped_lease_is_free_and_what_it_queued_is_written,
    a_lease_that_was_given_back_writes_nothing,
    payloads_that_are_not_one_line_are_refused_before_anything_is_written,
    a_fold_beyond_the_journal_or_before_the_snapshot_is_refused,
    requests_are_stored_once_and_taken_by_the_holder,
    only_states_that_were_written_to_are_listed,
    a_second_acquirer_learns_who_holds_the_lease,
    a_removed_state_is_gone_and_the_next_of_its_name_starts_anew,
    a_state_lives_through_many_leases,
    what_stands_there_is_told_to_people,
    a_state_of_another_store_goes_on_here,
    a_ledger_is_replaced_only_by_who_has_seen_what_is_there,
    a_ledger_is_its_projects_and_no_state,
    every_writing_of_a_ledger_is_based_on_the_one_before,
}

pub(crate) fn name(text: &str) -> StateName {
    text.parse().unwrap()
}

pub(crate) async fn acquire(store: &dyn Store, state: &StateName) -> Box<dyn Lease> {
    store.acquire(state, holder("it")).await.unwrap()
}

async fn what_was_appended_and_folded_is_read_back(store: &dyn Store) {
    let lease = acquire(store, &state()).await;
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
    let again = acquire(store, &state()).await;
    assert_eq!(again.loaded(), &read);
}

async fn a_dropped_lease_is_free_and_what_it_queued_is_written(store: &dyn Store) {
    let lease = acquire(store, &state()).await;
    let ticket = lease.enqueue(payloads(1..=100));
    drop(lease);
    let next = acquire(store, &state()).await;
    assert_eq!(next.loaded().last(), Sequence(100));
    assert_eq!(ticket.await.unwrap().len(), 100);
}

async fn a_lease_that_was_given_back_writes_nothing(store: &dyn Store) {
    let lease = acquire(store, &state()).await;
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

async fn payloads_that_are_not_one_line_are_refused_before_anything_is_written(store: &dyn Store) {
    let lease = acquire(store, &state()).await;
    for bad in ["", "{\n}", "{}\n"] {
        let payloads = vec![payload(1), Bytes::from(bad)];
        let error = lease.append_all(payloads).await.unwrap_err();
        assert!(matches!(error, StoreError::Payload { .. }), "{error}");
    }
    assert_eq!(lease.append(payload(1)).await.unwrap(), Sequence(1));
}

async fn a_fold_beyond_the_journal_or_before_the_snapshot_is_refused(store: &dyn Store) {
    let lease = acquire(store, &state()).await;
    lease.append_all(payloads(1..=3)).await.unwrap();
    lease.fold(body(2), Sequence(2)).await.unwrap();
    for through in [1, 4] {
        let error = lease.fold(body(through), Sequence(through)).await.unwrap_err();
        assert!(matches!(error, StoreError::Fold { .. }), "{error}");
    }
    assert_eq!(lease.fold(body(2), Sequence(2)).await.unwrap(), Serial(2));
    assert_eq!(lease.append(payload(4)).await.unwrap(), Sequence(4));
}

async fn requests_are_stored_once_and_taken_by_the_holder(store: &dyn Store) {
    let asked = store.request(&state(), &request_name(), payload(1)).await;
    assert!(matches!(asked, Err(StoreError::Missing { .. })));
    let lease = acquire(store, &state()).await;
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

async fn only_states_that_were_written_to_are_listed(store: &dyn Store) {
    assert_eq!(store.list().await.unwrap(), []);
    for state in ["shop/production", "shop/production/r1", "blog/it/pr-2"] {
        let lease = acquire(store, &name(state)).await;
        lease.append(payload(1)).await.unwrap();
        lease.release().await.unwrap();
    }
    let unused = acquire(store, &name("shop/it/never-written")).await;
    let listed = ["blog/it/pr-2", "shop/production", "shop/production/r1"].map(name);
    assert_eq!(store.list().await.unwrap(), listed);
    unused.release().await.unwrap();
    assert_eq!(store.list().await.unwrap(), listed);
    assert_eq!(store.read(&name("shop/it/never-written")).await.unwrap(), None);
}

async fn a_second_acquirer_learns_who_holds_the_lease(store: &dyn Store) {
    assert_eq!(store.holder(&state()).await.unwrap(), None);
    let lease = acquire(store, &state()).await;
    assert_eq!(store.holder(&state()).await.unwrap(), Some(holder("it")));
    let refused = store.acquire(&state(), holder("other")).await.err().unwrap();
    assert_eq!(
        refused.to_string(),
        "the lease of `shop/integration/pr-17` is held by ann on builder, process 17, `it`, since \
         2026-03-01T12:00:00Z"
    );
    let elsewhere = store.acquire(&name("shop/integration/pr-18"), holder("other")).await;
    elsewhere.expect("another state has another lease").release().await.unwrap();
    lease.release().await.unwrap();
    assert_eq!(store.holder(&state()).await.unwrap(), None);
    let next = store.acquire(&state(), holder("other")).await.unwrap();
    assert!(next.earlier_holder_is_gone(), "it gave the lease back");
}

async fn a_removed_state_is_gone_and_the_next_of_its_name_starts_anew(store: &dyn Store) {
    let lease = acquire(store, &state()).await;
    lease.append(payload(1)).await.unwrap();
    lease.fold(body(1), Sequence(1)).await.unwrap();
    lease.append(payload(2)).await.unwrap();
    store.request(&state(), &request_name(), payload(1)).await.unwrap();
    let lineage = store.read(&state()).await.unwrap().unwrap().header.lineage;
    lease.remove().await.unwrap();
    assert_eq!(store.read(&state()).await.unwrap(), None);
    assert_eq!(store.list().await.unwrap(), []);
    assert!(!store.has_leftovers(&state()).await.unwrap());
    let anew = acquire(store, &state()).await;
    assert!(anew.loaded().is_new());
    assert_ne!(anew.loaded().header.lineage, lineage);
    anew.append(payload(1)).await.unwrap();
    assert_eq!(store.requests(&state()).await.unwrap(), []);
    anew.release().await.unwrap();
}

async fn a_state_lives_through_many_leases(store: &dyn Store) {
    for n in 1..=12 {
        let lease = acquire(store, &state()).await;
        assert_eq!(lease.loaded().last(), Sequence(n - 1));
        lease.append(payload(n)).await.unwrap();
        if n % 3 == 0 {
            lease.fold(body(n - 1), Sequence(n - 1)).await.unwrap();
        }
        lease.release().await.unwrap();
    }
    let read = store.read(&state()).await.unwrap().unwrap();
    assert_eq!((read.header.serial, read.last()), (Serial(4), Sequence(12)));
    assert_eq!(read.body, Some(body(11)));
    assert_eq!(read.records.len(), 1);
}

async fn a_state_of_another_store_goes_on_here(store: &dyn Store) {
    let lease = acquire(store, &state()).await;
    lease.append_all(payloads(1..=2)).await.unwrap();
    let lineage = lease.loaded().header.lineage.clone();
    lease.fold(body(2), Sequence(2)).await.unwrap();
    lease.release().await.unwrap();
    let read = store.read(&state()).await.unwrap().unwrap();
    let install = async |name: &StateName, serial, folded| {
        let header = SnapshotHeader { serial, folded, ..read.header.clone() };
        store.install(name, holder("mover"), header, body(folded.0)).await
    };
    let there = install(&state(), Serial(7), Sequence(40)).await.unwrap_err();
    assert!(matches!(there, StoreError::Exists { .. }), "{there}");
    assert_eq!(store.read(&state()).await.unwrap(), Some(read.clone()));
    // Away and back: what it left behind here the first time is in nobody's way.
    acquire(store, &state()).await.remove().await.unwrap();
    for round in 1..=3 {
        let (serial, folded) = (Serial(round * 7), Sequence(round * 40));
        install(&state(), serial, folded).await.unwrap();
        assert_eq!(store.holder(&state()).await.unwrap(), None);
        let lease = acquire(store, &state()).await;
        let loaded = lease.loaded();
        assert_eq!((loaded.header.serial, loaded.last()), (serial, folded));
        assert_eq!((&loaded.header.lineage, &loaded.body), (&lineage, &Some(body(folded.0))));
        assert_eq!(lease.append(payload(folded.0 + 1)).await.unwrap(), folded.next());
        assert_eq!(lease.fold(body(folded.0), folded).await.unwrap(), serial.next());
        lease.remove().await.unwrap();
    }
}

async fn what_stands_there_is_told_to_people(store: &dyn Store) {
    let lease = acquire(store, &state()).await;
    lease.append_all(payloads(1..=2)).await.unwrap();
    lease.fold(body(2), Sequence(2)).await.unwrap();
    lease.append(payload(3)).await.unwrap();
    store.request(&state(), &request_name(), payload(1)).await.unwrap();
    let report = store.examine(&state()).await;
    let text = report.to_string();
    assert_eq!(report.refused, None, "{text}");
    assert!(text.contains("lease    held by ann on builder"), "{text}");
    assert!(text.contains("serial 1, through record 2"), "{text}");
    assert!(text.contains("record 3, 2 durable, 7 bytes"), "{text}");
    assert!(text.contains("request  abort/p1"), "{text}");
    lease.release().await.unwrap();
}

async fn a_ledger_is_replaced_only_by_who_has_seen_what_is_there(store: &dyn Store) {
    let write = async |seen: &Ledger, content: &Bytes| {
        store.write_ledger(&ledger_name(), &seen.version, content.clone()).await.unwrap()
    };
    let nothing = store.ledger(&ledger_name()).await.unwrap();
    assert_eq!(nothing.content, None);
    assert!(write(&nothing, &FIRST).await);
    assert!(!write(&nothing, &SECOND).await, "there is something now");
    let first = store.ledger(&ledger_name()).await.unwrap();
    assert_eq!(first.content, Some(FIRST));
    assert!(write(&first, &FIRST).await);
    assert!(!write(&first, &SECOND).await, "the same again is another writing");
    let again = store.ledger(&ledger_name()).await.unwrap();
    assert_eq!(again.content, Some(FIRST));
    assert_ne!(again.version, first.version);
    assert!(write(&again, &SECOND).await);
    assert_eq!(store.ledger(&ledger_name()).await.unwrap().content, Some(SECOND));
}

async fn a_ledger_is_its_projects_and_no_state(store: &dyn Store) {
    for (project, ledger) in [("shop", "project"), ("shop", "images"), ("blog", "project")] {
        let segment = |text| Segment::new(text).unwrap();
        let name = LedgerName { project: segment(project), ledger: segment(ledger) };
        let nothing = store.ledger(&name).await.unwrap();
        let content = Bytes::from(name.to_string());
        assert!(store.write_ledger(&name, &nothing.version, content).await.unwrap());
    }
    let ledgers = async |project| {
        let ledgers = store.ledgers(&Segment::new(project).unwrap()).await.unwrap();
        ledgers.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(ledgers("shop").await, ["shop/images", "shop/project"]);
    assert_eq!(ledgers("sho").await, [""; 0]);
    assert_eq!(store.list().await.unwrap(), []);
    let lease = acquire(store, &state()).await;
    lease.append(payload(1)).await.unwrap();
    assert_eq!(store.list().await.unwrap(), [state()]);
    assert_eq!(ledgers("shop").await, ["shop/images", "shop/project"]);
    lease.remove().await.unwrap();
    assert_eq!(store.list().await.unwrap(), []);
    let kept = store.ledger(&ledger_name()).await.unwrap();
    assert_eq!(kept.content, Some(Bytes::from("shop/project")), "it outlives the states");
}

async fn every_writing_of_a_ledger_is_based_on_the_one_before(store: &dyn Store) {
    const WRITERS: usize = 6;
    const WRITINGS: usize = 10;
    let write = async |writer: usize| {
        let mut written = 0;
        while written < WRITINGS {
            let seen = store.ledger(&ledger_name()).await.unwrap();
            let before = seen.content.unwrap_or_default();
            let content = [&before[..], format!("{writer} {written}\n").as_bytes()].concat();
            let content = Bytes::from(content);
            written += usize::from(
                store.write_ledger(&ledger_name(), &seen.version, content).await.unwrap(),
            );
        }
    };
    join_all((0..WRITERS).map(write)).await;
    let all = store.ledger(&ledger_name()).await.unwrap().content.unwrap();
    let all = std::str::from_utf8(&all).unwrap();
    for writer in 0..WRITERS {
        let own: Vec<&str> =
            all.lines().filter(|line| line.starts_with(&format!("{writer} "))).collect();
        let expected: Vec<String> = (0..WRITINGS).map(|n| format!("{writer} {n}")).collect();
        assert_eq!(own, expected);
    }
    assert_eq!(all.lines().count(), WRITERS * WRITINGS);
}
