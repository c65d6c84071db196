//! The timeline: a row for each job, and below it lanes for its operations.
//!
//! Everything is placed in hundredths of the width, and nothing is scaled: on a narrow screen bars
//! become shorter, and texts keep their size.

use greenroom_delivery::record::{Job, Pipeline, Run};
use maud::{Markup, html};

use super::parts::{jobs, link, sign};
use crate::report::page::{anchor, axis, grid, percent};
use crate::report::scale::{Scale, Span, lanes};
use crate::report::step::{Phase, Step, between, phase_of, steps};
use crate::report::verdict::{Verdict, why};
use crate::view::words::elapsed;

/// Heights, in pixels.
const BAR: usize = 22;
const MARK: usize = 14;
const GAP: usize = 5;
const LANE: usize = 7;
const OPERATION: usize = 6;

/// A bar of this part of the width has room for its text on every screen, or on a wide one.
const ROOMY: f64 = 17.0;
const ROOMY_IF_WIDE: f64 = 6.0;

/// The timeline of `pipeline`.
pub(super) fn timeline(pipeline: &Pipeline) -> Markup {
    let scale = scale(pipeline);
    let ticks = scale.ticks();
    html! {
        section aria-labelledby="timeline" {
            h2 #timeline { "Timeline" }
            (legend())
            div.chart {
                (grid(&ticks))
                (axis(&ticks, "Time since the pipeline began"))
                ol {
                    @for (place, job) in jobs(pipeline) {
                        li {
                            (label(&place, job, pipeline))
                            @if let Some(run) = ran(job, pipeline) { (drawing(job, run, &scale)) }
                        }
                    }
                }
            }
        }
    }
}

/// From when `pipeline` began until the last of its jobs ended.
fn scale(pipeline: &Pipeline) -> Scale {
    let runs = pipeline.jobs.iter().filter_map(|job| job.run.as_ref());
    let end = runs.map(|run| run.ended).chain(pipeline.ended).max();
    Scale::new(pipeline.started, end.unwrap_or(pipeline.started))
}

fn legend() -> Markup {
    let bars = [
        ("up", "comes up"),
        ("command", "commands"),
        ("down", "goes down"),
        ("failed", "failed (✕)"),
    ];
    html! {
        ul.legend {
            li { (sample(&html! { line.wait x1="0" x2="100%" y1="6" y2="6" {} })) "waits" }
            @for (class, text) in bars {
                li { (sample(&html! { g class=(class) { rect width="100%" height="12" {} } })) (text) }
            }
            li {
                (sample(&html! { g.up { rect y="4" width="100%" height=(OPERATION) {} } }))
                "one operation"
            }
        }
    }
}

fn sample(drawing: &Markup) -> Markup {
    html! { svg width="24" height="12" aria-hidden="true" { (drawing) } }
}

fn label(place: &str, job: &Job, pipeline: &Pipeline) -> Markup {
    let verdict = Verdict::of_job(job);
    html! {
        p {
            (sign(verdict)) " " (link(place, job)) " "
            span.note {
                (verdict.word())
                @match ran(job, pipeline) {
                    Some(run) => { " in " (elapsed(between(run.started, run.ended))) },
                    None => { @if let Some(why) = why(job) { ": " (why) } },
                }
            }
        }
    }
}

/// What a job did after the pipeline began; one that was taken over may have ended before.
fn ran<'a>(job: &'a Job, pipeline: &Pipeline) -> Option<&'a Run> {
    job.run.as_ref().filter(|run| run.ended > pipeline.started)
}

fn drawing(job: &Job, run: &Run, scale: &Scale) -> Markup {
    let steps = steps(run);
    let top = if steps.iter().any(|step| step.failure.is_some()) { MARK } else { 0 };
    let spans: Vec<Span> =
        run.operations.iter().map(|it| scale.span(it.started, it.ended)).collect();
    let lanes = lanes(&spans);
    let below = lanes.iter().max().map_or(0, |last| GAP + LANE * (last + 1));
    html! {
        svg width="100%" height=(top + BAR + below) role="img" aria-label=(in_words(&steps)) {
            (waiting(job, run, scale, top))
            @for step in &steps { (bar(step, scale, top)) }
            @for ((operation, span), lane) in run.operations.iter().zip(&spans).zip(lanes) {
                g.(class(phase_of(operation, run))).failed[operation.error.is_some()] {
                    rect x=(percent(span.start)) y=(top + BAR + GAP + LANE * lane)
                        width=(percent(span.width)) height=(OPERATION) {
                        title {
                            (operation.what) ", "
                            (elapsed(between(operation.started, operation.ended)))
                            @if let Some(error) = &operation.error { ": " (error) }
                        }
                    }
                }
            }
        }
    }
}

fn in_words(steps: &[Step<'_>]) -> String {
    let said = steps.iter().map(|step| {
        let failed = if step.failure.is_some() { " (failed)" } else { "" };
        format!("{} {}{failed}", step.name, elapsed(step.took()))
    });
    said.collect::<Vec<_>>().join(", ")
}

/// A broken line until the run began, and a whole one for what lies between its steps.
fn waiting(job: &Job, run: &Run, scale: &Scale, top: usize) -> Markup {
    let middle = top + BAR / 2;
    let begin = percent(scale.at(run.started));
    html! {
        line.wait x1="0" x2=(begin) y1=(middle) y2=(middle) {
            title {
                "waited "
                @if !job.needs.is_empty() { "for " (job.needs.join(", ")) }
            }
        }
        line.between x1=(begin) x2=(percent(scale.at(run.ended))) y1=(middle) y2=(middle) {}
    }
}

/// A picture within the picture, so that its text ends where the bar ends.
fn bar(step: &Step<'_>, scale: &Scale, top: usize) -> Markup {
    let span = scale.span(step.started, step.ended);
    let text = format!("{} {}", elapsed(step.took()), step.name);
    let end = span.start + span.width;
    html! {
        svg.(class(step.phase)).failed[step.failure.is_some()]
            x=(percent(span.start)) y=(top) width=(percent(span.width)) height=(BAR) {
            title {
                (text)
                @if let Some(failure) = &step.failure { ": " (failure) }
            }
            rect width="100%" height="100%" {}
            @if span.width >= ROOMY_IF_WIDE {
                text.if-wide[span.width < ROOMY] x="6" y="15" { (text) }
            }
        }
        @if step.failure.is_some() {
            text.mark x=(percent(end)) y=(MARK - 3) text-anchor=(anchor(end)) { "✕" }
        }
    }
}

fn class(phase: Phase) -> &'static str {
    match phase {
        Phase::Up => "up",
        Phase::Command | Phase::Delivery => "command",
        Phase::Down => "down",
    }
}
