use greenroom_model::identity::Digest;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::attest::keys::SigningKey;
use crate::attest::statement::STATEMENT;
use crate::attest::test_result::{Evidence, passed};
use crate::record::{Outcome as RunOutcome, Run};

const SET: &str = "5e7";

fn key(secret: u8) -> SigningKey {
    SigningKey::of(&[secret; 32])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn images() -> BTreeMap<String, String> {
    BTreeMap::from([("web".to_owned(), "aa".to_owned())])
}

fn template(text: &str) -> TemplateSeen {
    TemplateSeen { template: Digest::of(text.as_bytes()), files: BTreeMap::new() }
}

fn question() -> Question {
    let required = Required {
        stage: "integration".to_owned(),
        matrix: BTreeMap::new(),
        trusted: vec![key(1).public()],
    };
    Question {
        project: "shop".to_owned(),
        image_set: SET.to_owned(),
        images: Some(images()),
        required: vec![required],
        template: template("t"),
        max_age: Some(Duration::from_hours(24)),
        now: at(100_000),
    }
}

fn run() -> Run {
    let mut run = Run::not_started("integration", String::new());
    run.outcome = RunOutcome::Passed;
    run.environment = Some("pr-1".to_owned());
    run
}

fn evidence() -> Evidence {
    Evidence {
        project: "shop".to_owned(),
        image_set: SET.to_owned(),
        images: images(),
        template: template("t"),
        front: None,
        build: Some("https://ci.example.com/7".to_owned()),
        ended: at(90_000),
    }
}

fn statement(change: impl FnOnce(&mut Statement)) -> Statement {
    let mut statement = passed(&run(), evidence());
    change(&mut statement);
    statement
}

/// A statement that is changed before it is signed.
fn signed(key: &SigningKey, change: impl FnOnce(&mut Statement)) -> String {
    Envelope::sign(statement(change).encode(), key).encode()
}

fn judged(question: &Question, envelopes: &[String]) -> Verdict {
    let mut report = verify(question, envelopes);
    assert_eq!(report.unreadable, []);
    report.stages.remove(0).verdict
}

/// What is wrong with the only attestation.
fn flaws(question: &Question, envelope: String) -> Vec<String> {
    match judged(question, &[envelope]) {
        Verdict::NotProven(mut rejected) if rejected.len() == 1 => {
            rejected.remove(0).because.iter().map(ToString::to_string).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn unreadable(envelope: String) -> String {
    let mut report = verify(&question(), &[envelope]);
    assert!(!report.is_proven());
    report.unreadable.remove(0).because
}

#[test]
fn one_that_is_right_in_everything_proves_its_stage() {
    let envelope = signed(&key(1), |_| {});
    let proof = Proof {
        envelope: envelope_digest(&envelope),
        key: key(1).public().id(),
        environment: Some("pr-1".to_owned()),
        passed: at(90_000),
        build: Some("https://ci.example.com/7".to_owned()),
    };
    assert_eq!(judged(&question(), &[envelope]), Verdict::Proven(proof));
}

#[test]
fn a_bad_one_beside_a_good_one_takes_nothing_away() {
    let all = [
        "{".to_owned(),
        signed(&key(2), |_| {}),
        signed(&key(1), |_| {}),
        signed(&key(1), |it| it.predicate["greenroom"]["imageSet"] = json!("other")),
    ];
    let report = verify(&question(), &all);
    assert!(report.is_proven());
    assert_eq!(report.unreadable.len(), 1);
}

#[test]
fn without_any_nothing_is_proven() {
    assert_eq!(judged(&question(), &[]), Verdict::NotProven(Vec::new()));
    let nothing_required = Question { required: Vec::new(), ..question() };
    assert!(verify(&nothing_required, &[]).is_proven());
}

#[test]
fn of_another_stage_or_combination_is_none() {
    let stage = signed(&key(1), |it| it.predicate["greenroom"]["stage"] = json!("performance"));
    assert_eq!(judged(&question(), &[stage]), Verdict::NotProven(Vec::new()));
    let small = signed(&key(1), |it| it.predicate["greenroom"]["matrix"] = json!({ "size": 1 }));
    assert_eq!(judged(&question(), std::slice::from_ref(&small)), Verdict::NotProven(Vec::new()));
    let mut asked = question();
    asked.required[0].matrix = BTreeMap::from([("size".to_owned(), json!(1))]);
    assert!(verify(&asked, &[small]).is_proven());
}

#[test]
fn a_signature_must_be_of_a_key_that_is_trusted_for_the_stage() {
    let other = signed(&key(2), |_| {});
    let id: String = key(2).public().id().0.chars().take(12).collect();
    let expected = format!("none of its keys is trusted for the stage ({id})");
    assert_eq!(flaws(&question(), other.clone()), [expected]);
    let mut asked = question();
    asked.required[0].trusted.push(key(2).public());
    assert!(verify(&asked, &[other]).is_proven());
}

#[test]
fn a_key_that_is_only_named_proves_nothing() {
    let mut envelope = Envelope::sign(statement(|_| {}).encode(), &key(2));
    envelope.signatures[0].key = Some(key(1).public().id());
    let expected = Flaw::Signature(key(1).public().id()).to_string();
    assert_eq!(flaws(&question(), envelope.encode()), [expected]);
    envelope.signatures.clear();
    let unsigned = flaws(&question(), envelope.encode());
    assert_eq!(unsigned, ["none of its keys is trusted for the stage (it names none)"]);
}

#[test]
fn a_statement_that_was_changed_has_a_wrong_signature() {
    let mut envelope = Envelope::sign(statement(|_| {}).encode(), &key(1));
    envelope.payload = statement(|it| it.predicate["url"] = json!("elsewhere")).encode();
    let expected = Flaw::Signature(key(1).public().id()).to_string();
    assert_eq!(flaws(&question(), envelope.encode()), [expected]);
}

#[test]
fn it_must_be_of_the_project_the_image_set_and_its_images() {
    let of = |field: &str| signed(&key(1), |it| it.predicate["greenroom"][field] = json!("x"));
    assert_eq!(flaws(&question(), of("project")), ["it is of the project `x`"]);
    assert_eq!(flaws(&question(), of("imageSet")), ["it is of the image set x"]);
    let images = signed(&key(1), |it| {
        it.subject[0].digest.insert("sha256".to_owned(), "bb".to_owned());
    });
    let expected = ["its images are not those of the image set"];
    assert_eq!(flaws(&question(), images.clone()), expected);
    assert!(verify(&Question { images: None, ..question() }, &[images]).is_proven());
}

#[test]
fn the_template_must_be_that_of_today() {
    let asked = Question { template: template("u"), ..question() };
    let [flaw] = &flaws(&asked, signed(&key(1), |_| {}))[..] else { panic!() };
    assert!(flaw.starts_with("the template was "), "{flaw}");
    let mut asked = question();
    asked.template.files.insert("app.conf".into(), Digest::of(b"1"));
    let more = flaws(&asked, signed(&key(1), |_| {}));
    assert_eq!(more, ["it reads the file `app.conf`, and did not then"]);
}

#[test]
fn the_stage_must_have_passed_and_not_too_long_ago() {
    let failed = signed(&key(1), |it| it.predicate["result"] = json!("FAILED"));
    assert_eq!(flaws(&question(), failed), ["the stage was not passed"]);
    let warned = signed(&key(1), |it| it.predicate["result"] = json!("WARNED"));
    assert!(verify(&question(), &[warned]).is_proven());
    let later = Question { now: at(90_000 + 86_401), ..question() };
    let expired = ["it is of 1970-01-02T01:00:00Z, which is longer ago than it may be"];
    assert_eq!(flaws(&later, signed(&key(1), |_| {})), expired);
    let for_ever = Question { max_age: None, ..later };
    assert!(verify(&for_ever, &[signed(&key(1), |_| {})]).is_proven());
    let earlier = Question { now: at(0), ..question() };
    let yet = flaws(&earlier, signed(&key(1), |_| {}));
    assert_eq!(yet, ["it is of 1970-01-02T01:00:00Z, which is yet to come"]);
}

#[test]
fn everything_that_is_wrong_is_told() {
    let envelope = signed(&key(2), |it| {
        it.predicate["result"] = json!("FAILED");
        it.predicate["greenroom"]["project"] = json!("x");
    });
    assert_eq!(flaws(&question(), envelope).len(), 3);
}

#[test]
fn of_two_proofs_the_newest_counts() {
    let old = signed(&key(1), |it| {
        it.predicate["greenroom"]["ended"] = json!("1970-01-02T00:00:00Z");
    });
    for all in [[old.clone(), signed(&key(1), |_| {})], [signed(&key(1), |_| {}), old]] {
        let Verdict::Proven(proof) = judged(&question(), &all) else { panic!() };
        assert_eq!(proof.passed, at(90_000));
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_reason() {
    let payload = |kind: &str, statement: Statement| {
        let mut envelope = Envelope::sign(statement.encode(), &key(1));
        envelope.payload_type = kind.to_owned();
        envelope.encode()
    };
    assert!(unreadable("{".to_owned()).starts_with("it is damaged: "));
    let other = unreadable(payload("text/plain", statement(|_| {})));
    assert_eq!(other, "its payload is `text/plain`, no statement of in-toto");
    let older = signed(&key(1), |it| it.kind = STATEMENT.replace("v1", "v0.1"));
    assert!(unreadable(older).contains("which this build does not read"));
    let predicate = signed(&key(1), |it| it.predicate_type = "https://example.com/x".to_owned());
    assert_eq!(
        unreadable(predicate),
        "it says `https://example.com/x`, which this build does not read"
    );
    let foreign = signed(&key(1), |it| {
        it.predicate.as_object_mut().unwrap().remove("greenroom");
    });
    assert!(unreadable(foreign).starts_with("its result is not as this build writes it: "));
}

#[test]
fn how_an_image_was_baked_is_no_attestation_of_a_stage_and_no_mistake() {
    let provenance = signed(&key(1), |it| it.predicate_type = PROVENANCE.to_owned());
    assert_eq!(judged(&question(), &[provenance]), Verdict::NotProven(Vec::new()));
}

proptest! {
    /// Whatever is changed in what is signed, the stage is not proven by it.
    #[test]
    fn no_changed_byte_of_a_payload_goes_unnoticed(at: prop::sample::Index, flip in 1_u8..) {
        let mut envelope = Envelope::sign(statement(|_| {}).encode(), &key(1));
        let at = at.index(envelope.payload.len());
        envelope.payload[at] ^= flip;
        prop_assert!(!verify(&question(), &[envelope.encode()]).is_proven());
    }

    /// No text of any kind is a proof, or makes verifying fail.
    #[test]
    fn any_text_is_judged(text: String) {
        prop_assert!(!verify(&question(), &[text]).is_proven());
    }
}
