//! A file on its way: a bar that fills where bars may move, nothing elsewhere.

use greenroom_delivery::repository::Watch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;

/// The bar of one transfer; it goes when this is dropped.
pub(crate) struct Transfer(ProgressBar);

const TEMPLATE: &str = "[{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}";

impl Transfer {
    /// A bar that is empty.
    pub(crate) fn start(console: &Console) -> Transfer {
        let target = match console.is_live() {
            true => ProgressDrawTarget::stderr_with_hz(10),
            false => ProgressDrawTarget::hidden(),
        };
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is well-formed");
        let bar = ProgressBar::with_draw_target(None, target);
        Transfer(bar.with_style(style.progress_chars("#..")))
    }
}

impl Watch for Transfer {
    fn sent(&self, sent: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(sent);
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
