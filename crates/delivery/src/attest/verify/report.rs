//! What verifying found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::attest::keys::KeyId;
use crate::attest::seen::TemplateChange;

/// What is proven, and what is not.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Each required stage, in order.
    pub stages: Vec<Judged>,
    /// Envelopes of which nobody can say which stage they are about.
    pub unreadable: Vec<Unreadable>,
}

/// What is known of a required stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The stage.
    pub stage: String,
    /// The values of a combination of its matrix.
    pub matrix: BTreeMap<String, Json>,
    /// Whether it was passed.
    pub verdict: Verdict,
}

/// Whether a stage was passed.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It was, and this is the newest proof.
    Proven(Proof),
    /// Nothing proves it: what there is, and what is wrong with it.
    NotProven(Vec<Rejected>),
}

/// An attestation that is right in everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The digest of its envelope: SHA-256, in hexadecimal digits.
    pub envelope: String,
    /// Whose signature it has.
    pub key: KeyId,
    /// The environment that passed.
    pub environment: Option<String>,
    /// When it had passed.
    pub passed: Timestamp,
    /// The page of the build.
    pub build: Option<String>,
}

/// An attestation of the stage that proves nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// The digest of its envelope.
    pub envelope: String,
    /// Everything that is wrong with it.
    pub because: Vec<Flaw>,
}

/// An envelope that says nothing of any stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its digest.
    pub envelope: String,
    /// Why.
    pub because: String,
}

/// What is wrong with an attestation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// No trusted key says to have signed it.
    #[error("none of its keys is trusted for the stage ({})", names(.0))]
    NotTrusted(Vec<KeyId>),
    /// It says to be signed by a trusted key, and is not: it was changed, or forged.
    #[error("its signature is wrong: it was changed, or is not by the key {0}")]
    Signature(KeyId),
    /// It is of another project.
    #[error("it is of the project `{0}`")]
    OtherProject(String),
    /// It is of another image set.
    #[error("it is of the image set {0}")]
    OtherImageSet(String),
    /// It is of other images than the image set has.
    #[error("its images are not those of the image set")]
    OtherImages,
    /// The template is another now.
    #[error("{0}")]
    Template(TemplateChange),
    /// The stage was not passed.
    #[error("the stage was not passed")]
    NotPassed,
    /// It is too old.
    #[error("it is of {0}, which is longer ago than it may be")]
    Expired(Timestamp),
    /// It was signed by a wrong clock.
    #[error("it is of {0}, which is yet to come")]
    Future(Timestamp),
}

impl Report {
    /// Whether all that is required is proven.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.stages.iter().all(|it| matches!(it.verdict, Verdict::Proven(_)))
    }
}

fn names(keys: &[KeyId]) -> String {
    let names: Vec<String> = keys.iter().map(|it| it.0.chars().take(12).collect()).collect();
    if names.is_empty() { "it names none".to_owned() } else { names.join(", ") }
}
