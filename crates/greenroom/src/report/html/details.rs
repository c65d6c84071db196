//! One part of the page for each job, with all that is known of it.

use std::path::{Component, Path};

use greenroom_delivery::matrix;
use greenroom_delivery::record::{Job, Operation, Pipeline, Run};
use jiff::Timestamp;
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::parts::{badge, jobs};
use crate::report::page::{day, moment, sentence, wide};
use crate::report::step::{Step, between, steps};
use crate::report::verdict::{Verdict, why};
use crate::view::words::{counted, elapsed};

/// What stays as it is in a name of a file in a link.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parts of all jobs.
pub(super) fn details(pipeline: &Pipeline) -> Markup {
    html! {
        section aria-labelledby="jobs" {
            h2 #jobs { "Jobs" }
            @for (place, job) in jobs(pipeline) {
                article id=(place) aria-labelledby={ (place) "-name" } {
                    h3 id={ (place) "-name" } { (job.name) " " (badge(Verdict::of_job(job))) }
                    @if let Some(why) = why(job) { p { (sentence(&why)) "." } }
                    (facts(job))
                    @if let Some(run) = &job.run { (of_run(run, pipeline.started)) }
                }
            }
        }
    }
}

fn facts(job: &Job) -> Markup {
    html! {
        dl.facts {
            @if !job.needs.is_empty() { (fact("Needs", &html! { (job.needs.join(", ")) })) }
            @for (name, value) in &job.matrix {
                (fact("Matrix", &html! { code { (name) " = " (matrix::text(value)) } }))
            }
            @if let Some(run) = &job.run { (facts_of_run(run)) }
            @if let Some(log) = &job.log {
                (fact("Output", &html! { a href=(address(log)) { (log.display()) } }))
            }
        }
    }
}

fn facts_of_run(run: &Run) -> Markup {
    html! {
        @if let Some(environment) = &run.environment {
            (fact("Environment", &html! { code { (environment) } }))
        }
        @if let Some(images) = &run.image_set { (fact("Image set", &html! { code { (images) } })) }
        (fact("Began", &day(run.started)))
        (fact("Took", &html! { (elapsed(between(run.started, run.ended))) }))
        (fact("Exit status", &html! { (run.exit) }))
    }
}

fn fact(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// A link to a file beside the page. It begins with a dot, so that no name is taken for a scheme.
fn address(file: &Path) -> String {
    let names = file.components().map(|component| match component {
        Component::Normal(name) => utf8_percent_encode(&name.to_string_lossy(), PLAIN).to_string(),
        other => other.as_os_str().to_string_lossy().into_owned(),
    });
    format!("./{}", names.collect::<Vec<_>>().join("/"))
}

fn of_run(run: &Run, begin: Timestamp) -> Markup {
    html! {
        @if let Some(command) = &run.remains {
            p { "Its environment is still there. This removes it:" }
            pre { code { (command) } }
        }
        (wide("Steps", &steps_table(&steps(run), begin)))
        @if !run.operations.is_empty() {
            details {
                summary { (counted(run.operations.len(), "operation")) }
                (wide("Operations", &operations_table(&run.operations, begin)))
            }
        }
    }
}

fn steps_table(steps: &[Step<'_>], begin: Timestamp) -> Markup {
    html! {
        table {
            caption { "Steps, with the time since the pipeline began" }
            (columns("Step"))
            tbody {
                @for step in steps {
                    tr {
                        th scope="row" { code { (step.name) } }
                        (result(step.failure.is_some()))
                        (times(step.started, step.ended, begin))
                    }
                    (evidence(step.failure.as_deref()))
                }
            }
        }
    }
}

fn operations_table(operations: &[Operation], begin: Timestamp) -> Markup {
    html! {
        table {
            caption { "Operations on objects, in the order in which they began" }
            (columns("Operation"))
            tbody {
                @for operation in operations {
                    tr {
                        th scope="row" { code { (operation.what) } }
                        (result(operation.error.is_some()))
                        (times(operation.started, operation.ended, begin))
                    }
                    (evidence(operation.error.as_deref()))
                }
            }
        }
    }
}

fn columns(first: &str) -> Markup {
    html! {
        thead {
            tr {
                th scope="col" { (first) }
                th scope="col" { "Result" }
                th.figure scope="col" { "Began" }
                th.figure scope="col" { "Took" }
            }
        }
    }
}

fn result(failed: bool) -> Markup {
    let verdict = if failed { Verdict::Failed } else { Verdict::Passed };
    html! { td { (badge(verdict)) } }
}

/// A row of its own for why something failed: it may be long.
fn evidence(failure: Option<&str>) -> Markup {
    html! {
        @if let Some(failure) = failure {
            tr.evidence { td colspan="4" { pre { (failure) } } }
        }
    }
}

fn times(started: Timestamp, ended: Timestamp, begin: Timestamp) -> Markup {
    html! {
        td.figure { (moment(started, begin)) }
        td.figure { (elapsed(between(started, ended))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_file_whatever_its_name() {
        let linked = |file: &str| address(Path::new(file));
        assert_eq!(linked("logs/build.log"), "./logs/build.log");
        assert_eq!(linked("javascript:alert(1)"), "./javascript%3Aalert%281%29");
        assert_eq!(linked("../a b#1?.log"), "./../a%20b%231%3F.log");
    }
}
