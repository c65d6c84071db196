//! A cancellation: nothing new, waits abandoned, everything kept.

use std::time::Duration;

use greenroom_apply::{Applied, ApplyError, Cancel};
use greenroom_sim::cloud::{CallKind, Cloud, Weather};
use greenroom_sim::disk::FaultyDisk;
use tokio::time::{Instant, sleep};

use crate::lab::{BEFORE, Lab, simulate};

fn slow_lab() -> Lab {
    let call = Duration::from_secs(2);
    let start = Duration::from_secs(3600);
    let weather = Weather { latency: (call, call), start, ..Weather::default() };
    Lab::of(Cloud::with_weather(weather), FaultyDisk::new())
}

/// Applies, and calls `stop` after a while; what came of it, and how long it took.
async fn stopped(
    lab: &Lab,
    after: Duration,
    stop: fn(&Cancel),
) -> (Result<Applied, ApplyError>, Duration) {
    let cancel = Cancel::new();
    let stopper = async {
        sleep(after).await;
        stop(&cancel);
    };
    let began = Instant::now();
    let (applied, ()) = tokio::join!(lab.up_until(BEFORE, &cancel), stopper);
    (applied, began.elapsed())
}

#[test]
fn nothing_new_starts_and_what_is_under_way_is_awaited() {
    simulate(async {
        let lab = slow_lab();
        let (applied, took) = stopped(&lab, Duration::from_secs(1), Cancel::cancel).await;
        let applied = applied.unwrap();
        assert!(applied.cancelled && !applied.is_complete());
        assert_eq!(took, Duration::from_secs(2), "the calls end, no wait begins");
        let kinds: Vec<CallKind> = lab.cloud.calls().iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [CallKind::Create; 4], "the four that need nothing");
        lab.agrees("cancelled").await;
        lab.converge(BEFORE, 1, "resumed").await;
    });
}

#[test]
fn a_wait_is_abandoned_and_gone_on_with_later() {
    simulate(async {
        let lab = slow_lab();
        let (applied, took) = stopped(&lab, Duration::from_secs(60), Cancel::cancel).await;
        assert!(applied.unwrap().cancelled);
        assert_eq!(took, Duration::from_secs(60), "not the hour that a start takes");
        lab.agrees("cancelled").await;
        let doing = lab.would_do(BEFORE).await.join("\n");
        assert!(doing.contains("apply:complete:pr/sim_machine.anew"), "{doing}");
        lab.converge(BEFORE, 1, "resumed").await;
    });
}

#[test]
fn an_abort_leaves_at_once_and_the_next_session_settles() {
    simulate(async {
        let lab = slow_lab();
        let (applied, took) = stopped(&lab, Duration::from_secs(1), Cancel::abort).await;
        assert!(applied.is_err());
        assert_eq!(took, Duration::from_secs(1));
        let lab = lab.after_kill();
        lab.agrees("aborted").await;
        lab.converge(BEFORE, 1, "resumed").await;
    });
}
