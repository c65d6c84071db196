//! JUnit XML, as Jenkins, GitLab and the actions of GitHub read it: one suite a job, one case for
//! each of its steps.

#[cfg(test)]
mod tests;

use chrono::{DateTime, FixedOffset, Utc};
use greenroom_delivery::matrix;
use greenroom_delivery::record::{Job, Outcome, Pipeline, Run};
use jiff::Timestamp;
use quick_junit::{
    NonSuccessKind, Property, Report, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use super::step::{Phase, Step, between, steps};
use super::verdict::{Verdict, why};

/// The report of `pipeline`.
///
/// # Errors
///
/// It cannot be written as XML.
pub(crate) fn junit(pipeline: &Pipeline) -> Result<String, SerializeError> {
    let mut report = Report::new(format!("{} {}", pipeline.project, pipeline.name));
    report.set_timestamp(date(pipeline.started));
    if let Some(ended) = pipeline.ended {
        report.set_time(between(pipeline.started, ended));
    }
    report.add_test_suites(pipeline.jobs.iter().map(|job| suite(&pipeline.project, job)));
    report.to_string()
}

fn suite(project: &str, job: &Job) -> TestSuite {
    let mut cases = job.run.as_ref().map_or_else(Vec::new, cases_of_steps);
    if !tell(&cases, Verdict::of_job(job)) {
        cases.push(case_of_job(job));
    }
    for case in &mut cases {
        // Many readers group by what is before the last dot, as if it were a package.
        case.set_classname(format!("{project}.{}", job.name));
    }
    let mut suite = TestSuite::new(&*job.name);
    suite.add_test_cases(cases).add_properties(properties(job));
    if let Some(run) = &job.run {
        suite.set_timestamp(date(run.started)).set_time(between(run.started, run.ended));
    }
    suite
}

/// Whether the cases of its steps say what came of a job. They do not if it was never run, or
/// ended before its first step.
fn tell(cases: &[TestCase], verdict: Verdict) -> bool {
    cases.iter().any(|case| {
        let passed = matches!(case.status, TestCaseStatus::Success { .. });
        passed == (verdict == Verdict::Passed)
    })
}

fn cases_of_steps(run: &Run) -> Vec<TestCase> {
    steps(run).iter().map(|step| case_of_step(step, run)).collect()
}

fn case_of_step(step: &Step<'_>, run: &Run) -> TestCase {
    // A run ends as its first failure says; a teardown that fails after it is one more.
    let outcome = match step.phase {
        Phase::Down => Outcome::NotDown,
        Phase::Up | Phase::Command | Phase::Delivery => run.outcome,
    };
    let status = match &step.failure {
        None => TestCaseStatus::success(),
        Some(failure) => non_success(kind(outcome), failure),
    };
    let mut case = TestCase::new(step.name.as_ref(), status);
    case.set_timestamp(date(step.started)).set_time(step.took());
    case
}

fn case_of_job(job: &Job) -> TestCase {
    let verdict = Verdict::of_job(job);
    let message = why(job).unwrap_or_else(|| verdict.word().to_owned());
    let status = match (verdict, &job.run) {
        (Verdict::Passed, _) => TestCaseStatus::success(),
        (Verdict::Skipped, _) => skipped(message),
        (Verdict::Failed, Some(run)) => non_success(kind(run.outcome), &message),
        (Verdict::Failed | Verdict::Unfinished, _) => {
            non_success((NonSuccessKind::Error, verdict.word()), &message)
        }
    };
    TestCase::new(&*job.name, status)
}

fn skipped(message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

fn non_success((kind, name): (NonSuccessKind, &str), text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    // An attribute cannot hold more than a line.
    status.set_type(name).set_message(text.lines().next().unwrap_or(name)).set_description(text);
    status
}

/// A failure is what was tested for; an error, that it could not be tested.
fn kind(outcome: Outcome) -> (NonSuccessKind, &'static str) {
    match outcome {
        Outcome::CommandFailed => (NonSuccessKind::Failure, "command_failed"),
        Outcome::GateFailed => (NonSuccessKind::Failure, "gate_failed"),
        Outcome::NotUp => (NonSuccessKind::Error, "not_up"),
        Outcome::NotDown => (NonSuccessKind::Error, "not_down"),
        Outcome::NotAttested => (NonSuccessKind::Error, "not_attested"),
        Outcome::NoPlace => (NonSuccessKind::Error, "no_place"),
        Outcome::TimedOut => (NonSuccessKind::Error, "timed_out"),
        Outcome::Cancelled => (NonSuccessKind::Error, "cancelled"),
        Outcome::NotDelivered => (NonSuccessKind::Error, "not_delivered"),
        Outcome::Passed => (NonSuccessKind::Error, "passed"),
    }
}

fn properties(job: &Job) -> Vec<Property> {
    let mut properties = vec![Property::new("stage", &*job.stage)];
    let mut add = |name: &str, value: &str| properties.push(Property::new(name, value));
    for (name, value) in &job.matrix {
        add(&format!("matrix.{name}"), &matrix::text(value));
    }
    if let Some(run) = &job.run {
        run.environment.iter().for_each(|it| add("environment", it));
        run.image_set.iter().for_each(|it| add("image_set", it));
        run.remains.iter().for_each(|it| add("remains", it));
    }
    job.log.iter().for_each(|it| add("log", &it.to_string_lossy()));
    properties
}

fn date(at: Timestamp) -> DateTime<FixedOffset> {
    DateTime::<Utc>::from(std::time::SystemTime::from(at)).fixed_offset()
}
