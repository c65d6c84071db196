//! One gate being looked at, from look to look.

use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::Sight;
use greenroom_model::gate::Probe;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::traffic::Counts;
use super::{Look, cloudwatch, command, health, http, prometheus};

/// A probe, with what is kept from one look to the next.
pub(super) struct Looking {
    probe: Probe<String>,
    timeout: Duration,
    sight: Arc<dyn Sight>,
    counts: Counts,
    /// Made for the first look that needs it.
    client: Option<reqwest::Client>,
}

impl Looking {
    pub(super) fn new(probe: Probe<String>, timeout: Duration, sight: Arc<dyn Sight>) -> Looking {
        let window = match &probe {
            Probe::Traffic(asked) => asked.window,
            _ => None,
        };
        Looking { probe, timeout, sight, counts: Counts::new(window), client: None }
    }

    /// Looks once, `elapsed` after the gate was asked.
    pub(super) async fn look(&mut self, elapsed: Duration) -> Look {
        let limit = self.timeout;
        match timeout(limit, self.look_without_limit(elapsed)).await {
            Ok(look) => look,
            Err(_) => self.late(format!("no answer within {limit:?}")),
        }
    }

    /// What is asked itself and does not answer is not as it should be; of what somebody else is
    /// asked about, that says nothing.
    fn late(&self, evidence: String) -> Look {
        match self.probe {
            Probe::Http { .. } | Probe::Tcp { .. } | Probe::Command { .. } => Look::fail(evidence),
            Probe::TargetHealth { .. }
            | Probe::Prometheus(_)
            | Probe::Traffic(_)
            | Probe::Cloudwatch(_) => Look::error(evidence),
        }
    }

    async fn look_without_limit(&mut self, elapsed: Duration) -> Look {
        let sight = &*self.sight;
        match &self.probe {
            Probe::Http { url, status, body } => match client(&mut self.client) {
                Ok(client) => http::look(client, url, *status, body.as_deref()).await,
                Err(why) => Look::error(why),
            },
            Probe::Tcp { endpoint } => tcp(endpoint).await,
            Probe::Command { argv } => command::look(argv).await,
            Probe::TargetHealth { block, min_healthy } => {
                health::look(sight, block, *min_healthy).await
            }
            Probe::Prometheus(asked) => match client(&mut self.client) {
                Ok(client) => prometheus::look(client, asked).await,
                Err(why) => Look::error(why),
            },
            Probe::Traffic(asked) => self.counts.look(asked, sight, elapsed).await,
            Probe::Cloudwatch(asked) => cloudwatch::look(sight, asked).await,
        }
    }
}

fn client(made: &mut Option<reqwest::Client>) -> Result<&reqwest::Client, String> {
    match made {
        Some(client) => Ok(client),
        None => Ok(made.insert(http::client()?)),
    }
}

async fn tcp(endpoint: &str) -> Look {
    match TcpStream::connect(endpoint).await {
        Ok(_) => Look::pass(format!("{endpoint} accepts connections")),
        Err(error) => Look::fail(format!("{endpoint}: {error}")),
    }
}
