//! That a stage passed: in-toto's predicate for results of tests, with what else there is to know
//! of the run under a name of our own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::seen::TemplateSeen;
use super::statement::{Resource, Statement};
use crate::record::Run;

/// The type of the predicate.
pub const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// What came of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Result {
    /// It passed.
    Passed,
    /// It passed, with warnings.
    Warned,
    /// It failed.
    Failed,
}

/// The predicate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// What came of it.
    pub result: Result,
    /// What the stage was made from.
    pub configuration: Vec<Resource>,
    /// The page of the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commands that passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_tests: Vec<String>,
    /// The commands that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<String>,
    /// What the predicate has no fields for.
    pub greenroom: About,
}

/// What there is to know of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The project.
    pub project: String,
    /// The stage.
    pub stage: String,
    /// The environment that it ran in.
    pub environment: Option<String>,
    /// The values of a combination of the stage's matrix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub matrix: BTreeMap<String, Json>,
    /// The digest of the image set that the environment was made from.
    pub image_set: String,
    /// The environment's template.
    pub template: TemplateSeen,
    /// The template of its front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front: Option<TemplateSeen>,
    /// The commands, in order.
    pub commands: Vec<Command>,
    /// When the run began.
    pub started: Timestamp,
    /// When its last command ended.
    pub ended: Timestamp,
    /// The program that wrote it, and its version.
    pub written_by: String,
}

/// A command that was run in the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The command, as a person would type it.
    pub text: String,
    /// Its exit status.
    pub status: u8,
    /// When it was started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// What is attested beside the record of the run.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The project.
    pub project: String,
    /// The digest of the image set.
    pub image_set: String,
    /// Its members: by name, SHA-256 digests.
    pub images: BTreeMap<String, String>,
    /// The environment's template.
    pub template: TemplateSeen,
    /// The template of its front.
    pub front: Option<TemplateSeen>,
    /// The page of the build.
    pub build: Option<String>,
    /// When the environment was last looked at.
    pub ended: Timestamp,
}

/// The statement that a run has passed with all its commands.
///
/// # Panics
///
/// Never: the predicate's keys are texts.
#[must_use]
pub fn passed(run: &Run, evidence: Evidence) -> Statement {
    let Evidence { project, image_set, images, template, front, build, ended } = evidence;
    let templates = [Some(("template", &template)), front.as_ref().map(|it| ("front", it))];
    let configuration = templates.into_iter().flatten().map(|(name, seen)| Resource {
        name: Some(name.to_owned()),
        ..Resource::with_digest("blake3", &seen.digest().0)
    });
    let predicate = TestResult {
        result: Result::Passed,
        configuration: configuration.collect(),
        url: build,
        passed_tests: run.commands.iter().map(|it| it.text.clone()).collect(),
        failed_tests: Vec::new(),
        greenroom: About {
            project,
            stage: run.stage.clone(),
            environment: run.environment.clone(),
            matrix: run.matrix.clone(),
            image_set,
            template,
            front,
            commands: run.commands.iter().map(Command::of).collect(),
            started: run.started,
            ended,
            written_by: concat!("greenroom ", env!("CARGO_PKG_VERSION")).to_owned(),
        },
    };
    let predicate = serde_json::to_value(predicate).expect("its keys are texts");
    Statement::about(&images, TEST_RESULT, predicate)
}

impl Command {
    fn of(command: &crate::record::Command) -> Command {
        let crate::record::Command { text, started, ended, status, error: _ } = command;
        Command { text: text.clone(), status: *status, started: *started, ended: *ended }
    }
}
