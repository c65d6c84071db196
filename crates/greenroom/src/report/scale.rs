//! Where moments lie on the timeline: in hundredths of its width, so that it fits every screen.

use std::time::Duration;

use jiff::Timestamp;

use super::step::between;
use crate::view::words::whole;

/// What takes no time at all is still to be seen.
const NARROWEST: f64 = 0.4;

/// More labels than these would touch on a narrow screen.
const MOST_TICKS: u64 = 6;

/// The distances of ticks in seconds that people count in.
const STEPS: [u64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200];

const DAY: u64 = 86_400;

/// The time of a pipeline or a promotion, from end to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    begin: Timestamp,
    length: Duration,
}

/// A piece of the width, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) start: f64,
    pub(super) width: f64,
}

/// A mark on the axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

impl Scale {
    /// From `begin` to `end`, and no shorter than a second.
    pub(super) fn new(begin: Timestamp, end: Timestamp) -> Scale {
        Scale { begin, length: between(begin, end).max(Duration::from_secs(1)) }
    }

    /// Where a moment lies; those outside, at the edge.
    pub(super) fn at(&self, moment: Timestamp) -> f64 {
        let since = between(self.begin, moment).min(self.length);
        100.0 * since.as_secs_f64() / self.length.as_secs_f64()
    }

    /// Where something lies that took its time.
    pub(super) fn span(&self, started: Timestamp, ended: Timestamp) -> Span {
        let start = self.at(started).min(100.0 - NARROWEST);
        Span { start, width: (self.at(ended) - start).max(NARROWEST) }
    }

    /// The marks of the axis.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let seconds = self.length.as_secs();
        let days = DAY * (seconds / DAY / MOST_TICKS + 1);
        let step = STEPS.into_iter().find(|step| seconds / step < MOST_TICKS).unwrap_or(days);
        (0..=seconds / step)
            .map(|count| Tick {
                at: 100.0 * (count * step) as f64 / self.length.as_secs_f64(),
                label: whole(Duration::from_secs(count * step)),
            })
            .collect()
    }
}

/// The lane of each of `spans`, so that none covers another: the first that is free. They are in the
/// order of their starts.
pub(super) fn lanes(spans: &[Span]) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    spans
        .iter()
        .map(|span| {
            let lane = ends.iter().position(|end| *end <= span.start).unwrap_or(ends.len());
            match ends.get_mut(lane) {
                Some(end) => *end = span.start + span.width,
                None => ends.push(span.start + span.width),
            }
            lane
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(seconds: u64) -> Scale {
        Scale { begin: Timestamp::UNIX_EPOCH, length: Duration::from_secs(seconds) }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn labels(seconds: u64) -> Vec<String> {
        scale(seconds).ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_never_more_than_fit() {
        assert_eq!(labels(1), ["0", "1s"]);
        assert_eq!(labels(100), ["0", "30s", "1m", "1m 30s"]);
        assert_eq!(labels(512), ["0", "2m", "4m", "6m", "8m"]);
        assert_eq!(labels(9 * 3600), ["0", "2h", "4h", "6h", "8h"]);
        for seconds in (1..500_000).step_by(997) {
            let ticks = scale(seconds).ticks();
            assert!((2..=6).contains(&ticks.len()), "{seconds} seconds: {ticks:?}");
            assert!(ticks.iter().all(|tick| tick.at <= 100.0), "{seconds} seconds: {ticks:?}");
        }
    }

    #[test]
    fn whatever_lies_outside_is_drawn_at_the_edge() {
        let scale = scale(200);
        assert_eq!(scale.span(second(50), second(100)), Span { start: 25.0, width: 25.0 });
        assert_eq!(scale.span(second(-50), second(100)), Span { start: 0.0, width: 50.0 });
        assert_eq!(scale.span(second(300), second(400)).start, 100.0 - NARROWEST);
    }

    #[test]
    fn what_takes_no_time_is_seen() {
        let span = scale(200).span(second(50), second(50));
        assert_eq!((span.start, span.width), (25.0, NARROWEST));
    }

    #[test]
    fn spans_that_overlap_lie_in_lanes_of_their_own() {
        let span = |start: f64, end: f64| Span { start, width: end - start };
        let spans =
            [span(0.0, 4.0), span(1.0, 2.0), span(2.0, 9.0), span(3.0, 5.0), span(4.0, 6.0)];
        assert_eq!(lanes(&spans), [0, 1, 1, 2, 0]);
    }
}
