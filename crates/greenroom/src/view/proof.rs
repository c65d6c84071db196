//! What is proven of an image set.

use greenroom_delivery::attest::verify::{Judged, Proof, Rejected, Report, Verdict};
use serde_json::{Value as Json, json};

use super::words::{combined, short};
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// What is proven of an image set, for a stage that is to take it.
pub(crate) struct ProofView {
    pub(crate) image_set: String,
    pub(crate) stage: String,
    pub(crate) report: Report,
}

impl Message for ProofView {
    fn kind(&self) -> Kind {
        Kind::Proof
    }

    fn fields(&self) -> Fields {
        let ProofView { image_set, stage, report } = self;
        let unreadable = report
            .unreadable
            .iter()
            .map(|it| json!({ "envelope": it.envelope, "because": [it.because] }));
        fields(json!({
            "image_set": image_set,
            "stage": stage,
            "proven": report.is_proven(),
            "stages": report.stages.iter().map(judged_json).collect::<Vec<_>>(),
            "unreadable": unreadable.collect::<Vec<_>>(),
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let ProofView { image_set, stage, report } = self;
        let mut text: String = report.stages.iter().map(|it| judged_text(it, palette)).collect();
        for it in &report.unreadable {
            text += &format!("  {} cannot be read: {}\n", short(&it.envelope), it.because);
        }
        let missing = report.stages.iter().filter(|it| !is_proven(it)).count();
        let verdict = match (report.stages.len(), missing) {
            (0, _) => palette.paint(Tone::Good, format!("`{stage}` requires nothing")),
            (all, 0) => palette.paint(Tone::Good, format!("all of {all} stages are proven")),
            (all, missing) => {
                palette.paint(Tone::Bad, format!("{missing} of {all} stages are not proven"))
            }
        };
        text + &format!("image set {} for `{stage}`: {verdict}.\n", short(image_set))
    }
}

fn is_proven(judged: &Judged) -> bool {
    matches!(judged.verdict, Verdict::Proven(_))
}

fn judged_json(Judged { stage, matrix, verdict }: &Judged) -> Json {
    let mut json = json!({ "stage": stage, "matrix": matrix });
    match verdict {
        Verdict::Proven(Proof { envelope, key, environment, passed, build }) => {
            json["proven"] = true.into();
            json["proof"] = json!({
                "envelope": envelope,
                "key": key,
                "environment": environment,
                "passed": passed,
                "build": build,
            });
        }
        Verdict::NotProven(rejected) => {
            json["proven"] = false.into();
            let rejected = rejected.iter().map(|it| {
                let because: Vec<String> = it.because.iter().map(ToString::to_string).collect();
                json!({ "envelope": it.envelope, "because": because })
            });
            json["rejected"] = rejected.collect();
        }
    }
    json
}

fn judged_text(Judged { stage, matrix, verdict }: &Judged, palette: Palette) -> String {
    let name = combined(stage, matrix);
    match verdict {
        Verdict::Proven(Proof { key, environment, passed, build, .. }) => {
            let good = palette.paint(Tone::Good, "proven");
            let place = environment.iter().map(|it| format!(" in {it}")).collect::<String>();
            let build = build.iter().map(|it| format!(", {it}")).collect::<String>();
            format!("{name}: {good}{place}, {passed}, key {}{build}\n", short(&key.0))
        }
        Verdict::NotProven(rejected) => {
            let bad = palette.paint(Tone::Bad, "not proven");
            if rejected.is_empty() {
                return format!("{name}: {bad}: there is no attestation of it\n");
            }
            let mut text = format!("{name}: {bad}\n");
            for Rejected { envelope, because } in rejected {
                for flaw in because {
                    text += &format!("  {}: {flaw}\n", short(envelope));
                }
            }
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use greenroom_delivery::attest::keys::KeyId;
    use greenroom_delivery::attest::verify::{Flaw, Unreadable};

    use super::*;

    fn report() -> Report {
        let key = KeyId("0123456789abcdef".to_owned());
        let proof = Proof {
            envelope: "e".repeat(64),
            key: key.clone(),
            environment: Some("pr-1".to_owned()),
            passed: "2026-01-02T03:04:05Z".parse().unwrap(),
            build: Some("https://ci.example.com/7".to_owned()),
        };
        let rejected = Rejected {
            envelope: "f".repeat(64),
            because: vec![Flaw::Signature(key), Flaw::NotPassed],
        };
        let judged = |stage: &str, verdict| Judged {
            stage: stage.to_owned(),
            matrix: [("size".to_owned(), json!(2))].into(),
            verdict,
        };
        Report {
            stages: vec![
                judged("integration", Verdict::Proven(proof)),
                judged("performance", Verdict::NotProven(vec![rejected])),
                judged("smoke", Verdict::NotProven(Vec::new())),
            ],
            unreadable: vec![Unreadable {
                envelope: "a".repeat(64),
                because: "it is damaged".to_owned(),
            }],
        }
    }

    #[test]
    fn what_is_proven_and_what_is_not_stands_with_its_reasons() {
        let (image_set, stage) = ("5".repeat(64), "production".to_owned());
        let view = ProofView { image_set, stage, report: report() };
        insta::assert_snapshot!(view.text(Palette::PLAIN), @r"
        integration (size=2): proven in pr-1, 2026-01-02T03:04:05Z, key 0123456789ab, https://ci.example.com/7
        performance (size=2): not proven
          ffffffffffff: its signature is wrong: it was changed, or is not by the key 0123456789abcdef
          ffffffffffff: the stage was not passed
        smoke (size=2): not proven: there is no attestation of it
          aaaaaaaaaaaa cannot be read: it is damaged
        image set 555555555555 for `production`: 2 of 3 stages are not proven.
        ");
        assert_eq!(
            view.fields()["stages"][1]["rejected"][0]["because"][1],
            "the stage was not passed"
        );
    }
}
