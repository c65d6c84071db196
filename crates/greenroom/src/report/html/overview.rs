//! The jobs in figures: what the timeline shows, for those who cannot see it.

use std::time::Duration;

use greenroom_delivery::record::{Job, Pipeline, Run, Standing};
use jiff::Timestamp;
use maud::{Markup, html};

use super::parts::{badge, jobs, link};
use crate::report::page::wide;
use crate::report::step::{Phase, between, steps};
use crate::report::verdict::Verdict;
use crate::view::words::elapsed;

/// The table of all jobs.
pub(super) fn overview(pipeline: &Pipeline) -> Markup {
    let table = html! {
        table {
            caption { "How long each job waited, how long its parts took, and the whole of it" }
            thead {
                tr {
                    th scope="col" { "Job" }
                    th scope="col" { "Verdict" }
                    @for title in ["Waited", "Up", "Commands", "Down", "Took"] {
                        th.figure scope="col" { (title) }
                    }
                }
            }
            tbody {
                @for (place, job) in jobs(pipeline) {
                    tr {
                        th scope="row" { (link(&place, job)) }
                        td { (badge(Verdict::of_job(job))) }
                        (figures(job, pipeline.started))
                    }
                }
            }
        }
    };
    html! {
        section aria-labelledby="overview" {
            h2 #overview { "In figures" }
            (wide("In figures", &table))
        }
    }
}

fn figures(job: &Job, begin: Timestamp) -> Markup {
    let figures = match (&job.run, job.standing) {
        (None, _) => [None; 5],
        // It did not wait: its times are those of an earlier run of the pipeline.
        (Some(run), Standing::Reused) => of_run(run, None),
        (Some(run), _) => of_run(run, Some(between(begin, run.started))),
    };
    html! {
        @for figure in figures {
            td.figure { (figure.map_or_else(|| "–".to_owned(), elapsed)) }
        }
    }
}

fn of_run(run: &Run, waited: Option<Duration>) -> [Option<Duration>; 5] {
    let part = |phase| {
        let steps = steps(run).into_iter().filter(|step| step.phase == phase);
        steps.map(|step| step.took()).reduce(|sum, more| sum + more)
    };
    let took = between(run.started, run.ended);
    [waited, part(Phase::Up), part(Phase::Command), part(Phase::Down), Some(took)]
}
