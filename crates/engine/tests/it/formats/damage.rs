//! Bytes that nobody wrote are refused, never a panic.

use greenroom_engine::format::{FormatError, MAX_DEPTH, journal, plan, snapshot};
use greenroom_model::identity::Digest;
use greenroom_model::value::Value;
use proptest::prelude::*;
use proptest::sample::Index;

use super::samples;

/// One way in which bytes go wrong.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index, usize),
    Copy(Index, Index, usize),
    Put(Index, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let any_index = any::<Index>;
    let pieces = vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "null",
        "-1",
        "1e999",
        "\\u0000",
        "\\ud800",
        "$",
        "\"$expr\"",
        "é",
        "18446744073709551616",
        "\"\"",
        "\u{0}",
    ];
    prop_oneof![
        (any_index(), 1_u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        any_index().prop_map(Damage::Cut),
        (any_index(), 1..40_usize).prop_map(|(at, length)| Damage::Drop(at, length)),
        (any_index(), any_index(), 1..80_usize).prop_map(|(from, to, n)| Damage::Copy(from, to, n)),
        (any_index(), prop::sample::select(pieces)).prop_map(|(at, piece)| Damage::Put(at, piece)),
    ]
}

fn apply(damage: &Damage, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match damage {
        Damage::Flip(at, bits) => bytes[at.index(length)] ^= bits,
        Damage::Cut(at) => bytes.truncate(at.index(length)),
        Damage::Drop(at, n) => {
            let at = at.index(length);
            bytes.drain(at..length.min(at + n));
        }
        Damage::Copy(from, to, n) => {
            let from = from.index(length);
            let piece = bytes[from..length.min(from + n)].to_vec();
            let to = to.index(length);
            bytes.splice(to..to, piece);
        }
        Damage::Put(at, piece) => {
            let at = at.index(length);
            bytes.splice(at..at, piece.bytes());
        }
    }
}

/// The plan file around `content`, with the right checksum.
fn plan_file(content: &[u8]) -> Vec<u8> {
    let checksum = Digest::of(content);
    let first = format!(r#"{{"format":1,"written_by":"x","checksum":"{checksum}","plan":"#);
    [first.as_bytes(), b"\n", content, b"\n}\n"].concat()
}

fn plan_content() -> Vec<u8> {
    let file = plan::encode(&samples::plan());
    let start = file.iter().position(|byte| *byte == b'\n').expect("a first line") + 1;
    file[start..].strip_suffix(b"\n}\n").expect("a last line").to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_snapshot_decodes_to_something_that_can_be_written_or_not_at_all(
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let mut bytes = snapshot::encode(&samples::state());
        damages.iter().for_each(|it| apply(it, &mut bytes));
        if let Ok(state) = snapshot::decode(&bytes) {
            prop_assert_eq!(snapshot::decode(&snapshot::encode(&state)).unwrap(), state);
        }
    }

    #[test]
    fn a_damaged_entry_decodes_to_something_that_can_be_written_or_not_at_all(
        which in any::<Index>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let entries = samples::entries();
        let mut bytes = journal::encode(&entries[which.index(entries.len())]);
        damages.iter().for_each(|it| apply(it, &mut bytes));
        if let Ok(entry) = journal::decode(&bytes) {
            prop_assert_eq!(journal::decode(&journal::encode(&entry)).unwrap(), entry);
        }
    }

    #[test]
    fn a_damaged_plan_with_a_right_checksum_decodes_to_something_that_can_be_written_or_not_at_all(
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let mut content = plan_content();
        damages.iter().for_each(|it| apply(it, &mut content));
        if let Ok(decoded) = plan::decode(&plan_file(&content)) {
            prop_assert_eq!(plan::decode(&plan::encode(&decoded)).unwrap(), decoded);
        }
    }

    #[test]
    fn a_damaged_plan_file_is_refused(damages in prop::collection::vec(damage(), 1..4)) {
        let whole = plan::encode(&samples::plan());
        let mut bytes = whole.clone();
        damages.iter().for_each(|it| apply(it, &mut bytes));
        let first_line = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').next().map(<[u8]>::to_vec);
        if bytes != whole && first_line(&bytes) == first_line(&whole) {
            prop_assert!(plan::decode(&bytes).is_err());
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(snapshot::decode(&bytes).is_err());
        prop_assert!(plan::decode(&bytes).is_err());
        prop_assert!(journal::decode(&bytes).is_err());
    }
}

#[test]
fn every_changed_byte_of_a_plan_is_noticed() {
    let whole = plan::encode(&samples::plan());
    let content = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for at in content..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let error = plan::decode(&bytes).unwrap_err();
        let noticed = matches!(error, FormatError::Altered { .. } | FormatError::Malformed { .. });
        assert!(noticed, "byte {at}: {error}");
    }
}

#[test]
fn a_plan_file_that_was_cut_off_is_refused() {
    let whole = plan::encode(&samples::plan());
    for end in 0..whole.len() {
        assert!(plan::decode(&whole[..end]).is_err(), "{end}");
    }
}

fn answer(nested: u32) -> Vec<u8> {
    let (open, close) = ("[".repeat(nested as usize), "]".repeat(nested as usize));
    format!(r#"{{"answer":{{"operation":"a:gate:b","value":{open}{close}}}}}"#).into_bytes()
}

#[test]
fn values_are_read_down_to_a_depth_and_no_further() {
    assert!(journal::decode(&answer(MAX_DEPTH)).is_ok());
    let error = journal::decode(&answer(MAX_DEPTH + 1)).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("nested deeper than 400 levels"), "{source}");
    assert!(journal::decode(&answer(1_000_000)).is_err());
}

#[test]
fn an_instance_or_a_scope_that_stands_twice_is_refused() {
    let whole = String::from_utf8(snapshot::encode(&samples::state())).unwrap();
    let line = whole.lines().find(|line| line.contains("local_image.base")).unwrap();
    let (line, _) = line.rsplit_once("]}").unwrap();
    let twice = whole.replacen(line, &format!("{line},\n{line}"), 1);
    let error = snapshot::decode(twice.as_bytes()).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("`data.local_image.base` stands twice"), "{source}");

    let twice = whole.replacen(r#"{"scope":"r18""#, r#"{"scope":"front""#, 1);
    let error = snapshot::decode(twice.as_bytes()).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("`front` stands twice"), "{source}");
}

#[test]
fn a_tag_that_means_nothing_is_refused_and_an_escaped_one_is_text() {
    let value = |json: &str| {
        journal::decode(
            format!(r#"{{"answer":{{"operation":"a:gate:b","value":{json}}}}}"#).as_bytes(),
        )
    };
    for json in
        [r#"{"$secret":"x"}"#, r#"{"$expr":7}"#, r#"{"$digest":"00"}"#, r#"{"$expr":"a +"}"#]
    {
        let error = value(json).unwrap_err();
        assert!(matches!(error, FormatError::Senseless { .. }), "{json}: {error}");
    }
    let greenroom_model::journal::Entry::Answer { value, .. } =
        value(r#"{"$$expr":{"$a":1,"$b":2}}"#).unwrap()
    else {
        panic!("an answer");
    };
    let inner = Value::object([("$a", Value::from(1)), ("$b", Value::from(2))]);
    assert_eq!(value, Value::object([("$expr", inner)]));
}
