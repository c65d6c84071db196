//! Gates: asking a running environment until there is a verdict.

mod patience;
mod probe;

use async_trait::async_trait;
use greenroom_apply::Gates;
use greenroom_model::gate::{Gate, GateResult, Verdict};
use tokio::time::{Instant, sleep};

pub use patience::{Look, Patience};

/// Asks gates by HTTP, TCP and programs on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Probes;

#[async_trait]
impl Gates for Probes {
    async fn ask(&self, name: &str, gate: Gate<String>) -> Verdict {
        let started = Instant::now();
        let mut patience = Patience::new(gate.pace);
        sleep(gate.pace.initial_delay).await;
        loop {
            let look = match tokio::time::timeout(gate.pace.timeout, probe::look(&gate.probe)).await
            {
                Ok(look) => look,
                Err(_) => Look::fail(format!("no answer within {:?}", gate.pace.timeout)),
            };
            if let Some((result, evidence)) = patience.observe(look, started.elapsed()) {
                return verdict(name, result, evidence);
            }
            sleep(gate.pace.interval).await;
        }
    }
}

fn verdict(gate: &str, result: GateResult, evidence: String) -> Verdict {
    Verdict { gate: gate.to_owned(), result, evidence }
}
