//! What several sections of the page are made of.

use greenroom_delivery::record::{Job, Pipeline};
use maud::{Markup, html};

use crate::report::page::sentence;
use crate::report::verdict::Verdict;

/// The jobs with the names of their places in the page.
pub(super) fn jobs(pipeline: &Pipeline) -> impl Iterator<Item = (String, &Job)> {
    pipeline.jobs.iter().enumerate().map(|(index, job)| (format!("job-{}", index + 1), job))
}

/// The name of a job, which leads to its place in the page.
pub(super) fn link(place: &str, job: &Job) -> Markup {
    html! { a href={ "#" (place) } { (job.name) } }
}

/// A verdict in sign, word and colour.
pub(super) fn badge(verdict: Verdict) -> Markup {
    html! {
        span.badge.(verdict.word()) { (sign(verdict)) " " (sentence(verdict.word())) }
    }
}

/// The sign alone, where the word stands beside it.
pub(super) fn sign(verdict: Verdict) -> Markup {
    html! { span.sign.(verdict.word()) aria-hidden="true" { (verdict.sign()) } }
}
