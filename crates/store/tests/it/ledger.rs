//! A ledger when the disk or the storage fails, or the process ends.

use bytes::Bytes;
use greenroom_sim::disk::{EffectKind, Errno, Fault, FaultyDisk};
use greenroom_store::{FolderStore, LedgerName, Segment, Store, StoreError};

use crate::session::{block_on, store};

pub(crate) const FIRST: Bytes = Bytes::from_static(b"{\"n\":1}");
pub(crate) const SECOND: Bytes = Bytes::from_static(b"{\"n\":2}");

/// As format 1 wrote it, which must be readable for ever.
pub(crate) const GOLDEN: &str = concat!(
    "greenroom-ledger e9f02127 {\"format\":1,\"written_by\":\"greenroom 0.1.0\",",
    "\"nonce\":\"0123456789abcdef0123456789abcdef\",\"content_bytes\":7,",
    "\"content_blake3\":\"d88775a5e63750fdc32c2ffeb7d3b456e0ca8cb74a2b71fad447eb67e05d7d30\"}\n",
    "{\"n\":1}"
);

pub(crate) fn ledger_name() -> LedgerName {
    LedgerName::of_project(&Segment::new("shop").unwrap())
}

/// Writes to the ledger twice; what was acknowledged.
pub(crate) async fn two_writings(store: &dyn Store) -> (Option<Bytes>, Result<(), StoreError>) {
    let mut acknowledged = None;
    for content in [FIRST, SECOND] {
        let written = async {
            let seen = store.ledger(&ledger_name()).await?;
            store.write_ledger(&ledger_name(), &seen.version, content.clone()).await
        };
        match written.await {
            Ok(written) => assert!(written, "nobody else has written"),
            Err(error) => return (acknowledged, Err(error)),
        }
        acknowledged = Some(content);
    }
    (acknowledged, Ok(()))
}

/// What is there is what was acknowledged, or what was to follow it; and it can be written on.
pub(crate) async fn judge(store: &dyn Store, acknowledged: Option<&Bytes>, context: &str) {
    let ledger = store.ledger(&ledger_name()).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{context}: {error}"));
    let next = acknowledged.map_or(FIRST, |_| SECOND);
    let there = ledger.content.as_ref();
    assert!(there == acknowledged || there == Some(&next), "{context}: {there:?}");
    let written = store.write_ledger(&ledger_name(), &ledger.version, FIRST).await;
    assert!(written.unwrap_or_else(|error| panic!("{context}: {error}")), "{context}");
}

/// How many effects the two writings have on a healthy disk.
fn effects() -> Vec<greenroom_sim::disk::Effect> {
    let disk = FaultyDisk::new();
    block_on(two_writings(&store(&disk))).1.unwrap();
    disk.effects()
}

#[test]
fn a_power_cut_anywhere_leaves_the_old_ledger_or_the_new_one() {
    let mut worlds = 0;
    for stop in 0..=effects().len() {
        let disk = FaultyDisk::new();
        disk.stop_after(stop as u64);
        let (acknowledged, _) = block_on(two_writings(&store(&disk)));
        for cut in 0..disk.power_cuts() {
            let context = format!("stopped after {stop}, cut {cut}");
            let disk = disk.after_power_cut(cut);
            block_on(judge(&store(&disk), acknowledged.as_ref(), &context));
            worlds += 1;
        }
    }
    assert!(worlds > 100, "only {worlds} worlds");
}

#[test]
fn every_failed_effect_is_told_and_leaves_the_old_ledger_or_the_new_one() {
    let faults = [Fault::Error(Errno::Io), Fault::ShortWrite(20, Errno::NoSpace)];
    for (nth, effect) in (1..).zip(effects()) {
        for fault in faults {
            let context = format!("effect {nth} {effect:?} fails with {fault:?}");
            let disk = FaultyDisk::new();
            disk.fail_at(nth, fault);
            let (acknowledged, ended) = block_on(two_writings(&store(&disk)));
            let is_short = matches!(fault, Fault::ShortWrite(..));
            if !is_short || effect.kind == EffectKind::Write {
                let error = ended.expect_err(&context);
                assert!(matches!(error, StoreError::Io { .. }), "{context}: {error}");
            }
            // What failed, the same process may do at once; what it has locked, it has let go.
            block_on(judge(&store(&disk), acknowledged.as_ref(), &context));
        }
    }
}

#[test]
fn what_format_1_wrote_is_read_and_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop/project.ledger");
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    std::fs::write(&file, GOLDEN).unwrap();
    let store = FolderStore::new(folder.path());
    let ledger = block_on(store.ledger(&ledger_name())).unwrap();
    assert_eq!(ledger.content, Some(FIRST));
    assert!(block_on(store.write_ledger(&ledger_name(), &ledger.version, SECOND)).unwrap());
}

#[test]
fn a_ledger_that_is_damaged_or_newer_is_refused_and_kept() {
    let newer = "{\"format\":2,\"written_by\":\"greenroom 7.1\"}";
    let newer = format!("greenroom-ledger {:08x} {newer}\n", crc32c::crc32c(newer.as_bytes()));
    let damaged = GOLDEN.replace("{\"n\":1}", "{\"n\":7}");
    let problems = [
        (newer, "has format 2, written by greenroom 7.1; this build reads up to format 1"),
        (damaged, "the checksum of the content does not match"),
    ];
    for (content, problem) in problems {
        let disk = FaultyDisk::new();
        block_on(two_writings(&store(&disk))).1.unwrap();
        let seen = block_on(store(&disk).ledger(&ledger_name())).unwrap();
        disk.tamper("/srv/state/shop/project.ledger", content.clone().into_bytes()).unwrap();
        let read = block_on(store(&disk).ledger(&ledger_name())).unwrap_err();
        let written = block_on(store(&disk).write_ledger(&ledger_name(), &seen.version, FIRST));
        for error in [read, written.unwrap_err()] {
            let text = error.to_string();
            assert!(matches!(error, StoreError::Ledger { .. }), "{text}");
            assert!(text.contains("/srv/state/shop/project.ledger"), "{text}");
            assert!(text.contains(problem), "{text}");
        }
        let kept = disk.files().into_iter().find(|(path, _)| path.ends_with("project.ledger"));
        assert_eq!(kept.unwrap().1, content.into_bytes());
    }
}
