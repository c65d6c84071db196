//! Records: what a run, and a pipeline, did. They are written as result files and reports, and a
//! pipeline that was interrupted goes on from its record.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attest::keys::KeyId;

/// The version of the records that this build writes and reads.
pub const FORMAT: u32 = 1;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every command passed, and the environment is as it should be afterwards.
    Passed,
    /// A command ended with another status than 0, or could not be started.
    CommandFailed,
    /// The environment did not come up. No command was run.
    NotUp,
    /// The environment came up, and a gate did not pass. No command was run.
    GateFailed,
    /// The commands passed, and the environment could not be torn down.
    NotDown,
    /// The commands passed, and the stage has `attest`, but this run may not attest, or could not.
    NotAttested,
    /// No place was free. Nothing was made.
    NoPlace,
    /// Coming up, or the commands, took longer than they may.
    TimedOut,
    /// A signal cut it short.
    Cancelled,
    /// The commands passed, and something could not be published or baked.
    NotDelivered,
}

impl Outcome {
    /// The exit code: those of our own lie in 120 to 125, so that a command's own status can be
    /// told from them. `command` is the status of the last command.
    #[must_use]
    pub fn code(self, command: Option<u8>) -> u8 {
        match self {
            Outcome::Passed => 0,
            Outcome::NotDelivered => 1,
            Outcome::CommandFailed => command.unwrap_or(1),
            Outcome::NotUp => 120,
            Outcome::GateFailed => 121,
            Outcome::NotDown | Outcome::NotAttested => 122,
            Outcome::NoPlace => 123,
            Outcome::TimedOut => 124,
            Outcome::Cancelled => 125,
        }
    }
}

/// One run of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The stage.
    pub stage: String,
    /// Its environment; none in a stage without a template.
    pub environment: Option<String>,
    /// The values of a combination of the stage's matrix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub matrix: BTreeMap<String, serde_json::Value>,
    /// The digest of the images that the environment was made from, or that were baked.
    pub image_set: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The exit code that stands for it.
    pub exit: u8,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How the environment came up.
    pub up: Option<Part>,
    /// The commands that were started, in order.
    pub commands: Vec<Command>,
    /// What was published and baked, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivery>,
    /// The attestation that was written, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested: Option<Attested>,
    /// Why none was, though the stage had passed in an environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_attested: Option<String>,
    /// How the environment went.
    pub down: Option<Part>,
    /// The command that removes the environment, if it is still there.
    pub remains: Option<String>,
    /// What was done to objects, in the order in which it began.
    pub operations: Vec<Operation>,
}

impl Run {
    /// The record of a run of `stage` that could not begin.
    #[must_use]
    pub fn not_started(stage: &str, error: String) -> Run {
        let now = Timestamp::now();
        let outcome = Outcome::NotUp;
        Run {
            stage: stage.to_owned(),
            environment: None,
            matrix: BTreeMap::new(),
            image_set: None,
            outcome,
            exit: outcome.code(None),
            started: now,
            ended: now,
            up: Some(Part { started: now, ended: now, error: Some(error) }),
            commands: Vec::new(),
            deliveries: Vec::new(),
            attested: None,
            not_attested: None,
            down: None,
            remains: None,
            operations: Vec::new(),
        }
    }
}

/// An attestation that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    /// The key that signed it.
    pub key: KeyId,
    /// The digest of its envelope: SHA-256, in hexadecimal digits.
    pub envelope: String,
}

/// Coming up, or going down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Why it failed, for people; none if it did not.
    pub error: Option<String>,
}

/// A command that was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The command, as a person would type it.
    pub text: String,
    /// When it was started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Its exit status as a shell has it: 128 and the signal's number for one that a signal ended,
    /// 126 and 127 for one that could not be started.
    pub status: u8,
    /// Why it was ended by us, or could not be started.
    pub error: Option<String>,
}

/// What a delivery is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An artifact was published.
    Publish,
    /// An image was baked.
    Bake,
}

/// An artifact that was published, or an image that was baked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// What was done.
    pub what: What,
    /// The artifact or the image.
    pub name: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// The version of the artifact, or the id of the image.
    pub result: Option<String>,
    /// Whether it was not there already.
    pub new: bool,
    /// Why it failed, for people.
    pub error: Option<String>,
}

impl Delivery {
    /// A delivery that began at `started` and ends now.
    #[must_use]
    pub fn new(what: What, name: String, started: Timestamp) -> Delivery {
        let ended = Timestamp::now();
        Delivery { what, name, started, ended, result: None, new: false, error: None }
    }

    /// With what came of it.
    #[must_use]
    pub fn with(self, result: Option<String>, error: Option<String>) -> Delivery {
        Delivery { result, error, ..self }
    }

    /// What was done, as a person would type it.
    #[must_use]
    pub fn text(&self) -> String {
        match self.what {
            What::Publish => format!("publish {}", self.name),
            What::Bake => format!("bake {}", self.name),
        }
    }
}

/// One operation on an object, or a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Which: `create default/aws_vpc.main`.
    pub what: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Why it failed.
    pub error: Option<String>,
}

/// How far a job of a pipeline has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It waits for what it needs, or for a free slot.
    Waiting,
    /// It runs.
    Running,
    /// It passed.
    Passed,
    /// It passed in an earlier, interrupted run of this pipeline with the same inputs.
    Reused,
    /// It failed.
    Failed,
    /// It is not run: something that it needs failed, or it was not asked for.
    Skipped,
}

/// One job of a pipeline: a stage, or one combination of its matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name: the stage's, with the values of the combination.
    pub name: String,
    /// The stage.
    pub stage: String,
    /// The values of a combination of the stage's matrix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub matrix: BTreeMap<String, serde_json::Value>,
    /// The stages that it needs.
    pub needs: Vec<String>,
    /// How far it has come.
    pub standing: Standing,
    /// Why it was skipped, or is run again, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The digest of everything that it depends on, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<String>,
    /// Where its output is kept, relative to the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
    /// What it did; none before it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// A run of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// [`FORMAT`].
    pub format: u32,
    /// The program and version that wrote it.
    pub written_by: String,
    /// The project.
    pub project: String,
    /// The name of the run, and of its environments.
    pub name: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; none for one that runs, or was interrupted.
    pub ended: Option<Timestamp>,
    /// Its jobs, each after those that it needs.
    pub jobs: Vec<Job>,
}
