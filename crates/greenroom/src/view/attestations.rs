//! What is attested of an image set.

use std::collections::BTreeMap;

use greenroom_delivery::attest::envelope::Envelope;
use greenroom_delivery::attest::statement::Statement;
use greenroom_delivery::attest::test_result::TestResult;
use greenroom_delivery::attest::verify::envelope_digest;
use serde_json::{Value as Json, json};

use super::words::{combined, short};
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// What is kept of an image set.
pub(crate) struct AttestationsView {
    pub(crate) image_set: String,
    pub(crate) attestations: Vec<AttestationView>,
}

/// One envelope, as far as it says what it is. Nothing of it is verified.
pub(crate) struct AttestationView {
    /// The digest of the envelope.
    pub(crate) envelope: String,
    /// The keys that it says to be signed by.
    keys: Vec<String>,
    predicate: Option<String>,
    /// The stage that it is about.
    pub(crate) stage: Option<String>,
    matrix: BTreeMap<String, Json>,
    environment: Option<String>,
    ended: Option<String>,
    /// Where it was written.
    pub(crate) file: Option<String>,
}

impl AttestationView {
    /// What an envelope says of itself.
    pub(crate) fn of(text: &str) -> AttestationView {
        let envelope = Envelope::decode(text).ok();
        let statement = envelope.as_ref().and_then(|it| Statement::within(it).ok());
        let about = statement.as_ref().and_then(|it| {
            let result: TestResult = serde_json::from_value(it.predicate.clone()).ok()?;
            Some(result.greenroom)
        });
        let signatures = envelope.iter().flat_map(|it| &it.signatures);
        AttestationView {
            envelope: envelope_digest(text),
            keys: signatures.filter_map(|it| Some(it.key.as_ref()?.0.clone())).collect(),
            predicate: statement.map(|it| it.predicate_type),
            ended: about.as_ref().map(|it| it.ended.to_string()),
            environment: about.as_ref().and_then(|it| it.environment.clone()),
            matrix: about.as_ref().map(|it| it.matrix.clone()).unwrap_or_default(),
            stage: about.map(|it| it.stage),
            file: None,
        }
    }

    fn json(&self) -> Json {
        json!({
            "envelope": self.envelope,
            "keys": self.keys,
            "predicate": self.predicate,
            "stage": self.stage,
            "matrix": self.matrix,
            "environment": self.environment,
            "ended": self.ended,
            "file": self.file,
        })
    }

    fn text(&self) -> String {
        let what = match (&self.stage, &self.predicate) {
            (Some(stage), _) => combined(stage, &self.matrix),
            (None, Some(predicate)) => predicate.clone(),
            (None, None) => "damaged".to_owned(),
        };
        let keys: Vec<&str> = self.keys.iter().map(|it| short(it)).collect();
        let mut text = format!("  {}  {what}", short(&self.envelope));
        if let (Some(environment), Some(ended)) = (&self.environment, &self.ended) {
            text += &format!(" in {environment}, {ended}");
        }
        if !keys.is_empty() {
            text += &format!(", key {}", keys.join(", "));
        }
        text.push('\n');
        text + &self.file.iter().map(|it| format!("    wrote {it}\n")).collect::<String>()
    }
}

impl Message for AttestationsView {
    fn kind(&self) -> Kind {
        Kind::Attestations
    }

    fn fields(&self) -> Fields {
        let all: Vec<Json> = self.attestations.iter().map(AttestationView::json).collect();
        fields(json!({ "image_set": self.image_set, "attestations": all }))
    }

    fn text(&self, palette: Palette) -> String {
        let head = palette.paint(Tone::Strong, format!("image set {}", self.image_set));
        let all: String = self.attestations.iter().map(AttestationView::text).collect();
        match all.is_empty() {
            true => format!("{head}\n  nothing is attested of it\n"),
            false => format!("{head}\n{all}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_is_listed_as_such() {
        let view = AttestationsView {
            image_set: "5".to_owned(),
            attestations: vec![AttestationView::of("{")],
        };
        let text = view.text(Palette::PLAIN);
        assert!(text.ends_with("  damaged\n"), "{text}");
    }
}
