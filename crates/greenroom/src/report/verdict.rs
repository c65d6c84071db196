//! What came of a job, and of a pipeline, in words.

use greenroom_delivery::record::{Job, Outcome, Pipeline, Standing};

use crate::view::words::{counted, number};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    /// It was not run.
    Skipped,
    /// It runs or waits, or did so when the pipeline was cut short.
    Unfinished,
}

impl Verdict {
    /// Of one job.
    pub(super) fn of_job(job: &Job) -> Verdict {
        match job.standing {
            Standing::Passed | Standing::Reused => Verdict::Passed,
            Standing::Failed => Verdict::Failed,
            Standing::Skipped => Verdict::Skipped,
            Standing::Waiting | Standing::Running => Verdict::Unfinished,
        }
    }

    /// Of all jobs together: jobs that were skipped are judged by what they need.
    pub(super) fn of_pipeline(pipeline: &Pipeline) -> Verdict {
        if count(pipeline, Verdict::Failed) > 0 {
            Verdict::Failed
        } else if pipeline.ended.is_none() || count(pipeline, Verdict::Unfinished) > 0 {
            Verdict::Unfinished
        } else {
            Verdict::Passed
        }
    }

    /// One word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Skipped => "skipped",
            Verdict::Unfinished => "unfinished",
        }
    }

    /// A sign for it, which says the same without colour.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Verdict::Passed => "✓",
            Verdict::Failed => "✕",
            Verdict::Skipped => "–",
            Verdict::Unfinished => "…",
        }
    }
}

fn count(pipeline: &Pipeline, verdict: Verdict) -> usize {
    pipeline.jobs.iter().filter(|job| Verdict::of_job(job) == verdict).count()
}

/// How many jobs passed, failed, and so on: `2 of 5 jobs passed, 1 failed, 2 skipped`.
pub(super) fn tally(pipeline: &Pipeline) -> String {
    let jobs = counted(pipeline.jobs.len(), "job");
    let passed = count(pipeline, Verdict::Passed);
    let mut text = format!("{} of {jobs} passed", number(passed));
    for verdict in [Verdict::Failed, Verdict::Skipped, Verdict::Unfinished] {
        let count = count(pipeline, verdict);
        if count > 0 {
            text.push_str(&format!(", {} {}", number(count), verdict.word()));
        }
    }
    text
}

/// Why a job stands where it stands; none if nothing is to be said about it.
pub(super) fn why(job: &Job) -> Option<String> {
    let said = match (job.standing, &job.run) {
        (Standing::Failed, Some(run)) => Some(in_words(run.outcome)),
        (Standing::Reused, _) => Some("taken over from an earlier run with the same inputs"),
        (Standing::Running, _) => Some("it had not ended when this was written"),
        (Standing::Waiting, _) => Some("it had not begun when this was written"),
        _ => None,
    };
    match (said, &job.reason) {
        (Some(said), Some(reason)) => Some(format!("{said}: {reason}")),
        (Some(said), None) => Some(said.to_owned()),
        (None, reason) => reason.clone(),
    }
}

/// How a run ended.
pub(super) fn in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "it passed",
        Outcome::CommandFailed => "a command failed",
        Outcome::NotUp => "the environment did not come up",
        Outcome::GateFailed => "a gate did not pass",
        Outcome::NotDown => "the environment could not be torn down",
        Outcome::NotAttested => "it could not be attested that it passed",
        Outcome::NoPlace => "no place was free",
        Outcome::TimedOut => "it took longer than it may",
        Outcome::Cancelled => "it was cancelled",
        Outcome::NotDelivered => "something was not published or baked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn one_failed_job_fails_the_pipeline() {
        let pipeline = sample::pipeline();
        assert_eq!(Verdict::of_pipeline(&pipeline), Verdict::Failed);
        assert_eq!(tally(&pipeline), "4 of 6 jobs passed, 1 failed, 1 skipped");
    }

    #[test]
    fn a_pipeline_without_an_end_is_unfinished_even_if_all_passed() {
        let mut pipeline = sample::pipeline();
        pipeline.jobs.retain(|job| job.standing == Standing::Passed);
        assert_eq!(Verdict::of_pipeline(&pipeline), Verdict::Passed);
        pipeline.ended = None;
        assert_eq!(Verdict::of_pipeline(&pipeline), Verdict::Unfinished);
    }

    #[test]
    fn a_failed_job_says_what_failed_and_why_it_was_run_again() {
        let mut job = sample::job("performance");
        assert_eq!(why(&job).as_deref(), Some("a command failed"));
        job.reason = Some("its template changed".to_owned());
        assert_eq!(why(&job).as_deref(), Some("a command failed: its template changed"));
    }
}
