//! Gates that go on looking until they are told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_apply::{Teller, Until};
use greenroom_model::gate::{Gate, GateResult, MinHealthy, Pace, Probe};
use greenroom_provider::Health;
use tokio::time::{Instant, sleep};

use super::sight::Stub;
use super::{ask, gate};

fn health(healthy: u32, unhealthy: u32) -> Health {
    Health { healthy, unhealthy, unknown: 0 }
}

/// A gate that looks every second, and what it will see.
fn targets(seen: &[Health]) -> (Gate<String>, Arc<Stub>) {
    let block = "local_target_group.web".parse().expect("a block's name");
    let probe = Probe::TargetHealth { block, min_healthy: MinHealthy::Percent(100) };
    let pace = Pace { failure_limit: 0, ..Pace::default() };
    let health = Mutex::new(seen.iter().copied().collect());
    let sight = Stub { health, ..Stub::default() };
    (Gate { pace, ..gate(probe) }, Arc::new(sight))
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_passes_goes_on_until_it_is_told() {
    let (gate, sight) = targets(&[health(2, 0)]);
    let (teller, told) = Teller::new();
    let began = Instant::now();
    let tell = async {
        sleep(Duration::from_secs(3600)).await;
        teller.tell();
    };
    let (verdict, ()) = tokio::join!(ask(gate, Until::Told(told), sight), tell);
    assert_eq!(verdict.result, GateResult::Pass);
    assert_eq!(began.elapsed(), Duration::from_secs(3600));
    assert_eq!(
        verdict.evidence,
        "2 of 2 targets of local_target_group.web are healthy, at least 100 %"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_ends_it_before_it_is_told() {
    let (gate, sight) = targets(&[health(2, 0), health(2, 0), health(1, 1)]);
    let (_teller, told) = Teller::new();
    let began = Instant::now();
    let verdict = ask(gate, Until::Told(told), sight).await;
    assert_eq!(verdict.result, GateResult::Fail);
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn what_is_inconclusive_when_it_is_told_has_its_deadline_from_then() {
    let (gate, sight) = targets(&[health(0, 0)]);
    let deadline = gate.pace.deadline;
    let (teller, told) = Teller::new();
    let began = Instant::now();
    let tell = async {
        sleep(Duration::from_secs(600)).await;
        drop(teller);
    };
    let (verdict, ()) = tokio::join!(ask(gate, Until::Told(told), sight), tell);
    assert_eq!(verdict.result, GateResult::Inconclusive);
    assert!(began.elapsed() >= Duration::from_secs(600) + deadline);
}
