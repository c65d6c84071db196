//! `greenroom pipeline`: the stages as the graph that `needs` makes.

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use greenroom_apply::Workbench;
use greenroom_delivery::command::Output;
use greenroom_delivery::matrix::{Combination, combinations};
use greenroom_delivery::names;
use greenroom_delivery::pipeline::{
    Folder, Runner, Schedule, Selection, drive, inputs, jobs, sources,
};
use greenroom_delivery::project::{Inputs, Project};
use greenroom_delivery::record::{Job, Outcome, Pipeline, Run, Standing};
use greenroom_delivery::run::{Stop, run as run_job};
use greenroom_delivery::wanted::{WantedError, ephemeral, wanted};
use greenroom_engine::resolve::Missing;
use greenroom_spec::diagnostic::Diagnostic;

use super::job::{Order, deliveries};
use super::run::stopped_by_signals;
use super::write;
use crate::cli::PipelineArgs;
use crate::console::Console;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::board::Board;
use crate::progress::{Progress, Screen};
use crate::report;
use crate::view::pipeline::PipelineView;

/// The name of a run, and of its environments, where no build server gives one.
const UNNAMED: &str = "pipeline";

const REPORT: &str = "report.html";

pub(super) async fn run(args: PipelineArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.sound_project()?;
    let selection = Selection { from: args.from.clone(), only: args.only.clone() };
    let mut jobs = jobs(&project.spec, &selection)?;
    let given = args.inputs.given();
    check(&mut project, &jobs, &given)?;
    let variable = |name: &str| std::env::var(name).ok();
    let name = names::environment(args.environment.env.as_deref(), variable);
    let name = name.unwrap_or_else(|| UNNAMED.to_owned());
    let folder = Folder::open(&project.folder, &name)?;
    if let Some(sources) = sources(&project.folder) {
        jobs.iter_mut().for_each(|job| job.inputs = inputs(&sources, &given, job));
    }
    let now = jiff::Timestamp::now();
    let mut schedule = Schedule::new(&project.spec.name.value, &name, jobs, args.keep_going, now);
    if let Some(earlier) = folder.earlier() {
        schedule.reuse(&earlier);
    }
    let pipeline = Stages {
        workbench: context.reader(&project).await?,
        board: Board::new(context.console.clone(), schedule.record()),
        stop: Stop::default(),
        context,
        args: &args,
        project,
        given,
        name,
        folder,
    };
    let board = pipeline.board.clone();
    let finish =
        format!("{} for each stage", context.command(&["down", "STAGE", "--env", &pipeline.name]));
    stopped_by_signals(&pipeline.stop, finish, move |text| board.say(&text))?;
    let record = drive(schedule, args.jobs, &pipeline.stop, &pipeline).await;
    pipeline.finish(record)
}

/// Whether all selected stages can be run: mistakes come before anything is made.
fn check(project: &mut Project, jobs: &[Job], given: &Inputs) -> Result<(), Failure> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for job in jobs.iter().filter(|it| it.standing != Standing::Skipped) {
        let Some(stage) = project.stage(&job.stage) else { continue };
        if stage.has_templates() {
            ephemeral(project, &job.stage)?;
            let scope = greenroom_model::address::Scope::environment(UNNAMED).ok();
            let mut one = project.clone();
            combination(project, job)?.put_into(&mut one, &job.stage);
            diagnostics
                .extend(wanted(&mut one, &job.stage, scope, given, Missing::Refuse).diagnostics);
            project.sources = one.sources;
        }
    }
    match diagnostics.iter().any(Diagnostic::is_error) {
        true => {
            let diagnostics = greenroom_delivery::project::in_order(diagnostics);
            let sources = Box::new(project.sources.clone());
            Err(WantedError::Mistakes { diagnostics, sources }.into())
        }
        false => Ok(()),
    }
}

/// The combination of its stage's matrix that a job is for.
fn combination(project: &Project, job: &Job) -> Result<Combination, Failure> {
    let all = project.stage(&job.stage).map(|it| combinations(it, &[])).transpose()?;
    let its = all.into_iter().flatten().find(|it| it.values == job.matrix);
    Ok(its.unwrap_or_default())
}

/// A pipeline's stages, run in this process.
struct Stages<'a> {
    context: &'a Context,
    args: &'a PipelineArgs,
    project: Project,
    given: Inputs,
    name: String,
    folder: Folder,
    workbench: Workbench,
    board: Arc<Board>,
    stop: Stop,
}

impl Runner for Stages<'_> {
    fn run<'a>(&'a self, schedule: &mut Schedule, at: usize) -> LocalBoxFuture<'a, Run> {
        let job = schedule.record().jobs[at].clone();
        let log = self.folder.log(&job.name);
        if let Ok((_, file)) = &log {
            schedule.logs_to(at, file.clone());
        }
        let image_set = self.given.image_set.clone().or_else(|| schedule.image_set_for(at));
        async move {
            self.board.begin(at);
            let run = match log {
                Ok((log, file)) => match self.one(at, &job, image_set, log).await {
                    Ok(run) => {
                        self.board.end(at, &run, &self.folder.path().join(file));
                        return run;
                    }
                    Err(failure) => Run::not_started(&job.stage, failure.to_string()),
                },
                Err(error) => {
                    Run::not_started(&job.stage, format!("its log cannot be written: {error}"))
                }
            };
            self.board.end(at, &run, Path::new(""));
            run
        }
        .boxed_local()
    }

    fn changed(&self, record: &Pipeline) {
        self.board.changed(record);
        if let Err(error) = self.folder.save(record) {
            self.board.say(&format!("the record of this pipeline cannot be written: {error}"));
        }
    }
}

impl Stages<'_> {
    async fn one(
        &self,
        at: usize,
        job: &Job,
        image_set: Option<String>,
        log: std::fs::File,
    ) -> Result<Run, Failure> {
        let console = Arc::new(Console::of_log(&log).map_err(Failure::System)?);
        let progress = Progress::start(console.clone());
        let order = Order {
            stage: &job.stage,
            build: &self.name,
            combination: combination(&self.project, job)?,
            inputs: Inputs { image_set, ..self.given.clone() },
            command: &[],
            output: Output::File(log),
            keep: false,
            waits: !self.args.no_wait,
            deliveries: match self.project.stage(&job.stage) {
                Some(stage) => {
                    deliveries(self.context, &self.project, stage, &self.workbench).await?
                }
                None => None,
            },
        };
        let workbench = Workbench {
            observer: progress.observer(),
            parallelism: self.args.pace.parallelism,
            ..self.workbench.clone()
        };
        let work = order.job(self.context, &self.project, workbench)?;
        let board = self.board.clone();
        let screen = Screen::new(console.clone(), &progress, &work)
            .with(move |phase, text| board.phase(at, phase, text));
        let run = run_job(work, &self.stop, &screen).await;
        progress.quiet();
        console.tell(&crate::view::stage::RunView(run.clone()));
        Ok(run)
    }

    /// Writes the reports, and tells how it ended.
    fn finish(&self, record: Pipeline) -> Result<Exit, Failure> {
        self.board.close();
        let page = self.folder.path().join(REPORT);
        write("write", &page, report::html(&record).as_bytes())?;
        if let Some(file) = &self.args.junit {
            let text = report::junit(&record).map_err(Failure::Junit)?;
            write("write", file, text.as_bytes())?;
        }
        if let Some(file) = &self.args.result {
            let text = serde_json::to_string_pretty(&record).expect("records have text keys");
            write("write", file, (text + "\n").as_bytes())?;
        }
        let cancelled = self.stop.work.is_cancelled();
        let passed = record.passed();
        self.context.console.data(&PipelineView { record, report: page.display().to_string() });
        Ok(match (cancelled, passed) {
            (true, _) => Exit::Run(Outcome::Cancelled.code(None)),
            (false, true) => Exit::Done,
            (false, false) => Exit::Error,
        })
    }
}
