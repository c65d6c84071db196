//! Pipelines: what becomes of jobs, and how they ended.

use greenroom_delivery::record::{Job, Pipeline, Standing};
use serde_json::{Value as Json, json};

use super::stage::{Phase, verdict};
use super::words::{counted, elapsed};
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// A job has come further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobChanged {
    /// Its name.
    pub(crate) name: String,
    /// How far it has come.
    pub(crate) standing: Standing,
    /// The phase of its run.
    pub(crate) phase: Option<Phase>,
    /// A sentence about it.
    pub(crate) reason: Option<String>,
}

impl JobChanged {
    /// How far a job has come.
    pub(crate) fn of(job: &Job) -> JobChanged {
        let (name, standing, reason) = (job.name.clone(), job.standing, job.reason.clone());
        JobChanged { name, standing, phase: None, reason }
    }
}

impl Message for JobChanged {
    fn kind(&self) -> Kind {
        Kind::JobChanged
    }

    fn fields(&self) -> Fields {
        fields(json!({
            "name": self.name,
            "standing": self.standing,
            "phase": self.phase.map(Phase::as_str),
            "reason": self.reason,
        }))
    }

    fn text(&self, palette: Palette) -> String {
        match (&self.phase, &self.reason) {
            // The name is part of the sentence.
            (Some(_), Some(reason)) => format!("{reason}\n"),
            (_, reason) => {
                let reason = reason.iter().map(|it| format!(": {it}")).collect::<String>();
                let word = palette.paint(tone(self.standing), word(self.standing));
                format!("{}: {word}{reason}\n", self.name)
            }
        }
    }
}

/// How far a job has come, in a word.
pub(crate) fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Waiting => "waiting",
        Standing::Running => "running",
        Standing::Passed => "passed",
        Standing::Reused => "passed before",
        Standing::Failed => "failed",
        Standing::Skipped => "skipped",
    }
}

fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Passed | Standing::Reused => Tone::Good,
        Standing::Failed => Tone::Bad,
        Standing::Skipped => Tone::Faint,
        Standing::Waiting | Standing::Running => Tone::Plain,
    }
}

/// How a pipeline ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PipelineView {
    /// What was done.
    pub(crate) record: Pipeline,
    /// The file with the report.
    pub(crate) report: String,
}

impl Message for PipelineView {
    fn kind(&self) -> Kind {
        Kind::PipelineResult
    }

    fn fields(&self) -> Fields {
        let record = serde_json::to_value(&self.record).unwrap_or(Json::Null);
        fields(json!({
            "passed": self.record.passed(),
            "record": record,
            "report": self.report,
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let record = &self.record;
        let width = record.jobs.iter().map(|it| it.name.chars().count()).max().unwrap_or_default();
        let mut text: String = record.jobs.iter().map(|it| line(it, width, palette)).collect();
        let count = |standing| record.jobs.iter().filter(|it| it.standing == standing).count();
        let passed = count(Standing::Passed) + count(Standing::Reused);
        let took = record.ended.unwrap_or(record.started).duration_since(record.started);
        let (word, tone) = match record.passed() {
            true => ("Passed:", Tone::Good),
            false => ("Failed:", Tone::Bad),
        };
        text.push_str(&format!(
            "{} {} of {} in {}.\n",
            palette.paint(tone, word),
            passed,
            counted(record.jobs.len(), "job"),
            elapsed(took.unsigned_abs()),
        ));
        text + &format!("Report: {}\n", self.report)
    }
}

fn line(job: &Job, width: usize, palette: Palette) -> String {
    let mut text = format!("{:width$}  ", job.name);
    text.push_str(&palette.paint(tone(job.standing), word(job.standing)));
    if let Some(run) = &job.run {
        let took = elapsed(run.ended.duration_since(run.started).unsigned_abs());
        text.push_str(&format!(" in {took}"));
        if job.standing == Standing::Failed {
            text.push_str(&format!(": {}", verdict(run.outcome).to_lowercase()));
        }
        if let Some(remains) = &run.remains {
            text.push_str(&format!("; to remove what is left: {remains}"));
        }
    }
    if let Some(reason) = &job.reason {
        text.push_str(&format!(": {reason}"));
    }
    text + "\n"
}
