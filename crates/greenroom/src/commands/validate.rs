//! `greenroom validate`: every mistake of all files, and of the plans that they make.

use greenroom_apply::{Planned, Workbench};
use greenroom_delivery::project::{Inputs, PlaceError, Project, environment_name, given, in_order};
use greenroom_delivery::wanted::{WantedError, check, no_stage, variables, wanted};
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Scope;
use greenroom_spec::diagnostic::Diagnostic;

use super::prepare::specs_workbench;
use crate::cli::ValidateArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::diagnostics::Diagnostics;
use crate::view::notice::Notice;
use crate::view::words::counted;

pub(super) async fn run(args: ValidateArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.project()?;
    let stages = stages(&project, args.stage.as_deref())?;
    let name = environment_name(args.environment.env.as_deref(), |name| std::env::var(name).ok());
    let environment = Scope::environment(&name).map_err(PlaceError::from)?;
    let workbench = specs_workbench(context, &project);
    let mut diagnostics = project.diagnostics.clone();
    for stage in &stages {
        // With several stages, a value may be meant for another one.
        let inputs = if stages.len() == 1 { args.inputs.given() } else { Inputs::default() };
        let environment = environment.clone();
        diagnostics.extend(validate(&mut project, &workbench, stage, environment, &inputs).await?);
    }
    if stages.len() != 1 {
        // Files that cannot be read are mistakes all the same.
        given(&args.inputs.given(), variables(), &mut project.sources, &mut diagnostics);
    }
    finish(context, project, in_order(diagnostics), stages.len())
}

fn stages(project: &Project, only: Option<&str>) -> Result<Vec<String>, Failure> {
    match only {
        None => Ok(project.spec.stages.keys().map(ToString::to_string).collect()),
        Some(name) if project.stage(name).is_some() => Ok(vec![name.to_owned()]),
        Some(name) => Err(no_stage(&project.spec, name).into()),
    }
}

async fn validate(
    project: &mut Project,
    workbench: &Workbench,
    stage: &str,
    environment: Scope,
    inputs: &Inputs,
) -> Result<Vec<Diagnostic>, Failure> {
    let spec = project.stage(stage);
    let environment = spec.and_then(|it| it.template.as_ref()).map(|_| environment);
    let borrows = spec.is_some_and(|it| it.front_of.is_some());
    let mut wanted = wanted(project, stage, environment, inputs, Missing::Pending);
    // What a borrowed front gives is known only to its state.
    if let Some(desired) = wanted.desired.filter(|_| !borrows) {
        match check(project, workbench, desired).await? {
            Planned::Plan(_, warnings, _) => wanted.diagnostics.extend(warnings),
            Planned::Mistakes(mistakes) => wanted.diagnostics.extend(mistakes),
        }
    }
    Ok(wanted.diagnostics)
}

fn finish(
    context: &Context,
    project: Project,
    diagnostics: Vec<Diagnostic>,
    stages: usize,
) -> Result<Exit, Failure> {
    if diagnostics.iter().any(Diagnostic::is_error) {
        let sources = Box::new(project.sources);
        return Err(WantedError::Mistakes { diagnostics, sources }.into());
    }
    let sources = &project.sources;
    context.console.tell(&Diagnostics { sources, diagnostics: &diagnostics });
    if !context.console.is_json() {
        let name = &project.spec.name.value;
        let text = format!("{name} is valid: {} checked", counted(stages, "stage"));
        context.console.tell(&Notice(text));
    }
    Ok(Exit::Done)
}
