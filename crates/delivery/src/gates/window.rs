//! What has come to counts that only grow, within a window of time.

use std::collections::VecDeque;
use std::time::Duration;

use greenroom_model::traffic::Traffic;

/// The counts of one side, look by look.
///
/// Only what is gained between two looks is counted. What there was before the first is not, nor
/// what came between two looks when the counts began anew in between: nobody knows how much it was.
#[derive(Debug)]
pub(super) struct Window {
    /// `None`: all that has come since the first look.
    length: Option<Duration>,
    /// When the first look was.
    first: Option<Duration>,
    last: Option<Traffic>,
    /// What was gained up to each look; one sum of all if nothing leaves the window.
    gained: VecDeque<(Duration, Traffic)>,
}

impl Window {
    pub(super) fn new(length: Option<Duration>) -> Window {
        Window { length, first: None, last: None, gained: VecDeque::new() }
    }

    /// Takes the counts as they are `at` this time, and gives what has come within the window;
    /// `None` if there is nothing yet to compare them with.
    pub(super) fn take(&mut self, now: Traffic, at: Duration) -> Option<Traffic> {
        self.first.get_or_insert(at);
        if let Some(last) = self.last.as_ref().filter(|last| last.epoch == now.epoch) {
            // Sums of gains are of no epoch.
            let gain = Traffic { epoch: "".into(), ..now.since(last) };
            self.gain(gain, at);
        }
        self.last = Some(now);
        if let Some(length) = self.length {
            self.gained.retain(|(until, _)| *until + length > at);
        }
        self.gained
            .iter()
            .map(|(_, gain)| gain)
            .fold(None, |sum: Option<Traffic>, gain| Some(sum.unwrap_or_default().and(gain)))
    }

    /// Whether a whole window has passed since the first look.
    pub(super) fn is_full(&self, at: Duration) -> bool {
        let full = |length: Duration| self.first.is_some_and(|first| first + length <= at);
        self.length.is_some_and(full)
    }

    fn gain(&mut self, gain: Traffic, at: Duration) {
        let sum = if self.length.is_none() { self.gained.pop_back() } else { None };
        let gain = match sum {
            Some((_, sum)) => sum.and(&gain),
            None => gain,
        };
        self.gained.push_back((at, gain));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(epoch: &str, requests: u64) -> Traffic {
        Traffic { epoch: epoch.into(), requests: Some(requests), ..Traffic::default() }
    }

    /// What a window says to one look a second.
    fn requests(length: Option<u64>, looks: &[(&str, u64)]) -> Vec<Option<u64>> {
        let mut window = Window::new(length.map(Duration::from_secs));
        let looks = looks.iter().zip(0..);
        looks
            .map(|((epoch, count), second)| {
                let came = window.take(counts(epoch, *count), Duration::from_secs(second));
                came.and_then(|it| it.requests)
            })
            .collect()
    }

    #[test]
    fn what_was_there_before_the_first_look_does_not_count() {
        let looks = [("a", 1000), ("a", 1000), ("a", 1007), ("a", 1010)];
        assert_eq!(requests(None, &looks), [None, Some(0), Some(7), Some(10)]);
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        let looks = [("a", 0), ("a", 5), ("a", 5), ("a", 6), ("a", 6)];
        assert_eq!(requests(Some(2), &looks), [None, Some(5), Some(5), Some(1), Some(1)]);
    }

    #[test]
    fn counts_that_begin_anew_keep_what_came_before_and_after() {
        let looks = [("a", 10), ("a", 15), ("b", 900), ("b", 902)];
        assert_eq!(requests(None, &looks), [None, Some(5), Some(5), Some(7)]);
        assert_eq!(requests(Some(60), &looks), [None, Some(5), Some(5), Some(7)]);
    }

    #[test]
    fn a_window_is_full_when_its_length_has_passed_since_the_first_look() {
        let mut window = Window::new(Some(Duration::from_secs(10)));
        window.take(counts("a", 0), Duration::from_secs(3));
        assert!(!window.is_full(Duration::from_secs(12)));
        assert!(window.is_full(Duration::from_secs(13)));
        assert!(!Window::new(None).is_full(Duration::MAX));
    }
}
