//! SIGINT and SIGTERM: the first asks a run to stop, the second leaves.

use std::io;
use std::process;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;

/// How long after the second signal the process is still there at most. Whatever it leaves, the
/// next command settles.
const LAST_GRACE: Duration = Duration::from_millis(1500);

/// Watches for signals from here on, in a task of its own.
///
/// The first signal calls `first`; the second calls `second`, and ends the process soon after with
/// `exit`.
///
/// # Errors
///
/// The system does not let us watch.
pub(crate) fn watch(
    first: impl FnOnce() + Send + 'static,
    second: impl FnOnce() + Send + 'static,
    exit: Exit,
) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next().await;
        first();
        next().await;
        // A thread, because the runtime may be what hangs; first of all, because even a message
        // may hang.
        std::thread::spawn(move || {
            std::thread::sleep(LAST_GRACE);
            process::exit(i32::from(exit.code()));
        });
        second();
    });
    Ok(())
}
