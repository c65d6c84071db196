//! Logs of what happens inside, for those who look for a fault.

use std::io;

use tracing_subscriber::EnvFilter;

/// The environment variable with a filter such as `greenroom_apply=trace`.
const FILTER: &str = "GREENROOM_LOG";

/// Starts logging to standard error, if it is asked for: `verbosity` times `-v`, or a filter.
pub(crate) fn start(verbosity: u8) {
    let level = match verbosity {
        0 => None,
        1 => Some("info"),
        2 => Some("debug"),
        _ => Some("trace"),
    };
    let filter = std::env::var(FILTER).ok().filter(|filter| !filter.is_empty());
    let Some(filter) = filter.or(level.map(str::to_owned)) else { return };
    let started = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(io::stderr)
        .with_ansi(false)
        .try_init();
    // Only one subscriber can be there, and it is as good as this one.
    let _ = started;
}
