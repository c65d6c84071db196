//! Waits: for a time, for a person, for an environment that serves nobody any more.

use std::time::Duration;

use futures::future::BoxFuture;
use greenroom_engine::promotion::{Drained, Draining};
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::plan::{AtLimit, Drain, Wait};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::Driver;
use super::effects::{Done, Returned};
use crate::gates::{Side, Sight, WorldSight};

/// The time between two looks at an environment that is drained.
const LOOK: Duration = Duration::from_secs(1);
/// The name under which a drain's verdict is kept.
const DRAIN: &str = "drain";

impl Driver<'_> {
    /// Waits for what an operation waits for.
    pub(super) fn wait(&mut self, operation: u32, wait: Wait) -> BoxFuture<'static, Done> {
        match wait {
            Wait::For(time) => Box::pin(async move {
                sleep(time).await;
                Done { operation, result: Returned::Waited }
            }),
            Wait::Approval => {
                let (approve, approved) = oneshot::channel();
                self.approvals.insert(operation, approve);
                Box::pin(async move {
                    match approved.await {
                        Ok(verdict) => Done { operation, result: Returned::Gate(verdict) },
                        // The phase is over, and with it this wait.
                        Err(_) => std::future::pending().await,
                    }
                })
            }
            Wait::Drain(drain) => {
                let sight = WorldSight::of(&self.session.workbench, self.run.state(), &drain.scope);
                // Who goes on with a promotion that halted here wants it to be waited for again.
                let since = match drain.at_limit {
                    AtLimit::Halt => Duration::ZERO,
                    AtLimit::Proceed | AtLimit::RollBack => self.waited_before(),
                };
                Box::pin(async move {
                    let verdict = look_until_drained(&sight, &drain, since).await;
                    Done { operation, result: Returned::Gate(verdict) }
                })
            }
        }
    }

    /// How long ago the phase began: an earlier run may have waited already.
    fn waited_before(&self) -> Duration {
        let promotion = self.run.state().roster.as_ref().and_then(|it| it.promotion.as_ref());
        let now = self.session.workbench.clock.now();
        let passed = promotion.map_or(0, |it| now.saturating_sub(it.phase_started));
        Duration::from_secs(u64::try_from(passed).unwrap_or_default())
    }
}

async fn look_until_drained(sight: &dyn Sight, drain: &Drain, before: Duration) -> Verdict {
    let began = Instant::now();
    let mut draining = Draining::new(drain);
    loop {
        let look = sight.traffic(Side::Own).await.map_err(|failure| failure.message);
        let verdict = |result, evidence| Verdict { gate: DRAIN.to_owned(), result, evidence };
        match draining.observe(look, before + began.elapsed()) {
            Drained::NotYet => sleep(LOOK).await,
            Drained::Yes(evidence) => {
                return verdict(GateResult::Pass, format!("{}: {evidence}", drain.scope));
            }
            Drained::Expired(open) => {
                let evidence = format!("{} after {:?}: {open}", drain.scope, drain.limit);
                return verdict(at_limit(drain.at_limit), evidence);
            }
        }
    }
}

/// What it means that an environment is not drained in time.
fn at_limit(declared: AtLimit) -> GateResult {
    match declared {
        AtLimit::Halt => GateResult::Inconclusive,
        AtLimit::Proceed => GateResult::Pass,
        AtLimit::RollBack => GateResult::Fail,
    }
}
