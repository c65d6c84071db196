//! Gates, asked of servers on the loopback interface and of a sight that is made up.

mod http;
mod prometheus;
mod server;
mod sight;
mod told;
mod traffic;

use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::{Gates, Question, Sight, Until};
use greenroom_delivery::gates::Probes;
use greenroom_model::gate::{Bounds, Gate, GateResult, OnInconclusive, Pace, Probe, Verdict};
use greenroom_model::value::Number;

use sight::Stub;

/// A gate that comes to its verdict by one look.
fn gate(probe: Probe<String>) -> Gate<String> {
    let pace = Pace { failure_limit: 0, deadline: Duration::ZERO, ..Pace::default() };
    Gate { probe, pace, on_inconclusive: OnInconclusive::Halt }
}

async fn ask(gate: Gate<String>, until: Until, sight: Arc<dyn Sight>) -> Verdict {
    Probes.ask(Question { name: "web".into(), gate, until, sight }).await
}

/// What one look says, as a line: the result and the evidence.
async fn look(probe: Probe<String>, sight: Stub) -> String {
    let Verdict { gate: _, result, evidence } =
        ask(gate(probe), Until::Verdict, Arc::new(sight)).await;
    shown(result, &evidence)
}

fn shown(result: GateResult, evidence: &str) -> String {
    let result = format!("{result:?}").to_lowercase();
    format!("{result}: {}", evidence.trim_end_matches(" (no verdict within 0ns)"))
}

fn number(number: f64) -> Option<Number> {
    Some(Number::try_from(number).expect("it is finite"))
}

fn at_most(max: f64) -> Bounds {
    Bounds { max: number(max), min: None }
}
