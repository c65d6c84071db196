//! `greenroom run`: up, the commands, always down. The exit status is the commands' own; ours lie in
//! 120 to 125.

use std::path::Path;

use greenroom_apply::Workbench;
use greenroom_delivery::command::Output;
use greenroom_delivery::matrix::combinations;
use greenroom_delivery::names;
use greenroom_delivery::record::{Outcome, Run};
use greenroom_delivery::run::{Stop, run as run_job};
use greenroom_delivery::wanted::no_stage;

use super::job::{Order, deliveries};
use super::write;
use crate::cli::RunArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::{Progress, Screen};
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
    let stage = project.stage(&args.stage);
    let stage = stage.ok_or_else(|| no_stage(&project.spec, &args.stage))?;
    let combinations = combinations(stage, &args.matrix)?;
    let variable = |name: &str| std::env::var(name).ok();
    let build = match names::environment(args.environment.env.as_deref(), variable) {
        Some(name) => name,
        None => names::random().map_err(Failure::System)?,
    };
    let reader = context.reader(&project).await?;
    let progress = Progress::start(context.console.clone());
    let stop = Stop::default();
    let voice = progress.voice();
    let finish = context.command(&["down", &args.stage, "--env", &build]);
    stopped_by_signals(&stop, finish, move |text| voice.say(text))?;
    let mut runs = Vec::new();
    for combination in combinations {
        let order = Order {
            stage: &args.stage,
            build: &build,
            combination,
            inputs: args.inputs.given(),
            command: &args.command,
            output: if context.console.is_json() { Output::Error } else { Output::Inherited },
            keep: args.keep,
            waits: !args.no_wait,
            deliveries: deliveries(context, &project, stage, &reader).await?,
        };
        let workbench = Workbench {
            observer: progress.observer(),
            parallelism: args.pace.parallelism,
            ..reader.clone()
        };
        let job = order.job(context, &project, workbench)?;
        let screen = Screen::new(context.console.clone(), &progress, &job);
        runs.push(run_job(job, &stop, &screen).await);
        progress.quiet();
        if stop.work.is_cancelled() {
            break;
        }
    }
    Ok(runs)
}

/// Lets the first signal cancel what runs, so that it goes on to tear down, and the second leave,
/// with the command that finishes it.
pub(super) fn stopped_by_signals(
    stop: &Stop,
    finish: String,
    say: impl Fn(String) + Clone + Send + 'static,
) -> Result<(), Failure> {
    let (last, abort) = (say.clone(), stop.clone());
    let stop = stop.clone();
    let first = move || {
        say("cancelled by a signal: what is up goes down; a second one leaves at once".to_owned());
        stop.work.cancel();
    };
    let second = move || {
        last(format!("leaving at once; to remove what is left: {finish}"));
        abort.abort();
    };
    let exit = Exit::Run(Outcome::Cancelled.code(None));
    signals::watch(first, second, exit).map_err(Failure::System)
}

/// Writes the records of the runs: one object, or a list if the stage has a matrix.
fn save(runs: &[Run], path: &Path) -> Result<(), Failure> {
    let text = match runs {
        [run] => serde_json::to_string_pretty(run),
        runs => serde_json::to_string_pretty(runs),
    };
    let text = text.expect("records have text keys");
    write("write the result to", path, (text + "\n").as_bytes())
}
