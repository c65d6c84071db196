//! A glance at an environment: what its objects say of their traffic and health, without a lease.

use std::time::Duration;

use greenroom_model::address::Scope;
use greenroom_model::state::State;
use greenroom_model::traffic::Traffic;
use greenroom_provider::{Failure, FailureKind, Health};
use tokio::time::timeout;

use crate::gates::{Side, Sight, WorldSight};
use crate::workbench::Workbench;

/// How long a glance takes at most.
const LONGEST: Duration = Duration::from_secs(3);

/// What was seen of an environment. Of what cannot be told, why.
#[derive(Debug)]
pub struct Glance {
    /// What has gone through everything that counts it.
    pub traffic: Result<Traffic, Failure>,
    /// Whether everything that reports it serves.
    pub health: Result<Health, Failure>,
}

impl Workbench {
    /// Looks at an environment, or the front, of a state. Looks only, and does not take long.
    pub async fn glance(&self, state: &State, scope: &Scope) -> Glance {
        let sight = WorldSight::of(self, state, scope);
        let traffic = async { timely(timeout(LONGEST, sight.traffic(Side::Own)).await) };
        let health = async { timely(timeout(LONGEST, sight.overall_health()).await) };
        let (traffic, health) = tokio::join!(traffic, health);
        Glance { traffic, health }
    }
}

fn timely<T>(seen: Result<Result<T, Failure>, tokio::time::error::Elapsed>) -> Result<T, Failure> {
    let late = |_| Err(Failure::new(FailureKind::Unavailable, "it does not answer in time"));
    seen.unwrap_or_else(late)
}
