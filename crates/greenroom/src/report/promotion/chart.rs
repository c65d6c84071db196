//! The picture: phases as bands, the candidate's weight, what came to each side, what was said.

use greenroom_delivery::promotion::account::Account;
use greenroom_model::gate::GateResult;
use maud::{Markup, html};

use super::course::{Band, Course, Said};
use super::drawing::{area, line, picture, steps};
use super::series::{Point, Series, series};
use crate::report::page::{anchor, axis, grid, percent};
use crate::report::scale::{Scale, Span, lanes};
use crate::report::step::between;
use crate::view::event::result;
use crate::view::words::elapsed;

/// Heights, in pixels.
const BAND: usize = 22;
const WEIGHTS: u32 = 90;
const TRAFFIC: u32 = 70;
const MARK: usize = 18;
const LANE: usize = 7;
const OPERATION: usize = 6;

/// A band of this part of the width has room for its name.
const ROOMY: f64 = 6.0;

pub(super) fn chart(account: &Account, course: &Course<'_>) -> Markup {
    let scale = course.scale();
    let ticks = scale.ticks();
    let mut traffic = series(&course.samples);
    traffic.retain(|name, series| concerns(account, name) || series.peak() > 0.0);
    let highest = traffic.values().map(Series::peak).fold(1.0, f64::max);
    let candidate = account.chapter.candidate.as_str();
    html! {
        section aria-labelledby="course" {
            h2 #course { "Course" }
            div.chart {
                (grid(&ticks))
                (axis(&ticks, "Time since the promotion began"))
                ol {
                    (row(&html! { "Phases" }, &bands(&course.phases, &scale)))
                    (row(&weights_label(candidate), &weights(course, &scale)))
                    @for (name, series) in &traffic {
                        (row(&traffic_label(name, series), &rates(name, series, &scale, highest)))
                    }
                    @if !course.said.is_empty() {
                        (row(&html! { "What was said" }, &marks(&course.said, &scale)))
                    }
                    @if !course.operations.is_empty() {
                        (row(&html! { "Operations" }, &operations(course, &scale)))
                    }
                }
            }
        }
    }
}

/// Whether an environment is one of those between which traffic is shifted.
fn concerns(account: &Account, name: &str) -> bool {
    let chapter = &account.chapter;
    chapter.candidate.as_str() == name
        || chapter.replaces.as_ref().is_some_and(|it| it.as_str() == name)
}

fn row(label: &Markup, drawing: &Markup) -> Markup {
    html! { li { p { (label) } (drawing) } }
}

fn bands(bands: &[Band<'_>], scale: &Scale) -> Markup {
    let said = bands.iter().map(|it| format!("{} {}", it.name, took(it)));
    html! {
        svg width="100%" height=(BAND) role="img" aria-label=(said.collect::<Vec<_>>().join(", ")) {
            @for band in bands {
                @let span = scale.span(band.started, band.ended);
                svg.band.back[band.back] x=(percent(span.start)) y="0"
                    width=(percent(span.width)) height=(BAND) {
                    title { (band.name) ", " (took(band)) }
                    rect width="100%" height="100%" {}
                    @if span.width >= ROOMY { text x="6" y="15" { (band.name) } }
                }
            }
        }
    }
}

fn took(band: &Band<'_>) -> String {
    elapsed(between(band.started, band.ended))
}

fn weights_label(candidate: &str) -> Markup {
    html! {
        "Weight of " (candidate) " "
        span.note { "0 to 100 %; broken: meant, filled: seen in the front" }
    }
}

fn weights(course: &Course<'_>, scale: &Scale) -> Markup {
    let verified = steps(&course.verified, course.end);
    let meant = steps(&course.meant, course.end);
    let said = course
        .verified
        .iter()
        .map(|(at, weight)| format!("{weight} % after {}", elapsed(between(course.begin, *at))));
    let content = html! {
        polygon.weight points=(area(&verified, scale, 100.0, WEIGHTS)) {}
        polyline.meant points=(line(meant.into_iter(), scale, 100.0, WEIGHTS)) {}
    };
    picture(WEIGHTS, &said.collect::<Vec<_>>().join(", "), &content)
}

fn traffic_label(name: &str, series: &Series) -> Markup {
    html! {
        "Requests to " (name) " "
        span.note { "up to " (format!("{:.1}", series.peak())) " a second" }
        @if series.failed() { " " span.failed { "✕ some failed" } }
    }
}

fn rates(name: &str, series: &Series, scale: &Scale, highest: f64) -> Markup {
    let below = |piece: &[Point], value: fn(&Point) -> f64| {
        let points: Vec<_> = piece.iter().map(|it| (it.at, value(it))).collect();
        area(&points, scale, highest, TRAFFIC)
    };
    let content = html! {
        @for piece in &series.pieces {
            polygon.requests points=(below(piece, |it| it.requests)) {}
            polygon.errors points=(below(piece, |it| it.errors)) {}
        }
    };
    let failed = if series.failed() { "some failed" } else { "none failed" };
    let label = format!("Requests to {name}, at most {:.1} a second, {failed}", series.peak());
    picture(TRAFFIC, &label, &content)
}

fn marks(said: &[Said<'_>], scale: &Scale) -> Markup {
    html! {
        svg width="100%" height=(MARK) role="img" aria-label="Verdicts, as in the table below" {
            @for it in said {
                @let (class, sign) = sign(it.verdict.result);
                @let at = scale.at(it.at);
                text.verdict-mark.(class) x=(percent(at)) y=(MARK - 4) text-anchor=(anchor(at)) {
                    title {
                        (it.verdict.gate) ": " (result(it.verdict.result)) ", " (it.verdict.evidence)
                    }
                    (sign)
                }
            }
        }
    }
}

/// The class and the sign of an answer.
pub(super) fn sign(result: GateResult) -> (&'static str, &'static str) {
    match result {
        GateResult::Pass => ("passed", "✓"),
        GateResult::Fail => ("failed", "✕"),
        GateResult::Inconclusive => ("unfinished", "?"),
        GateResult::Error => ("failed", "!"),
    }
}

fn operations(course: &Course<'_>, scale: &Scale) -> Markup {
    let spans: Vec<Span> =
        course.operations.iter().map(|it| scale.span(it.started, it.ended)).collect();
    let lanes = lanes(&spans);
    let height = lanes.iter().max().map_or(0, |last| LANE * (last + 1));
    html! {
        svg width="100%" height=(height) role="img" aria-label="Operations, as in the table below" {
            @for ((operation, span), lane) in course.operations.iter().zip(&spans).zip(lanes) {
                g.up.failed[operation.error.is_some()] {
                    rect x=(percent(span.start)) y=(LANE * lane)
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
