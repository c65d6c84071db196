//! Which job of a pipeline may start when: a state machine over what has ended.

use std::collections::BTreeSet;

use greenroom_spec::project::Project;
use jiff::Timestamp;

use crate::matrix::combinations;
use crate::record::{FORMAT, Job, Outcome, Pipeline, Run, Standing, What};
use crate::wanted::{WantedError, no_stage};

/// Which of a project's stages are run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Begin with this stage: it, and all that need it.
    pub from: Option<String>,
    /// These stages alone.
    pub only: Vec<String>,
}

/// The jobs of `project` that are selected, each after those that it needs.
///
/// What is not selected is taken as passed. A stage that promotes is not run by a pipeline.
///
/// # Errors
///
/// [`WantedError::NoStage`] for a name that the project does not have.
pub fn jobs(project: &Project, selection: &Selection) -> Result<Vec<Job>, WantedError> {
    for name in selection.from.iter().chain(&selection.only) {
        if !project.stages.contains_key(&**name) {
            return Err(no_stage(project, name));
        }
    }
    let order = in_order(project);
    let selected = selected(project, &order, selection);
    let mut jobs = Vec::new();
    for name in order.iter().filter(|name| selected.contains(**name)) {
        let stage = &project.stages[*name];
        let promotes = stage.promotion.is_some();
        for combination in combinations(stage, &[]).unwrap_or_default() {
            let values = combination.to_string();
            jobs.push(Job {
                name: match values.is_empty() {
                    true => (*name).to_owned(),
                    false => format!("{name} ({values})"),
                },
                stage: (*name).to_owned(),
                matrix: combination.values,
                needs: stage.needs.iter().map(|it| it.value.to_string()).collect(),
                standing: if promotes { Standing::Skipped } else { Standing::Waiting },
                reason: promotes.then(|| "it promotes, which a pipeline does not".to_owned()),
                inputs: None,
                log: None,
                run: None,
            });
        }
    }
    Ok(jobs)
}

/// The stages, each after those that it needs; among equals by name.
fn in_order(project: &Project) -> Vec<&str> {
    let mut order: Vec<&str> = Vec::new();
    // Stages form no circle, so that each round finds one.
    while order.len() < project.stages.len() {
        let is_next = |name: &str| {
            let needs = &project.stages[name].needs;
            !order.contains(&name)
                && needs.iter().all(|it| {
                    order.contains(&&*it.value) || !project.stages.contains_key(&it.value)
                })
        };
        match project.stages.keys().map(|it| &**it).find(|name| is_next(name)) {
            Some(next) => order.push(next),
            None => break,
        }
    }
    order
}

fn selected<'a>(project: &Project, order: &[&'a str], selection: &Selection) -> BTreeSet<&'a str> {
    let mut after: BTreeSet<&str> = BTreeSet::new();
    for name in order {
        let needs = &project.stages[*name].needs;
        let is_first = selection.from.as_deref().is_none_or(|from| from == *name);
        if is_first || needs.iter().any(|it| after.contains(&*it.value)) {
            after.insert(name);
        }
    }
    let is_asked_for =
        |name: &str| selection.only.is_empty() || selection.only.iter().any(|only| only == name);
    after.into_iter().filter(|name| is_asked_for(name)).collect()
}

/// A pipeline under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    record: Pipeline,
    /// Whether what needs a failed job is run all the same.
    keep_going: bool,
    cancelled: bool,
}

impl Schedule {
    /// The schedule of `jobs` for a pipeline that begins at `now`.
    #[must_use]
    pub fn new(
        project: &str,
        name: &str,
        jobs: Vec<Job>,
        keep_going: bool,
        now: Timestamp,
    ) -> Schedule {
        let record = Pipeline {
            format: FORMAT,
            written_by: greenroom_store::WRITTEN_BY.to_owned(),
            project: project.to_owned(),
            name: name.to_owned(),
            started: now,
            ended: None,
            jobs,
        };
        Schedule { record, keep_going, cancelled: false }
    }

    /// What was done so far.
    #[must_use]
    pub fn record(&self) -> &Pipeline {
        &self.record
    }

    /// Takes over what passed in an earlier run that was interrupted, where its inputs are known
    /// and the same, and those of all that it needs are, too.
    pub fn reuse(&mut self, earlier: &Pipeline) {
        if earlier.is_finished() {
            return;
        }
        for at in 0..self.record.jobs.len() {
            let job = &self.record.jobs[at];
            let same = |it: &&Job| it.name == job.name && it.inputs == job.inputs;
            let passed = |it: &&Job| matches!(it.standing, Standing::Passed | Standing::Reused);
            let before = earlier.jobs.iter().filter(passed).find(same);
            let needs_reused = job
                .needs
                .iter()
                .all(|stage| self.of_stage(stage).all(|it| it.standing == Standing::Reused));
            let Some(before) = before.filter(|_| job.inputs.is_some() && needs_reused) else {
                continue;
            };
            let (run, log) = (before.run.clone(), before.log.clone());
            let job = &mut self.record.jobs[at];
            job.standing = Standing::Reused;
            job.reason = Some("in a run that was interrupted, with the same inputs".to_owned());
            (job.run, job.log) = (run, log);
        }
    }

    /// Jobs that may start now; at most `limit` run at a time. They count as running from here on.
    pub fn start(&mut self, limit: usize) -> Vec<usize> {
        self.skip_what_cannot_run();
        let mut free = limit.saturating_sub(self.running());
        let mut started = Vec::new();
        for at in 0..self.record.jobs.len() {
            if free > 0 && self.is_ready(at) {
                self.record.jobs[at].standing = Standing::Running;
                started.push(at);
                free -= 1;
            }
        }
        started
    }

    /// A job has ended.
    pub fn ended(&mut self, at: usize, run: Run) {
        let passed = run.outcome == Outcome::Passed;
        let job = &mut self.record.jobs[at];
        job.standing = if passed { Standing::Passed } else { Standing::Failed };
        job.run = Some(run);
        self.skip_what_cannot_run();
    }

    /// Nothing more is started.
    pub fn cancel(&mut self) {
        self.cancelled = true;
        self.skip_what_cannot_run();
    }

    /// The pipeline has ended, at `now`.
    pub fn finish(&mut self, now: Timestamp) {
        self.record.ended = Some(now);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// The file in which a job's output is kept.
    pub fn logs_to(&mut self, at: usize, file: std::path::PathBuf) {
        self.record.jobs[at].log = Some(file);
    }

    /// The image set that the stages which a job needs, however far, have baked.
    #[must_use]
    pub fn image_set_for(&self, at: usize) -> Option<String> {
        let mut needed: BTreeSet<&str> = BTreeSet::new();
        let mut wanted: Vec<&str> = vec![&self.record.jobs[at].stage];
        while let Some(stage) = wanted.pop() {
            if needed.insert(stage) {
                wanted
                    .extend(self.of_stage(stage).flat_map(|job| job.needs.iter().map(|it| &**it)));
            }
        }
        // Jobs come after those that they need, so that the last has baked last.
        let baked = self.record.jobs.iter().rev().filter(|job| needed.contains(&*job.stage));
        let baked = baked.filter_map(|job| job.run.as_ref());
        baked
            .filter(|run| run.deliveries.iter().any(|it| it.what == What::Bake))
            .find_map(|run| run.image_set.clone())
    }

    fn running(&self) -> usize {
        self.record.jobs.iter().filter(|it| it.standing == Standing::Running).count()
    }

    fn of_stage<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = &'a Job> {
        self.record.jobs.iter().filter(move |it| it.stage == stage)
    }

    fn is_ready(&self, at: usize) -> bool {
        let job = &self.record.jobs[at];
        let over = |it: &Job| !matches!(it.standing, Standing::Waiting | Standing::Running);
        job.standing == Standing::Waiting
            && job.needs.iter().all(|stage| self.of_stage(stage).all(over))
    }

    /// Jobs come after those that they need, so that one pass reaches all.
    fn skip_what_cannot_run(&mut self) {
        for at in 0..self.record.jobs.len() {
            let reason = self.obstacle(at);
            let job = &mut self.record.jobs[at];
            if let (Standing::Waiting, Some(reason)) = (job.standing, reason) {
                job.standing = Standing::Skipped;
                job.reason = Some(reason);
            }
        }
    }

    /// Why a job that waits cannot run any more.
    fn obstacle(&self, at: usize) -> Option<String> {
        if self.cancelled {
            return Some("the pipeline was cancelled".to_owned());
        }
        let bad = |it: &&Job| matches!(it.standing, Standing::Failed | Standing::Skipped);
        let needs = self.record.jobs[at].needs.iter();
        let needed = needs.flat_map(|stage| self.of_stage(stage)).find(bad);
        let needed = needed.filter(|_| !self.keep_going)?;
        Some(format!("it needs {}, which {}", needed.name, did(needed)))
    }
}

fn did(job: &Job) -> &'static str {
    match job.standing {
        Standing::Failed => "did not pass",
        _ => "was not run",
    }
}

impl Pipeline {
    /// Whether it came to its end: it was neither interrupted nor cancelled.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let cancelled =
            |it: &Job| it.run.as_ref().is_some_and(|run| run.outcome == Outcome::Cancelled);
        self.ended.is_some() && !self.jobs.iter().any(cancelled)
    }

    /// Whether no job failed, and none that could have passed was skipped.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.jobs.iter().all(|it| it.standing != Standing::Failed)
    }
}

#[cfg(test)]
mod tests;
