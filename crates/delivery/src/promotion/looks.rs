//! Looks at the environments of a promoted stage, one after the other: what came to each since the
//! last one.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use greenroom_apply::{Glance, Workbench};
use greenroom_model::address::Scope;
use greenroom_model::state::State;
use greenroom_model::traffic::Traffic;
use greenroom_provider::Health;
use tokio::time::Instant;

/// Looks, each of which remembers the one before.
#[derive(Debug, Default)]
pub struct Looks {
    before: BTreeMap<Scope, (Traffic, Instant)>,
}

/// What one look saw of an environment; `None` is what cannot be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Whether it serves.
    pub health: Option<Health>,
    /// Connections that are open now; where these are not counted, requests that are being served.
    pub open: Option<u64>,
    /// What came to it since the last look.
    pub since: Option<Since>,
}

/// What came to an environment between two looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Since {
    /// The time between them.
    pub time: Duration,
    /// Requests that were answered or failed.
    pub requests: Option<u64>,
    /// Those of them that failed.
    pub errors: Option<u64>,
}

impl Looks {
    /// Looks at all environments of a state's roster. Never fails, and does not take long.
    pub async fn look(&mut self, workbench: &Workbench, state: &State) -> BTreeMap<Scope, Seen> {
        let scopes = state.roster.iter().flat_map(|it| it.entries.keys());
        let glances =
            scopes.map(async |it| (it.clone(), workbench.glance(state, it).await, Instant::now()));
        let glances = join_all(glances).await;
        let seen = glances.into_iter().map(|(scope, glance, at)| {
            let seen = self.compare(&scope, glance, at);
            (scope, seen)
        });
        seen.collect()
    }

    fn compare(&mut self, scope: &Scope, glance: Glance, at: Instant) -> Seen {
        let Glance { traffic, health } = glance;
        let health = health.ok();
        let Ok(traffic) = traffic else { return Seen { health, ..Seen::default() } };
        let open = traffic.connections.or(traffic.in_flight);
        let before = self.before.insert(scope.clone(), (traffic.clone(), at));
        // Counts that began anew say nothing of the time since the last look.
        let before = before.filter(|(before, _)| before.epoch == traffic.epoch);
        let since = before.map(|(before, then)| {
            let Traffic { requests, errors, .. } = traffic.since(&before);
            Since { time: at.duration_since(then), requests, errors }
        });
        Seen { health, open, since }
    }
}
