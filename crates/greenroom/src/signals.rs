//! SIGINT and SIGTERM: the first asks a run to stop, the second leaves.

use std::io;
use std::process;
use std::time::Duration;

use greenroom_apply::Cancel;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;

/// How long after the second signal the process is still there at most. Whatever it leaves, the
/// next command settles.
const LAST_GRACE: Duration = Duration::from_millis(1500);

/// Watches for signals from here on, in a task of its own.
///
/// The first signal calls `first` and cancels, the second calls `second`, aborts, and ends the
/// process soon after.
///
/// # Errors
///
/// The system does not let us watch.
pub(crate) fn watch(
    cancel: Cancel,
    first: impl FnOnce() + Send + 'static,
    second: impl FnOnce() + Send + 'static,
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
        cancel.cancel();
        next().await;
        // A thread, because the runtime may be what hangs; first of all, because even a message
        // may hang.
        std::thread::spawn(|| {
            std::thread::sleep(LAST_GRACE);
            process::exit(i32::from(Exit::Cancelled.code()));
        });
        second();
        cancel.abort();
    });
    Ok(())
}
