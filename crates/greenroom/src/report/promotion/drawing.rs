//! Lines and areas over time. Pictures are as wide as their place and as high as they are, so x is
//! stretched and y is not.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::report::scale::Scale;

/// The width of a picture in its own measure.
const WIDTH: f64 = 1000.0;

/// A picture of this height, into which `content` is drawn.
pub(super) fn picture(height: u32, label: &str, content: &Markup) -> Markup {
    html! {
        svg width="100%" height=(height) viewBox={ "0 0 " (WIDTH) " " (height) }
            preserveAspectRatio="none" role="img" aria-label=(label) { (content) }
    }
}

/// The points of a line: `highest` lies at the top.
pub(super) fn line(
    points: impl Iterator<Item = (Timestamp, f64)>,
    scale: &Scale,
    highest: f64,
    height: u32,
) -> String {
    let at = points.map(|point| place(point, scale, highest, height));
    at.collect::<Vec<_>>().join(" ")
}

/// The points of the area below a line.
pub(super) fn area(
    points: &[(Timestamp, f64)],
    scale: &Scale,
    highest: f64,
    height: u32,
) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    let below = |point: &(Timestamp, f64)| (point.0, 0.0);
    let around = std::iter::once(below(first)).chain(points.iter().copied());
    line(around.chain(std::iter::once(below(last))), scale, highest, height)
}

/// The points of what stays as it is until it changes.
pub(super) fn steps(changes: &[(Timestamp, u8)], end: Timestamp) -> Vec<(Timestamp, f64)> {
    let mut points: Vec<(Timestamp, f64)> = Vec::new();
    for (at, weight) in changes {
        let before = points.last().map_or(0.0, |(_, before)| *before);
        points.push((*at, before));
        points.push((*at, f64::from(*weight)));
    }
    points.extend(points.last().map(|(_, weight)| (end, *weight)));
    points
}

fn place((at, value): (Timestamp, f64), scale: &Scale, highest: f64, height: u32) -> String {
    let x = scale.at(at) * WIDTH / 100.0;
    // A line at the very edge would be cut.
    let room = f64::from(height) - 2.0;
    let y = 1.0 + room * (1.0 - value / highest.max(f64::MIN_POSITIVE));
    format!("{x:.1},{y:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_weight_stays_until_it_changes() {
        let points = steps(&[(second(0), 5), (second(10), 50)], second(20));
        let weights: Vec<f64> = points.iter().map(|(_, weight)| *weight).collect();
        assert_eq!(weights, [0.0, 5.0, 5.0, 50.0, 50.0]);
    }

    #[test]
    fn an_area_begins_and_ends_at_the_bottom() {
        let scale = Scale::new(second(0), second(100));
        let points = [(second(0), 1.0), (second(50), 2.0)];
        assert_eq!(area(&points, &scale, 2.0, 102), "0.0,101.0 0.0,51.0 500.0,1.0 500.0,101.0");
    }
}
