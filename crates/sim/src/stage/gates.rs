//! Gates whose verdicts a seed decides, for each environment and over time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use greenroom_apply::{Gates, Question, Until};
use greenroom_model::address::Scope;
use greenroom_model::gate::{GateResult, Probe, Verdict};
use tokio::time::{Instant, sleep};

use super::judge::Court;
use crate::chance::Chance;

/// The time between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// What gates say. Clones say the same.
#[derive(Clone)]
pub(super) struct Oracle {
    seed: u64,
    court: Court,
    /// What they all say from now on, whatever the seed says.
    said: Arc<Mutex<Option<GateResult>>>,
    asked: Arc<Mutex<BTreeMap<String, Instant>>>,
}

impl Oracle {
    pub(super) fn new(seed: u64, court: Court) -> Oracle {
        Oracle { seed, court, said: Arc::default(), asked: Arc::default() }
    }

    /// Lets all gates say this from now on.
    pub(super) fn say(&self, result: GateResult) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    /// What a gate of an environment sees now.
    fn look(&self, environment: &str) -> GateResult {
        if let Some(said) = *self.said.lock().unwrap_or_else(PoisonError::into_inner) {
            return said;
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *asked.entry(environment.to_owned()).or_insert_with(Instant::now);
        let age = first.elapsed();
        let mut chance = Chance::at(self.seed, environment);
        let turn = Duration::from_millis(chance.below(900_000));
        let (early, late) = match chance.below(20) {
            0..=10 => (GateResult::Pass, GateResult::Pass),
            11..=14 => (GateResult::Pass, GateResult::Fail),
            15 => (GateResult::Fail, GateResult::Pass),
            16 => (GateResult::Fail, GateResult::Fail),
            17 => (GateResult::Pass, GateResult::Inconclusive),
            18 => (GateResult::Pass, GateResult::Error),
            _ if (age.as_secs() / 60).is_multiple_of(2) => (GateResult::Pass, GateResult::Pass),
            _ => (GateResult::Fail, GateResult::Fail),
        };
        if age < turn { early } else { late }
    }
}

#[async_trait]
impl Gates for Oracle {
    async fn ask(&self, question: Question) -> Verdict {
        let Question { name, gate, mut until, .. } = question;
        let environment = match gate.probe {
            Probe::Command { argv } => argv.get(1).cloned().unwrap_or_default(),
            _ => String::new(),
        };
        loop {
            let is_over = match &mut until {
                Until::Verdict => {
                    sleep(LOOK).await;
                    true
                }
                Until::Told(told) => {
                    tokio::select! {
                        biased;
                        () = told.told() => true,
                        () = sleep(LOOK) => false,
                    }
                }
            };
            let result = self.look(&environment);
            if is_over || result == GateResult::Fail {
                if let Ok(scope) = Scope::environment(&environment) {
                    self.court.judge().heard(&scope, result);
                }
                let evidence = format!("{environment} was looked at");
                return Verdict { gate: name.to_string(), result, evidence };
            }
        }
    }
}
