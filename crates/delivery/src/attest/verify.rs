//! What is proven of an image set: a pure function of its envelopes.
//!
//! A stage is proven by one attestation that is right in everything. Of each that is not, every
//! reason is told.

mod report;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::envelope::Envelope;
use super::keys::{KeyId, PublicKey};
use super::provenance::PROVENANCE;
use super::seen::TemplateSeen;
use super::statement::Statement;
use super::test_result::{About, Result as Outcome, TEST_RESULT, TestResult};
use crate::hex::sha256;

pub use report::{Flaw, Judged, Proof, Rejected, Report, Unreadable, Verdict};

/// What is asked of an image set.
#[derive(Clone, Debug)]
pub struct Question {
    /// The project.
    pub project: String,
    /// The digest of the image set.
    pub image_set: String,
    /// Its members, if they are known: by name, SHA-256 digests.
    pub images: Option<BTreeMap<String, String>>,
    /// The stages that it must have passed.
    pub required: Vec<Required>,
    /// The template that it is to be used with.
    pub template: TemplateSeen,
    /// How old an attestation may be.
    pub max_age: Option<Duration>,
    /// What time it is.
    pub now: Timestamp,
}

/// A stage that an image set must have passed.
#[derive(Clone, Debug)]
pub struct Required {
    /// The stage.
    pub stage: String,
    /// The values of a combination of its matrix.
    pub matrix: BTreeMap<String, Json>,
    /// The keys whose signatures count.
    pub trusted: Vec<PublicKey>,
}

/// How far clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// An envelope that is an attestation of some stage, whoever signed it.
struct Attestation {
    digest: String,
    envelope: Envelope,
    images: BTreeMap<String, String>,
    result: TestResult,
}

/// Says which of the required stages the envelopes prove.
#[must_use]
pub fn verify(question: &Question, envelopes: &[String]) -> Report {
    let mut attestations = Vec::new();
    let mut unreadable = Vec::new();
    for text in envelopes {
        let digest = envelope_digest(text);
        match read(text) {
            Ok(Some((envelope, images, result))) => {
                attestations.push(Attestation { digest, envelope, images, result });
            }
            Ok(None) => {}
            Err(because) => unreadable.push(Unreadable { envelope: digest, because }),
        }
    }
    let judge = |required: &Required| Judged {
        stage: required.stage.clone(),
        matrix: required.matrix.clone(),
        verdict: question.judge(required, &attestations),
    };
    Report { stages: question.required.iter().map(judge).collect(), unreadable }
}

/// The digest of an envelope's text: SHA-256, in hexadecimal digits.
#[must_use]
pub fn envelope_digest(text: &str) -> String {
    sha256(text.as_bytes())
}

type Read = (Envelope, BTreeMap<String, String>, TestResult);

/// What an envelope says of a stage; `None` if it is about something else.
fn read(text: &str) -> Result<Option<Read>, String> {
    let envelope = Envelope::decode(text).map_err(|error| format!("it is damaged: {error}"))?;
    let statement = Statement::within(&envelope).map_err(|error| error.to_string())?;
    let images = statement.images();
    match &*statement.predicate_type {
        TEST_RESULT => match serde_json::from_value(statement.predicate) {
            Ok(result) => Ok(Some((envelope, images, result))),
            Err(error) => Err(format!("its result is not as this build writes it: {error}")),
        },
        PROVENANCE => Ok(None),
        other => Err(format!("it says `{other}`, which this build does not read")),
    }
}

impl Question {
    fn judge(&self, required: &Required, attestations: &[Attestation]) -> Verdict {
        let mut proofs = Vec::new();
        let mut rejected = Vec::new();
        for it in attestations.iter().filter(|it| it.is_of(required)) {
            let signed = signer(&it.envelope, &required.trusted);
            let mut because = self.flaws(it);
            match signed {
                Ok(key) if because.is_empty() => proofs.push(it.proof(key)),
                Ok(_) => {}
                Err(flaw) => because.insert(0, flaw),
            }
            if !because.is_empty() {
                rejected.push(Rejected { envelope: it.digest.clone(), because });
            }
        }
        match proofs.into_iter().max_by_key(|it| it.passed) {
            Some(proof) => Verdict::Proven(proof),
            None => Verdict::NotProven(rejected),
        }
    }

    /// What is wrong with an attestation, whoever signed it.
    fn flaws(&self, it: &Attestation) -> Vec<Flaw> {
        let TestResult { result, greenroom: about, .. } = &it.result;
        let About { project, image_set, template, ended, .. } = about;
        let mut flaws = Vec::new();
        if *project != self.project {
            flaws.push(Flaw::OtherProject(project.clone()));
        }
        if *image_set != self.image_set {
            flaws.push(Flaw::OtherImageSet(image_set.clone()));
        } else if self.images.as_ref().is_some_and(|images| *images != it.images) {
            flaws.push(Flaw::OtherImages);
        }
        flaws.extend(template.changes(&self.template).into_iter().map(Flaw::Template));
        if *result == Outcome::Failed {
            flaws.push(Flaw::NotPassed);
        }
        let age = self.now.duration_since(*ended);
        if let Some(max_age) = self.max_age
            && age > SignedDuration::try_from(max_age).unwrap_or(SignedDuration::MAX)
        {
            flaws.push(Flaw::Expired(*ended));
        }
        if age < -SKEW {
            flaws.push(Flaw::Future(*ended));
        }
        flaws
    }
}

/// The trusted key that has signed an envelope, whatever its signatures say to be of.
fn signer(envelope: &Envelope, trusted: &[PublicKey]) -> Result<KeyId, Flaw> {
    if let Some(key) = trusted.iter().find(|key| envelope.is_signed_by(key)) {
        return Ok(key.id());
    }
    let named: Vec<KeyId> = envelope.signatures.iter().filter_map(|it| it.key.clone()).collect();
    match named.iter().find(|id| trusted.iter().any(|key| key.id() == **id)) {
        Some(id) => Err(Flaw::Signature(id.clone())),
        None => Err(Flaw::NotTrusted(named)),
    }
}

impl Attestation {
    fn is_of(&self, required: &Required) -> bool {
        let About { stage, matrix, .. } = &self.result.greenroom;
        *stage == required.stage && *matrix == required.matrix
    }

    fn proof(&self, key: KeyId) -> Proof {
        let TestResult { url, greenroom: about, .. } = &self.result;
        Proof {
            envelope: self.digest.clone(),
            key,
            environment: about.environment.clone(),
            passed: about.ended,
            build: url.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
