//! Cancellation: from a signal to everything that runs.

use std::sync::Arc;

use tokio::sync::watch;

/// How urgently to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Go,
    Cancel,
    Abort,
}

/// A handle by which a run is told to stop. Clones are the same handle.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<watch::Sender<Level>>);

impl Default for Cancel {
    fn default() -> Cancel {
        Cancel::new()
    }
}

impl Cancel {
    /// A handle that nobody has used yet.
    #[must_use]
    pub fn new() -> Cancel {
        Cancel(Arc::new(watch::channel(Level::Go).0))
    }

    /// Starts nothing new and abandons waits; effects under way are awaited and journalled.
    pub fn cancel(&self) {
        self.raise(Level::Cancel);
    }

    /// Leaves at once; what is under way is settled by the next command.
    pub fn abort(&self) {
        self.raise(Level::Abort);
    }

    /// Whether it was used.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow() >= Level::Cancel
    }

    /// Whether [`abort`](Cancel::abort) was used.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        *self.0.borrow() >= Level::Abort
    }

    /// Waits until it is used.
    pub async fn cancelled(&self) {
        self.reached(Level::Cancel).await;
    }

    /// Waits until [`abort`](Cancel::abort) is used.
    pub async fn aborted(&self) {
        self.reached(Level::Abort).await;
    }

    fn raise(&self, to: Level) {
        self.0.send_if_modified(|level| {
            let higher = to > *level;
            *level = (*level).max(to);
            higher
        });
    }

    async fn reached(&self, wanted: Level) {
        // The sender lives in `self`, so that the channel cannot close while this waits.
        let _ = self.0.subscribe().wait_for(|level| *level >= wanted).await;
    }
}
