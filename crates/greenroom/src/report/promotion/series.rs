//! What came to each environment over time, in no more pieces than a picture can show.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_delivery::promotion::account::{Sample, Side};
use jiff::Timestamp;

/// As many points as a picture has at most.
const MOST: usize = 400;

/// What came to an environment a second, at moments.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series {
    /// Pieces, with nothing known between them.
    pub(super) pieces: Vec<Vec<Point>>,
}

/// What came around a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) at: Timestamp,
    /// Requests a second.
    pub(super) requests: f64,
    /// Those of them that failed.
    pub(super) errors: f64,
}

impl Series {
    /// The most requests that came in a second.
    pub(super) fn peak(&self) -> f64 {
        self.points().map(|it| it.requests).fold(0.0, f64::max)
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.pieces.iter().flatten()
    }

    /// Whether anything failed.
    pub(super) fn failed(&self) -> bool {
        self.points().any(|it| it.errors > 0.0)
    }
}

/// The series of each environment that something is known of. Neighbours are put together where
/// there are too many, so that nothing that came is lost.
pub(super) fn series<'a>(samples: &[&'a Sample]) -> BTreeMap<&'a str, Series> {
    let names: BTreeSet<&str> =
        samples.iter().flat_map(|it| it.sides.keys()).map(String::as_str).collect();
    let together = samples.len().div_ceil(MOST).max(1);
    let all = names.into_iter().map(|name| {
        let points: Vec<_> = samples.chunks(together).map(|it| point(it, name)).collect();
        let pieces = points.split(Option::is_none).filter(|it| !it.is_empty());
        let pieces = pieces.map(|piece| piece.iter().copied().flatten().collect());
        (name, Series { pieces: pieces.collect() })
    });
    all.filter(|(_, series)| !series.pieces.is_empty()).collect()
}

fn point(samples: &[&Sample], name: &str) -> Option<Point> {
    let sides = || samples.iter().filter_map(|it| it.sides.get(name));
    let known = || sides().filter(|it| it.requests.is_some());
    let seconds: f64 = known().filter_map(|it| it.seconds).sum();
    if seconds <= 0.0 {
        return None;
    }
    let sum = |count: fn(&Side) -> Option<u64>| known().filter_map(count).sum::<u64>();
    // Counts of a few minutes are far below what a float holds exactly.
    let a_second = |count: u64| count as f64 / seconds;
    Some(Point {
        at: samples.last()?.at,
        requests: a_second(sum(|it| it.requests)),
        errors: a_second(sum(|it| it.errors)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(count: i64) -> Vec<Sample> {
        let side =
            Side { seconds: Some(1.0), requests: Some(3), errors: Some(1), ..Side::default() };
        let sample = |second| Sample {
            at: Timestamp::from_second(second).expect("a time"),
            sides: [("r1".to_owned(), side)].into(),
        };
        (0..count).map(sample).collect()
    }

    #[test]
    fn a_long_series_is_thinned_out_and_keeps_its_rates() {
        let samples = samples(5_000);
        let all = series(&samples.iter().collect::<Vec<_>>());
        assert_eq!(all["r1"].pieces.len(), 1);
        assert!(all["r1"].points().count() <= MOST, "{}", all["r1"].points().count());
        assert!(all["r1"].points().all(|it| (it.requests, it.errors) == (3.0, 1.0)));
    }

    #[test]
    fn where_nothing_was_counted_a_series_has_a_gap() {
        let mut samples = samples(5);
        samples[2].sides.get_mut("r1").expect("it is there").requests = None;
        let all = series(&samples.iter().collect::<Vec<_>>());
        assert_eq!(all["r1"].pieces.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        assert!(series(&[&samples[2]]).is_empty());
    }
}
