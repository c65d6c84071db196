//! One look.

use greenroom_model::gate::GateResult;

/// What one look saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Pass, fail, inconclusive, or error.
    pub result: GateResult,
    /// What was seen, in a sentence.
    pub evidence: String,
}

impl Look {
    /// What was asked for is so.
    pub fn pass(evidence: impl Into<String>) -> Look {
        Look { result: GateResult::Pass, evidence: evidence.into() }
    }

    /// It is not so.
    pub fn fail(evidence: impl Into<String>) -> Look {
        Look { result: GateResult::Fail, evidence: evidence.into() }
    }

    /// There is not enough to tell.
    pub fn inconclusive(evidence: impl Into<String>) -> Look {
        Look { result: GateResult::Inconclusive, evidence: evidence.into() }
    }

    /// The check itself broke.
    pub fn error(evidence: impl Into<String>) -> Look {
        Look { result: GateResult::Error, evidence: evidence.into() }
    }

    /// Both at once: it fails if one does, and passes if both do.
    pub(super) fn and(self, other: Look) -> Look {
        let result = match (self.result, other.result) {
            (one, GateResult::Pass) => one,
            (GateResult::Fail, _) => GateResult::Fail,
            (_, other) => other,
        };
        Look { result, evidence: format!("{}; {}", self.evidence, other.evidence) }
    }
}
