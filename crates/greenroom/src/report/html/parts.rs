//! What several sections of the page are made of.

use greenroom_delivery::record::{Job, Pipeline};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::report::step::between;
use crate::report::verdict::Verdict;
use crate::view::words::elapsed;

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

/// A text that begins as a sentence does.
pub(super) fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// A day and the time of it.
pub(super) fn day(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%-d %B %Y, %H:%M:%S UTC")) } }
}

/// A moment by the time since the pipeline began, or on the clock if it was before.
pub(super) fn moment(at: Timestamp, begin: Timestamp) -> Markup {
    let clock = at.strftime("%H:%M:%S UTC");
    html! {
        time datetime=(at) title=(clock) {
            @if at < begin { (clock) } @else { "+" (elapsed(between(begin, at))) }
        }
    }
}

/// Something that may be wider than the page, in a box that scrolls by itself, by keys as well.
pub(super) fn wide(label: &str, content: &Markup) -> Markup {
    html! { div.wide role="region" aria-label=(label) tabindex="0" { (content) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(["", "a gate", "élan", "`x`"].map(sentence), ["", "A gate", "Élan", "`x`"]);
    }
}
