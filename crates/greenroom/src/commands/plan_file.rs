//! Plan files: told from stages, read, and applied exactly as they are.

use std::path::{Path, PathBuf};

use greenroom_delivery::project::{Inputs, PlaceError, Project};
use greenroom_delivery::wanted::wanted;
use greenroom_engine::format;
use greenroom_engine::format::plan::seal;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::resolve::Missing;
use greenroom_model::plan::{Plan, Purpose};
use greenroom_model::state::State;
use greenroom_store::StateName;

use super::carry_out::Undertaking;
use crate::cli::ApplyArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What a word on the command line stands for.
pub(super) enum Subject {
    /// A stage.
    Stage,
    /// A plan file.
    File(PathBuf),
}

/// What `word` stands for. A stage wins; `./word` is the file.
pub(super) fn subject(project: &Project, word: &str) -> Result<Subject, Failure> {
    if project.stage(word).is_some() {
        return Ok(Subject::Stage);
    }
    if Path::new(word).is_file() {
        return Ok(Subject::File(word.into()));
    }
    // What cannot be a stage's name was meant for a file.
    if word.contains(['/', '.']) {
        let help = project.stage_help(word);
        return Err(Failure::NoTarget { name: word.to_owned(), help });
    }
    Ok(Subject::Stage)
}

/// Reads a plan file.
pub(super) fn read(file: &Path) -> Result<Plan, Failure> {
    let bytes = std::fs::read(file).map_err(|source| Failure::File {
        action: "read",
        path: file.to_owned(),
        source,
    })?;
    format::plan::decode(&bytes)
        .map_err(|source| Failure::PlanFile { file: file.to_owned(), source })
}

/// Applies a plan file: what it says and nothing else.
pub(super) async fn apply(
    args: &ApplyArgs,
    context: &Context,
    mut project: Project,
    file: &Path,
) -> Result<Exit, Failure> {
    let plan = read(file)?;
    let ours = &project.spec.name.value;
    if plan.project != *ours {
        let (theirs, ours) = (plan.project.to_string(), ours.to_string());
        return Err(Failure::OtherProject { file: file.to_owned(), theirs, ours });
    }
    let state = state(&plan)?;
    // A plan to make everything anew was made before its state was.
    let lineage = Some(plan.lineage.clone());
    let undertaking =
        Undertaking::begin(context, &project, lineage, args.execution, args.detail).await?;
    let session = undertaking.open(&state).await?;
    if session.has_applied(&plan) {
        return undertaking.already_applied(session).await;
    }
    match secrets(&plan, &mut project, &args.inputs.given(), session.state()) {
        Ok(secrets) => undertaking.carry_out(session, plan, secrets).await,
        Err(failure) => {
            undertaking.progress.quiet();
            session.close().await?;
            Err(failure)
        }
    }
}

/// The state that a plan is for.
fn state(plan: &Plan) -> Result<StateName, Failure> {
    let name = match &plan.environment {
        Some(environment) => {
            StateName::environment(&plan.project, &plan.stage, environment.as_str())
        }
        None => StateName::promoted(&plan.project, &plan.stage),
    };
    Ok(name.map_err(PlaceError::from)?)
}

/// The secrets that a plan was made with: the plan file holds their digests alone. They are given
/// again, but for those of sealed environments, which the state keeps.
fn secrets(
    plan: &Plan,
    project: &mut Project,
    inputs: &Inputs,
    state: &State,
) -> Result<Secrets, Failure> {
    let sealed = plan.inputs.values().flat_map(|inputs| inputs.variables.values());
    if !sealed.into_iter().any(|value| value.is_sensitive()) {
        return Ok(Secrets::new());
    }
    let environment = match plan.purpose {
        Purpose::Promote => plan.inputs.keys().find(|it| !it.is_front()).cloned(),
        _ => plan.environment.clone(),
    };
    let wanted = wanted(project, &plan.stage, environment, inputs, Missing::Pending);
    let mut given = wanted.secrets();
    for (scope, inputs) in &plan.inputs {
        let given = given.entry(scope.clone()).or_default();
        let kept = state.scopes.get(scope).map(|it| &it.inputs.variables);
        for (name, sealed) in inputs.variables.iter().filter(|(_, value)| value.is_sensitive()) {
            let value = given.get(name).or_else(|| kept?.get(name)).cloned();
            let value = value.ok_or_else(|| Failure::SecretMissing(name.to_string()))?;
            if seal(&plan.lineage, scope, name, &value) != *sealed {
                return Err(Failure::SecretChanged(name.to_string()));
            }
            given.insert(name.clone(), value);
        }
        given.retain(|name, _| inputs.variables.get(name).is_some_and(|it| it.is_sensitive()));
    }
    Ok(given)
}
