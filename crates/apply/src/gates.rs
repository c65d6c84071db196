//! Who asks gates.

use async_trait::async_trait;
use greenroom_model::gate::{Gate, GateResult, Verdict};

/// Asks gates; `greenroom-delivery` has the one that really does.
#[async_trait]
pub trait Gates: Send + Sync {
    /// Asks until the gate has a verdict. Cancel-safe: a gate only looks.
    async fn ask(&self, name: &str, gate: Gate<String>) -> Verdict;
}

/// For plans without gates: every gate is an error, as nobody looked.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGates;

#[async_trait]
impl Gates for NoGates {
    async fn ask(&self, name: &str, _: Gate<String>) -> Verdict {
        Verdict {
            gate: name.to_owned(),
            result: GateResult::Error,
            evidence: "gates are not asked here".to_owned(),
        }
    }
}
