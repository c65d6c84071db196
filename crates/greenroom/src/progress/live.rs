//! Moving bars on a terminal: one line an operation, at most ten, and one for all.

use std::time::Duration;

use indicatif::ProgressBar;

use super::lines::{Lines, line};
use super::tracker::Tracker;
use crate::palette::{Palette, Tone};
use crate::view::words::{elapsed, number};

/// How many operations have a line of their own.
const LINES: usize = 10;

/// The bars.
pub(super) struct Live {
    lines: Lines,
    overall: Option<ProgressBar>,
    palette: Palette,
}

impl Live {
    /// No bars yet, on standard error.
    pub(super) fn new(palette: Palette) -> Live {
        Live { lines: Lines::new(), overall: None, palette }
    }

    /// Prints a line above the bars.
    pub(super) fn print(&self, line: &str) {
        // A terminal that takes no text has nobody to tell.
        let _ = self.lines.all.println(line);
    }

    /// Takes all bars away.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        if let Some(bar) = self.overall.take() {
            bar.finish_and_clear();
            self.lines.all.remove(&bar);
        }
    }

    /// Draws what goes on now.
    pub(super) fn draw(&mut self, tracker: &Tracker, now: Duration) {
        let running = tracker.running(now);
        let activity = tracker.activity(now);
        if running.is_empty() && activity.is_none() {
            return self.clear();
        }
        let mut texts: Vec<String> = running
            .iter()
            .take(LINES)
            .map(|(what, since)| format!("  {what} ({})", elapsed(*since)))
            .collect();
        if running.len() > LINES {
            texts.push(format!("  and {} more", number(running.len() - LINES)));
        }
        self.lines.draw(texts.into_iter());
        self.draw_overall(tracker, activity);
    }

    fn draw_overall(&mut self, tracker: &Tracker, activity: Option<(String, Duration)>) {
        let bar = self.overall.get_or_insert_with(|| self.lines.all.add(line()));
        let (done, all) = (tracker.done(), tracker.operations());
        let text = match activity {
            _ if all > 0 => {
                format!("{} {} of {}", gauge(done, all), number(done), number(all))
            }
            Some((what, since)) => format!("{what} ({})", elapsed(since)),
            None => String::new(),
        };
        bar.set_message(self.palette.paint(Tone::Strong, text));
        bar.tick();
    }
}

/// A bar of thirty characters.
fn gauge(done: usize, all: usize) -> String {
    const WIDTH: usize = 30;
    let filled = (done * WIDTH).checked_div(all).unwrap_or(0).min(WIDTH);
    format!("[{}{}]", "#".repeat(filled), ".".repeat(WIDTH - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_fills_up() {
        assert_eq!(gauge(0, 0), format!("[{}]", ".".repeat(30)));
        assert_eq!(gauge(1, 2), format!("[{}{}]", "#".repeat(15), ".".repeat(15)));
        assert_eq!(gauge(9, 2), format!("[{}]", "#".repeat(30)));
    }
}
