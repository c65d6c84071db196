//! Files of format 1 mean today what they meant when they were written.
//!
//! With `GREENROOM_WRITE_GOLDEN` set, files that are missing are made; none is ever changed.

use std::path::PathBuf;

use greenroom_engine::format::{WRITTEN_BY, journal, plan, snapshot};

use super::{gates, samples};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden-formats").join(name)
}

/// The golden file, and the same as if this version had written it.
fn golden(name: &str, today: &[u8]) -> (Vec<u8>, String) {
    let path = path(name);
    if std::env::var_os("GREENROOM_WRITE_GOLDEN").is_some() && !path.exists() {
        std::fs::write(&path, today).expect("the folder of the golden files");
    }
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = String::from_utf8(bytes.clone()).expect("JSON is UTF-8");
    (bytes, text.replacen("greenroom 0.1.0", WRITTEN_BY, 1))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

#[test]
fn a_snapshot_of_format_1_still_means_the_same() {
    let today = snapshot::encode(&samples::state());
    let (bytes, expected) = golden("snapshot-1.json", &today);
    assert_eq!(snapshot::decode(&bytes).unwrap(), samples::state());
    assert_eq!(text(today), expected);
}

#[test]
fn journal_entries_of_format_1_still_mean_the_same() {
    let lines = samples::entries().into_iter().map(|entry| text(journal::encode(&entry)));
    let today = lines.map(|line| line + "\n").collect::<String>();
    let (bytes, expected) = golden("journal-1.jsonl", today.as_bytes());
    let decoded: Vec<_> = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| journal::decode(line).unwrap())
        .collect();
    assert_eq!(decoded, samples::entries());
    assert_eq!(today, expected);
}

#[test]
fn a_plan_file_of_format_1_still_means_the_same() {
    let today = plan::encode(&samples::plan());
    let (bytes, expected) = golden("plan-1.json", &today);
    assert_eq!(plan::decode(&bytes).unwrap(), samples::plan());
    assert_eq!(text(today), expected);
}

#[test]
fn gates_of_a_plan_file_of_format_1_still_mean_the_same() {
    let today = plan::encode(&gates::plan());
    let (bytes, expected) = golden("plan-1-gates.json", &today);
    assert_eq!(plan::decode(&bytes).unwrap(), gates::plan());
    assert_eq!(text(today), expected);
}

#[test]
fn snapshots_and_plan_files_are_json_as_a_whole() {
    for name in ["snapshot-1.json", "plan-1.json", "plan-1-gates.json"] {
        let bytes = std::fs::read(path(name)).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(document["format"], 1, "{name}");
    }
}

#[test]
fn an_instance_stands_in_one_line_of_a_snapshot() {
    let snapshot = text(snapshot::encode(&samples::state()));
    let lines = snapshot.lines().filter(|line| line.starts_with(r#"{"resource":"#)).count();
    assert_eq!(lines, samples::state().instances().count());
}

#[test]
fn the_book_shows_the_golden_files() {
    let book = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/formats");
    for (page, file) in [
        ("state-body.md", "snapshot-1.json"),
        ("journal-entries.md", "journal-1.jsonl"),
        ("plan.md", "plan-1.json"),
        ("plan.md", "plan-1-gates.json"),
    ] {
        let page = std::fs::read_to_string(book.join(page)).unwrap();
        let include =
            format!("{{{{#include ../../../../crates/engine/tests/it/golden-formats/{file}}}}}");
        assert!(page.contains(&include), "{include}");
    }
}
