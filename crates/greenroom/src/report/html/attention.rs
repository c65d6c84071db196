//! What somebody has to look at, or to do.

use std::borrow::Cow;

use greenroom_delivery::record::{Job, Pipeline, Run};
use maud::{Markup, html};

use super::parts::{jobs, link};
use crate::report::step::steps;
use crate::report::verdict::{Verdict, why};

/// The failures, and what they left; nothing if all is well.
pub(super) fn attention(pipeline: &Pipeline) -> Markup {
    html! {
        (list("failed", "What failed", jobs(pipeline).filter_map(|(place, job)| failure(&place, job))))
        (list("left", "What is left", jobs(pipeline).filter_map(|(place, job)| left(&place, job))))
    }
}

fn list(id: &str, title: &str, items: impl Iterator<Item = Markup>) -> Markup {
    let items: Vec<Markup> = items.collect();
    html! {
        @if !items.is_empty() {
            section.attention aria-labelledby=(id) {
                h2 id=(id) { (title) }
                ul { @for item in items { li { (item) } } }
            }
        }
    }
}

fn failure(place: &str, job: &Job) -> Option<Markup> {
    (Verdict::of_job(job) == Verdict::Failed).then(|| {
        html! {
            (link(place, job))
            @if let Some(why) = why(job) { ": " (why) }
            @for (name, failure) in job.run.iter().flat_map(failures) {
                div.evidence { code { (name) } ": " (failure) }
            }
        }
    })
}

/// The steps that failed, each with the first line of why.
fn failures(run: &Run) -> impl Iterator<Item = (Cow<'_, str>, String)> {
    steps(run).into_iter().filter_map(|step| {
        let failure = step.failure?;
        Some((step.name, failure.lines().next().unwrap_or_default().to_owned()))
    })
}

fn left(place: &str, job: &Job) -> Option<Markup> {
    let run = job.run.as_ref()?;
    let command = run.remains.as_ref()?;
    Some(html! {
        (link(place, job)) ": "
        "the environment "
        @if let Some(environment) = &run.environment { code { (environment) } " " }
        "is still there. This removes it:"
        pre { code { (command) } }
    })
}
