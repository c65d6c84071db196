//! Lines at the bottom of a terminal that are drawn anew.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The lines.
pub(crate) struct Lines {
    pub(super) all: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Lines {
    /// No lines yet, on standard error.
    pub(crate) fn new() -> Lines {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        Lines { all, bars: Vec::new() }
    }

    /// Shows these in the place of the last ones.
    pub(crate) fn draw(&mut self, texts: impl ExactSizeIterator<Item = String>) {
        self.resize(texts.len());
        for (bar, text) in self.bars.iter().zip(texts) {
            bar.set_message(text);
        }
    }

    /// Takes all of them away.
    pub(crate) fn clear(&mut self) {
        self.resize(0);
    }

    fn resize(&mut self, count: usize) {
        for bar in self.bars.drain(count.min(self.bars.len())..) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        while self.bars.len() < count {
            let bar = self.all.insert(self.bars.len(), line());
            self.bars.push(bar);
        }
    }
}

/// A line of nothing but text, as wide as the terminal.
pub(super) fn line() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_msg}").expect("the template is well-formed");
    ProgressBar::new_spinner().with_style(style)
}
