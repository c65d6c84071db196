//! From a stage on the command line, or in a pipeline, to a job.

use std::ffi::OsString;

use greenroom_apply::Workbench;
use greenroom_delivery::attest::signing::signing_key;
use greenroom_delivery::command::{CommandLine, Output};
use greenroom_delivery::matrix::Combination;
use greenroom_delivery::project::{Inputs, Project};
use greenroom_delivery::run::{Deliveries, Job};
use greenroom_spec::project::Stage;

use crate::context::Context;
use crate::failure::Failure;
use crate::invocation;

/// What to run.
pub(super) struct Order<'a> {
    /// The stage, which the project has.
    pub(super) stage: &'a str,
    /// The name of the build, and of its environments.
    pub(super) build: &'a str,
    /// One combination of the stage's matrix.
    pub(super) combination: Combination,
    /// What the specs are given.
    pub(super) inputs: Inputs,
    /// The command instead of the stage's own.
    pub(super) command: &'a [OsString],
    /// Where the commands' output goes.
    pub(super) output: Output,
    /// Leave the environment up.
    pub(super) keep: bool,
    /// Wait for a place.
    pub(super) waits: bool,
    /// What the stage publishes and bakes.
    pub(super) deliveries: Option<Deliveries>,
}

impl Order<'_> {
    /// The job.
    pub(super) fn job(
        self,
        context: &Context,
        project: &Project,
        workbench: Workbench,
    ) -> Result<Job, Failure> {
        let mut project = project.clone();
        self.combination.put_into(&mut project, self.stage);
        let stage = project.stage(self.stage);
        let environment = self.combination.environment(self.build);
        let has_environment = stage.is_some_and(Stage::has_templates);
        let place = match has_environment {
            true => Some(context.place(&project, self.stage, Some(&environment))?),
            false => None,
        };
        let own = stage.map(|it| it.run.as_slice()).unwrap_or_default();
        let words: Vec<String> =
            self.command.iter().map(|it| it.to_string_lossy().into_owned()).collect();
        let commands = match CommandLine::words(self.command, invocation::join(&words)) {
            Some(given) => vec![given],
            None => own.iter().map(|it| CommandLine::shell(&it.value, &project.folder)).collect(),
        };
        let signing_key = signing_key(&project, |name| std::env::var(name).ok())?;
        let must_attest = stage.and_then(|it| it.attest.as_ref()).is_some_and(|it| it.value);
        if must_attest && signing_key.is_none() {
            return Err(Failure::NoSigningKey(self.stage.to_owned()));
        }
        Ok(Job {
            stage: self.stage.to_owned(),
            place,
            matrix: self.combination.values,
            inputs: self.inputs,
            commands,
            output: self.output,
            keep: self.keep,
            waits: self.waits,
            deliveries: self.deliveries,
            signing_key,
            workbench,
            holder: context.holder(),
            down_command: context.command(&["down", self.stage, "--env", &environment]),
            project,
        })
    }
}

/// What a stage publishes and bakes; none if that is nothing.
pub(super) async fn deliveries(
    context: &Context,
    project: &Project,
    stage: &Stage,
    workbench: &Workbench,
) -> Result<Option<Deliveries>, Failure> {
    if stage.publish.is_empty() && stage.bake.is_empty() {
        return Ok(None);
    }
    let bench = context.bench(project, workbench.clone()).await?;
    Ok(Deliveries::of(stage, context.publisher(), bench))
}
