//! Old readers and new data: what a later version of the same format may add.

use greenroom_engine::format::{FormatError, journal, plan, snapshot};
use greenroom_model::identity::Digest;

use super::samples;

const NEW: &str = r#""mood":{"$expr":"(","list":[1,[0.5,null]]},"#;

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// A snapshot in which state, scopes and instances have a field that nobody knows.
fn snapshot_with_new_fields() -> String {
    text(snapshot::encode(&samples::state()))
        .replacen("\"format\":1,", &format!("{NEW}\n\"format\":1,"), 1)
        .replace(r#"{"scope":"#, &format!(r#"{{{NEW}"scope":"#))
        .replace(r#"{"resource":"#, &format!(r#"{{{NEW}"resource":"#))
}

#[test]
fn unknown_fields_of_state_scopes_and_instances_survive() {
    let state = snapshot::decode(snapshot_with_new_fields().as_bytes()).unwrap();
    let written = text(snapshot::encode(&state));
    let count = |text: &str| text.matches(r#""mood":"#).count();
    assert_eq!(count(&written), 1 + state.scopes.len() + state.instances().count());
    assert_eq!(snapshot::decode(written.as_bytes()).unwrap(), state);
}

#[test]
fn what_is_kept_of_unknown_fields_is_what_stood_there() {
    let state = snapshot::decode(snapshot_with_new_fields().as_bytes()).unwrap();
    let kept = serde_json::to_string(&*state.extra.unwrap()).unwrap();
    assert_eq!(kept, format!("{{{}}}", NEW.trim_end_matches(',')));
}

#[test]
fn unknown_fields_elsewhere_are_passed_over() {
    let state = text(snapshot::encode(&samples::state()));
    let with_new = state.replace(r#"{"uid":"#, &format!(r#"{{{NEW}"uid":"#));
    assert_eq!(snapshot::decode(with_new.as_bytes()).unwrap(), samples::state());

    for entry in samples::entries() {
        let with_new = text(journal::encode(&entry)).replacen(":{", &format!(":{{{NEW}"), 1);
        let with_new = with_new.replace(&format!("{NEW}}}"), "}");
        assert_eq!(journal::decode(with_new.as_bytes()).unwrap(), entry, "{with_new}");
    }
}

#[test]
fn a_plan_may_have_unknown_fields_that_its_checksum_covers() {
    let written = text(plan::encode(&samples::plan()));
    let (first, content) = written.split_once('\n').unwrap();
    let content = content.strip_suffix("\n}\n").unwrap();
    let old = Digest::of(content.as_bytes());
    let content = content.replacen('{', &format!("{{{NEW}"), 1);
    let first = first.replace(&*old.0, &Digest::of(content.as_bytes()).0);
    let file = format!("{first}\n{content}\n}}\n");
    assert_eq!(plan::decode(file.as_bytes()).unwrap(), samples::plan());
}

#[test]
fn a_newer_format_is_refused_by_name_and_writer() {
    let newer = |bytes: Vec<u8>| {
        let text = text(bytes).replacen("\"format\":1,", "\"format\":2,", 1);
        let at = text.find("\"written_by\":\"").unwrap();
        let end = at + text[at..].find(',').unwrap();
        format!("{}\"written_by\":\"greenroom 7.1\"{}", &text[..at], &text[end..])
    };
    let state = newer(snapshot::encode(&samples::state()));
    let strange = r#"{"written_by":"greenroom 7.1","scopes":7,"format":2}"#;
    for text in [state.as_str(), strange] {
        let error = snapshot::decode(text.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the snapshot has format 2, written by greenroom 7.1; this version reads formats up to 1"
        );
    }
    let error = plan::decode(newer(plan::encode(&samples::plan())).as_bytes()).unwrap_err();
    assert!(matches!(error, FormatError::Newer { format: 2, .. }), "{error}");
}

#[test]
fn there_is_no_format_0() {
    let text =
        text(snapshot::encode(&samples::state())).replacen("\"format\":1,", "\"format\":0,", 1);
    let error = snapshot::decode(text.as_bytes()).unwrap_err();
    assert!(matches!(error, FormatError::Senseless { .. }), "{error}");
}

#[test]
fn an_entry_of_an_unknown_kind_is_refused() {
    let error = journal::decode(br#"{"daydream":{}}"#).unwrap_err();
    assert!(matches!(error, FormatError::Malformed { .. }), "{error}");
}
