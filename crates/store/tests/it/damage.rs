//! Content that is not what was written.

use std::path::PathBuf;

use greenroom_sim::disk::FaultyDisk;
use greenroom_store::{JournalReport, Sequence, SnapshotReport, Store, StoreError};

use crate::session::{Progress, block_on, holder, payload, session, state, store};

const FOLDER: &str = "/srv/state/shop/integration/pr-17.state";

fn prepared() -> FaultyDisk {
    let disk = FaultyDisk::new();
    block_on(session(&store(&disk), &mut Progress::default(), false)).unwrap();
    disk.after_kill()
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(FOLDER).join(file)
}

fn content(disk: &FaultyDisk, file: &str) -> Vec<u8> {
    disk.files().into_iter().find(|(at, _)| *at == path(file)).unwrap().1
}

/// The content of the two files that are the state.
fn files(disk: &FaultyDisk) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let find = |file: &str| disk.files().into_iter().find(|(at, _)| *at == path(file));
    (find("snapshot").map(|(_, bytes)| bytes), find("journal").map(|(_, bytes)| bytes))
}

/// Reading and acquiring both refuse, and leave the files as they are.
fn refused(disk: &FaultyDisk, context: &str) -> StoreError {
    let before = files(disk);
    let store = store(disk);
    let read = block_on(store.read(&state())).expect_err(context);
    let acquired = block_on(store.acquire(&state(), holder("it"))).err().expect(context);
    assert_eq!(read.to_string(), acquired.to_string(), "{context}");
    assert_eq!(files(disk), before, "{context}: the files were touched");
    assert_eq!(block_on(store.holder(&state())).unwrap(), None, "{context}");
    read
}

#[test]
fn a_changed_byte_of_the_snapshot_is_refused_wherever_it_is() {
    let good = content(&prepared(), "snapshot");
    for at in 0..good.len() {
        for flip in [1_u8, 0x20, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= flip;
            let disk = prepared();
            disk.tamper(path("snapshot"), bad).unwrap();
            let error = refused(&disk, &format!("byte {at} ^ {flip}"));
            assert!(matches!(error, StoreError::Corrupt(_)), "byte {at} ^ {flip}: {error}");
        }
    }
}

#[test]
fn a_changed_byte_of_the_journal_is_refused_or_is_a_tail_that_nothing_proves() {
    // The last lease has appended record 8 alone, so only 8 has nothing after it.
    let good = content(&prepared(), "journal");
    let last_line = good[..good.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    for at in 0..good.len() {
        for flip in [1_u8, 0x20, 0x80] {
            let context = format!("byte {at} ^ {flip}");
            let mut bad = good.clone();
            bad[at] ^= flip;
            let disk = prepared();
            disk.tamper(path("journal"), bad).unwrap();
            if at < last_line {
                let error = refused(&disk, &context);
                assert!(matches!(error, StoreError::Corrupt(_)), "{context}: {error}");
                continue;
            }
            let lease = block_on(store(&disk).acquire(&state(), holder("it"))).expect(&context);
            assert_eq!(lease.loaded().last(), Sequence(7), "{context}");
            assert_eq!(lease.loaded().torn.unwrap().offset, last_line as u64, "{context}");
            block_on(lease.append(payload(8))).unwrap();
            let read = block_on(store(&disk).read(&state())).unwrap().unwrap();
            assert_eq!((read.last(), read.torn), (Sequence(8), None), "{context}");
        }
    }
}

#[test]
fn a_cut_journal_keeps_the_whole_records_before_the_cut() {
    let good = content(&prepared(), "journal");
    let header = good.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for length in 0..good.len() {
        let disk = prepared();
        disk.tamper(path("journal"), good[..length].to_vec()).unwrap();
        if length < header {
            refused(&disk, &format!("cut at {length}"));
            continue;
        }
        let lines = good[header..length].iter().filter(|&&byte| byte == b'\n').count() as u64;
        let read = block_on(store(&disk).read(&state())).unwrap().unwrap();
        assert_eq!(read.last(), Sequence(5 + lines), "cut at {length}");
        let lease = block_on(store(&disk).acquire(&state(), holder("it"))).unwrap();
        assert_eq!(lease.loaded().last(), Sequence(5 + lines), "cut at {length}");
    }
}

#[test]
fn corruption_names_the_file_the_byte_the_record_and_the_command() {
    let disk = prepared();
    let mut bad = content(&disk, "journal");
    let header = bad.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    bad[header + 15] ^= 1;
    disk.tamper(path("journal"), bad).unwrap();
    let offset = header;
    assert_eq!(
        refused(&disk, "record 6").to_string(),
        format!(
            "`shop/integration/pr-17` is corrupt: `{FOLDER}/journal` at byte {offset}, record 6: \
             the checksum does not match, and record 7 proves that it was durable; nothing was \
             changed, `greenroom state examine integration --env pr-17` shows what is there"
        )
    );
}

#[test]
fn a_newer_format_is_refused_with_the_version_that_wrote_it() {
    for file in ["snapshot", "journal"] {
        let disk = prepared();
        let json = br#"{"format":2,"written_by":"greenroom 7.1.0","shape":"new"}"#;
        let line = format!("greenroom-{file} {:08x} ", crc32c::crc32c(json));
        let content = [line.as_bytes(), json, b"\nin a way that nobody knows yet"].concat();
        disk.tamper(path(file), content).unwrap();
        let error = refused(&disk, file);
        assert!(matches!(error, StoreError::Newer(_)), "{error}");
        assert_eq!(
            error.to_string(),
            format!(
                "`{FOLDER}/{file}` of `shop/integration/pr-17` has format 2, written by greenroom \
                 7.1.0; this build reads up to format 1, nothing was changed"
            )
        );
    }
}

#[test]
fn a_missing_or_foreign_file_is_refused() {
    let older = {
        let disk = FaultyDisk::new();
        let lease = block_on(store(&disk).acquire(&state(), holder("it"))).unwrap();
        block_on(lease.append_all(crate::session::payloads(1..=3))).unwrap();
        content(&disk, "journal")
    };
    // A journal from before the snapshot, as a restored backup would bring it.
    let disk = prepared();
    disk.tamper(path("journal"), older).unwrap();
    let error = refused(&disk, "older journal").to_string();
    assert!(error.contains("follows serial 0, the snapshot has serial 2"), "{error}");
    for file in ["journal", "snapshot"] {
        let disk = prepared();
        greenroom_store::disk::Disk::remove_file(&disk, &path(file)).unwrap();
        let error = refused(&disk, file);
        assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    }
}

#[test]
fn a_journal_of_another_lineage_is_refused() {
    let disk = prepared();
    let other = FaultyDisk::new();
    let stranger = store(&other).with_lineages(|| greenroom_store::Lineage("ff".repeat(16)));
    block_on(session(&stranger, &mut Progress::default(), false)).unwrap();
    disk.tamper(path("journal"), content(&other.after_kill(), "journal")).unwrap();
    let error = refused(&disk, "another lineage").to_string();
    assert!(error.contains("it has lineage ffff"), "{error}");
}

#[test]
fn unknown_header_fields_are_kept_by_the_next_fold() {
    let disk = prepared();
    for file in ["snapshot", "journal"] {
        let bytes = content(&disk, file);
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
        let line = std::str::from_utf8(&bytes[..end]).unwrap();
        let json = line.splitn(3, ' ').nth(2).unwrap().replacen('{', "{\"mood\":[1,\"calm\"],", 1);
        let line = format!("greenroom-{file} {:08x} {json}", crc32c::crc32c(json.as_bytes()));
        disk.tamper(path(file), [line.as_bytes(), &bytes[end..]].concat()).unwrap();
    }
    let lease = block_on(store(&disk).acquire(&state(), holder("it"))).unwrap();
    block_on(lease.fold(crate::session::body(8), Sequence(8))).unwrap();
    for file in ["snapshot", "journal"] {
        let text = String::from_utf8(content(&disk, file)).unwrap();
        assert!(text.lines().next().unwrap().contains("\"mood\":[1,\"calm\"]"), "{text}");
    }
}

#[test]
fn examining_describes_sound_and_damaged_files_and_changes_neither() {
    let disk = prepared();
    let report = block_on(store(&disk).examine(&state()));
    assert!(matches!(report.snapshot, SnapshotReport::Sound { body_bytes: 26, .. }), "{report}");
    let JournalReport::Readable { records, tail: None, .. } = &report.journal else {
        panic!("{report}")
    };
    assert_eq!(records.iter().map(|record| record.sequence.0).collect::<Vec<_>>(), [6, 7, 8]);
    assert_eq!(report.refused, None);
    assert_eq!(report.requests, [crate::session::request_name()]);

    let good = content(&disk, "journal");
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        disk.tamper(path("journal"), bad).unwrap();
        let text = block_on(store(&disk).examine(&state())).to_string();
        assert!(text.contains("damaged") || text.contains("should be"), "byte {at}: {text}");
    }
    disk.tamper(path("snapshot"), b"\xff\0not at all".to_vec()).unwrap();
    let report = block_on(store(&disk).examine(&state()));
    assert!(matches!(report.snapshot, SnapshotReport::Damaged { bytes: 12, .. }), "{report}");
    let nothing = block_on(store(&disk).examine(&"shop/none".parse().unwrap()));
    assert!(matches!(nothing.snapshot, SnapshotReport::Absent));
    assert_eq!(nothing.refused, None);
}
