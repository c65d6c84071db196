//! The process that a fault kills.

use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

/// The process that a fault kills, whose id may become known later than the rule that kills it.
#[derive(Clone, Debug)]
pub struct Victim {
    pid: Arc<watch::Sender<Option<Pid>>>,
}

impl Victim {
    /// A process that is not yet known.
    #[must_use]
    pub fn unknown() -> Victim {
        Victim { pid: Arc::new(watch::Sender::new(None)) }
    }

    /// Says which process it is: the id of a child that the caller has not waited for yet, so that
    /// the id cannot be another's meanwhile.
    ///
    /// # Panics
    ///
    /// If `pid` is no id of a process.
    pub fn is(&self, pid: u32) {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        self.pid.send_replace(Some(pid.expect("an id of a process is above 0")));
    }

    /// Kills it (SIGKILL), once it is known.
    pub(crate) async fn kill(&self) {
        let mut known = self.pid.subscribe();
        if let Ok(pid) = known.wait_for(Option::is_some).await
            && let Some(pid) = *pid
        {
            // It may have ended by itself; then there is nothing to kill.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
