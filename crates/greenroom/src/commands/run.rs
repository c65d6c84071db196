//! `greenroom run`: up, the commands, always down. The exit status is the commands' own; ours lie in
//! 120 to 125.

use std::path::Path;

use greenroom_delivery::command::{CommandLine, Output};
use greenroom_delivery::matrix::{Combination, combinations};
use greenroom_delivery::names;
use greenroom_delivery::project::Project;
use greenroom_delivery::record::{Outcome, Run};
use greenroom_delivery::replace::replace;
use greenroom_delivery::run::{Job, Stop, run as run_job};

use crate::cli::RunArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::progress::Screen;
use crate::signals;
use crate::view::stage::RunView;

pub(super) async fn run(args: RunArgs, context: &Context) -> Result<Exit, Failure> {
    let runs = match run_all(&args, context).await {
        Ok(runs) => runs,
        // No command was run: its status must not be mistaken for one's.
        Err(failure) => {
            context.console.tell(&failure);
            return Ok(Exit::Run(Outcome::NotUp.code(None)));
        }
    };
    for run in &runs {
        context.console.tell(&RunView(run.clone()));
    }
    if let Some(file) = &args.result {
        save(&runs, file)?;
    }
    let failed = runs.iter().find(|run| run.outcome != Outcome::Passed);
    Ok(Exit::Run(failed.map_or(0, |run| run.exit)))
}

/// Runs each combination of the stage's matrix, one after the other. A cancelled one is the last.
async fn run_all(args: &RunArgs, context: &Context) -> Result<Vec<Run>, Failure> {
    let project = context.sound_project()?;
    let Some(stage) = project.stage(&args.stage) else {
        let (name, help) = (args.stage.clone(), project.stage_help(&args.stage));
        return Err(Failure::NoStage { name, help });
    };
    let combinations = combinations(stage, &args.matrix)?;
    let name = match names::environment(args.environment.env.as_deref(), |name| {
        std::env::var(name).ok()
    }) {
        Some(name) => name,
        None => names::random().map_err(Failure::System)?,
    };
    let stop = Stop::default();
    let mut runs = Vec::new();
    for combination in combinations {
        let progress = Progress::start(context.console.clone());
        if runs.is_empty() {
            listen(&progress, &stop)?;
        }
        let job = job(args, context, &project, &name, combination, &progress).await?;
        let screen = Screen::new(context.console.clone(), &progress, &job);
        let run = run_job(job, &stop, &screen).await;
        progress.quiet();
        runs.push(run);
        if stop.work.is_cancelled() {
            break;
        }
    }
    Ok(runs)
}

async fn job(
    args: &RunArgs,
    context: &Context,
    project: &Project,
    name: &str,
    combination: Combination,
    progress: &Progress,
) -> Result<Job, Failure> {
    let mut project = project.clone();
    combination.put_into(&mut project, &args.stage);
    let stage = project.stage(&args.stage);
    let name = combination.environment(name);
    let has_environment = stage.is_some_and(|it| it.template.is_some() || it.front.is_some());
    let place = match has_environment {
        true => Some(context.place(&project, &args.stage, Some(&name))?),
        false => None,
    };
    let own = stage.map(|it| it.run.as_slice()).unwrap_or_default();
    let commands = match CommandLine::words(&args.command) {
        Some(given) => vec![given],
        None => own.iter().map(|it| CommandLine::shell(&it.value, &project.folder)).collect(),
    };
    let store = context.store(&project).await?;
    let workbench = context.workbench(&project, store, progress.observer(), args.pace.parallelism);
    Ok(Job {
        stage: args.stage.clone(),
        place,
        matrix: combination.values,
        inputs: args.inputs.given(),
        commands,
        output: if context.console.is_json() { Output::Error } else { Output::Inherited },
        keep: args.keep,
        waits: !args.no_wait,
        workbench,
        holder: context.holder(),
        down_command: context.command(&["down", &args.stage, "--env", &name]),
        project,
    })
}

fn listen(progress: &Progress, stop: &Stop) -> Result<(), Failure> {
    let (voice, stop) = (progress.voice(), stop.clone());
    let (last, abort) = (voice.clone(), stop.clone());
    let first = move || {
        voice.say("cancelled by a signal; a second one leaves at once".to_owned());
        stop.work.cancel();
    };
    let second = move || {
        last.say("leaving at once".to_owned());
        abort.abort();
    };
    let exit = Exit::Run(Outcome::Cancelled.code(None));
    signals::watch(first, second, exit).map_err(Failure::System)
}

/// Writes the records of the runs: one object, or a list if the stage has a matrix.
fn save(runs: &[Run], path: &Path) -> Result<(), Failure> {
    let failed =
        |source| Failure::File { action: "write the result to", path: path.to_owned(), source };
    let text = match runs {
        [run] => serde_json::to_string_pretty(run),
        runs => serde_json::to_string_pretty(runs),
    };
    let text = text.expect("records have text keys");
    replace(path, (text + "\n").as_bytes()).map_err(failed)
}
