//! What goes wrong on purpose.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};

use greenroom_emulator::{Fault, Outcome, Rule, Victim, Weather};

use crate::client::{Caller, launch};

/// How often a fresh launch succeeds whose answer is spoilt like this, and what came back.
async fn spoilt(fault: Fault) -> (usize, Result<u16, String>) {
    let caller = Caller::new();
    caller.account.inject(Rule::on("ec2:RunInstances", fault));
    let answer = caller.try_form("ec2", "RunInstances", &launch("token", "1")).await;
    (caller.instances().await.len(), answer.map(|answer| answer.status))
}

#[tokio::test]
async fn what_fails_before_has_no_effect() {
    assert_eq!(spoilt(Fault::Throttle).await, (0, Ok(503)));
    assert_eq!(spoilt(Fault::ServerError).await, (0, Ok(500)));
    let (instances, answer) = spoilt(Fault::ResetBefore).await;
    assert_eq!(instances, 0);
    assert!(answer.is_err(), "{answer:?}");
}

#[tokio::test]
async fn what_fails_after_has_its_effect() {
    assert_eq!(spoilt(Fault::ErrorAfter).await, (1, Ok(500)));
    for fault in [Fault::ResetAfter, Fault::TruncateAfter] {
        let (instances, answer) = spoilt(fault).await;
        assert_eq!(instances, 1);
        assert!(answer.is_err(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (_, answer) = spoilt(Fault::ResetAfter).await;
    assert!(answer.unwrap_err().contains("ConnectionReset"));
}

#[tokio::test]
async fn a_call_is_carried_out_though_its_caller_hangs_up() {
    let caller = Caller::new();
    caller.account.inject(Rule::on("ec2:RunInstances", Fault::Delay(Duration::from_millis(300))));
    let launch = launch("token", "1");
    let hurried = caller.try_form("ec2", "RunInstances", &launch);
    assert!(tokio::time::timeout(Duration::from_millis(100), hurried).await.is_err());
    // Waits for the first, or launches.
    caller.ec2("RunInstances", &launch).await;
    assert_eq!(caller.instances().await.len(), 1);
}

#[tokio::test]
async fn a_rule_spares_some_and_strikes_some() {
    let caller = Caller::new();
    let no_room = Fault::Refuse {
        code: "InsufficientInstanceCapacity".to_owned(),
        message: "none left".to_owned(),
        status: 500,
    };
    let rule = Rule::on("ec2:Run*", no_room).when("InstanceType", "t3").skip(1).times(2);
    caller.account.inject(rule);
    let mut statuses = Vec::new();
    for token in ["a", "b", "c", "d"] {
        statuses.push(caller.run(token, "1").await.status);
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
    let codes: Vec<Outcome> =
        caller.account.requests().into_iter().map(|request| request.outcome).collect();
    let refused = Some("InsufficientInstanceCapacity".to_owned());
    assert_eq!(codes[1], Outcome::Answered { status: 500, code: refused });
}

#[tokio::test]
async fn a_stall_keeps_the_answer_back() {
    let caller = Caller::new();
    caller.account.inject(Rule::on("*", Fault::StallAfter(Duration::from_millis(200))));
    let start = Instant::now();
    assert_eq!(caller.ec2("DescribeVpcs", &[]).await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_process_is_killed_before_and_after_the_effect() {
    for (fault, instances) in
        [(Fault::KillBefore as fn(Victim) -> Fault, 0), (Fault::KillAfter as fn(_) -> _, 1)]
    {
        let caller = Caller::new();
        let victim = Victim::unknown();
        caller.account.inject(Rule::on("ec2:RunInstances", fault(victim.clone())));
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        victim.is(child.id());
        let answer = caller.try_form("ec2", "RunInstances", &launch("token", "1")).await;
        assert!(answer.is_err(), "{answer:?}");
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert_eq!(caller.instances().await.len(), instances);
    }
}

#[tokio::test]
async fn the_same_seed_is_the_same_weather() {
    let mut statuses = Vec::new();
    for seed in [7, 7, 8] {
        let caller = Caller::new();
        caller.account.set_weather(Weather { throttle: 30, ..Weather::stormy(seed) });
        let mut seen = Vec::new();
        for _ in 0..30 {
            let answer = caller.try_form("ec2", "DescribeVpcs", &[]).await;
            seen.push(answer.map(|answer| answer.status).unwrap_or_default());
        }
        statuses.push(seen);
    }
    assert_eq!(statuses[0], statuses[1]);
    assert_ne!(statuses[0], statuses[2]);
    assert!(statuses[0].contains(&503) && statuses[0].contains(&200), "{:?}", statuses[0]);
}

#[tokio::test]
async fn what_the_emulator_does_not_know_is_no_retryable_error() {
    let caller = Caller::new();
    let answer = caller.ec2("DescribePlacementGroups", &[]).await;
    assert_eq!(answer.refusal(), (400, "EmulatorDoesNotKnow".to_owned()));
    assert!(answer.one("Message").contains("ec2:DescribePlacementGroups"), "{answer:?}");
    let account = caller.account.clone();
    let panic = std::thread::spawn(move || account.assert_supported()).join().unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("DescribePlacementGroups"), "{said}");
}
