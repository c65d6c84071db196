//! Where blocking file operations run.

use std::panic;

use tokio::runtime::Handle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocking {
    /// On threads that may block.
    Threads,
    /// In the caller, at once: for simulations, whose disk does not block.
    Inline,
}

impl Blocking {
    pub(crate) async fn run<T, F>(self, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let runtime = match self {
            Blocking::Inline => None,
            Blocking::Threads => Handle::try_current().ok(),
        };
        let Some(runtime) = runtime else { return work() };
        match runtime.spawn_blocking(work).await {
            Ok(value) => value,
            Err(error) => panic::resume_unwind(error.into_panic()),
        }
    }
}
