//! Gates: asking a running environment until there is a verdict.

mod bounds;
mod cloudwatch;
mod command;
mod figures;
mod health;
mod http;
mod look;
mod looking;
mod patience;
mod prometheus;
mod traffic;
mod window;

use std::time::Duration;

use async_trait::async_trait;
use greenroom_apply::{Gates, Question, Told, Until};
use greenroom_model::gate::{GateResult, Pace, Verdict};
use tokio::time::{Instant, sleep, timeout};

pub use look::Look;
use looking::Looking;
pub use patience::Patience;

/// Asks gates: by HTTP, TCP and programs of this machine, of a Prometheus, and through providers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Probes;

#[async_trait]
impl Gates for Probes {
    async fn ask(&self, question: Question) -> Verdict {
        let Question { name, gate, until, sight } = question;
        let looking = Looking::new(gate.probe, gate.pace.timeout, sight);
        let (result, evidence) = decide(gate.pace, until, looking).await;
        Verdict { gate: name.to_string(), result, evidence }
    }
}

/// Looks until there is a verdict.
async fn decide(pace: Pace, until: Until, mut looking: Looking) -> (GateResult, String) {
    let started = Instant::now();
    let (mut patience, mut waits_for) = match until {
        Until::Verdict => (Patience::until_verdict(pace), None),
        Until::Told(told) => (Patience::until_told(pace), Some(told)),
    };
    pause(pace.initial_delay, &mut waits_for).await;
    loop {
        let seen = looking.look(started.elapsed()).await;
        if let Some(decided) = patience.observe(seen, started.elapsed()) {
            return decided;
        }
        pause(pace.interval, &mut waits_for).await;
        if waits_for.take_if(|it| it.is_told()).is_some()
            && let Some(decided) = patience.told(started.elapsed())
        {
            return decided;
        }
    }
}

/// Lets `length` pass, or the time until somebody who is waited for has told.
async fn pause(length: Duration, waits_for: &mut Option<Told>) {
    match waits_for {
        // Either way, it was time.
        Some(told) => drop(timeout(length, told.told()).await),
        None => sleep(length).await,
    }
}
