//! What goes through the environment, and what its provider knows of metrics.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_apply::Until;
use greenroom_model::gate::{
    Bounds, Cloudwatch, Gate, Measure, Pace, Probe, TrafficProbe, Verdict,
};
use greenroom_model::metric::{AlarmState, MetricAnswer, MetricQuery, Series};
use greenroom_model::traffic::Traffic;
use insta::assert_snapshot;

use super::sight::Stub;
use super::{at_most, gate, number, shown};

/// Counts as they are before the gate looks for the first time.
const BEFORE: (u64, u64) = (90_000, 5_000);

fn counts((requests, errors): (u64, u64)) -> Traffic {
    Traffic {
        epoch: "life".into(),
        requests: Some(requests),
        errors: Some(errors),
        ..Traffic::default()
    }
}

/// What a side counts at the first look, and at all that follow.
fn side((requests, errors): (u64, u64)) -> Mutex<VecDeque<Traffic>> {
    let after = (BEFORE.0 + requests, BEFORE.1 + errors);
    Mutex::new(VecDeque::from([counts(BEFORE), counts(after)]))
}

fn error_rate() -> TrafficProbe {
    TrafficProbe {
        measure: Measure::ErrorRate,
        bounds: Bounds::default(),
        max_over_live: None,
        min_samples: 100,
        window: None,
    }
}

/// What the second look says.
async fn second_look(asked: TrafficProbe, own: (u64, u64), live: Option<(u64, u64)>) -> String {
    let live = live.map(side).unwrap_or_default();
    let sight = Stub { own: side(own), live, ..Stub::default() };
    let once = gate(Probe::Traffic(asked));
    let pace = Pace { deadline: Duration::from_secs(1), ..once.pace };
    let until = Until::Verdict;
    let Verdict { result, evidence, .. } =
        super::ask(Gate { pace, ..once }, until, Arc::new(sight)).await;
    shown(result, evidence.trim_end_matches(" (no verdict within 1s)"))
}

#[tokio::test(start_paused = true)]
async fn errors_are_counted_from_the_first_look() {
    let asked = || TrafficProbe { bounds: at_most(1.0), ..error_rate() };
    let seen = [
        second_look(asked(), (4_210, 42), None).await,
        second_look(asked(), (4_210, 90), None).await,
        second_look(asked(), (99, 0), None).await,
        second_look(asked(), (0, 0), None).await,
    ];
    assert_snapshot!(seen.join("\n"), @"
    pass: error rate 0.9976 % of 4,210 requests, at most 1 %
    fail: error rate 2.138 % of 4,210 requests, at most 1 %
    inconclusive: 99 requests are too few to tell, of at least 100
    inconclusive: nothing is counted yet
    ");
}

#[tokio::test(start_paused = true)]
async fn errors_are_compared_with_the_live_side() {
    let asked = || TrafficProbe { max_over_live: number(1.5), ..error_rate() };
    let both = || TrafficProbe { bounds: at_most(1.0), ..asked() };
    let seen = [
        second_look(asked(), (1_000, 15), Some((20_000, 200))).await,
        second_look(asked(), (1_000, 16), Some((20_000, 200))).await,
        second_look(asked(), (200, 1), Some((4_000, 0))).await,
        second_look(asked(), (200, 2), Some((4_000, 0))).await,
        second_look(asked(), (200, 0), Some((99, 0))).await,
        second_look(both(), (200, 100), Some((99, 0))).await,
        second_look(asked(), (200, 0), None).await,
        second_look(both(), (200, 0), None).await,
    ];
    assert_snapshot!(seen.join("\n"), @"
    pass: error rate 1.5 % of 1,000 requests; 1 % of 20,000 requests on the live side, at most 1.5 times that
    fail: error rate 1.6 % of 1,000 requests; 1 % of 20,000 requests on the live side, at most 1.5 times that
    pass: error rate 0.5 % of 200 requests; 0 % of 4,000 requests on the live side, at most 1.5 times that
    fail: error rate 1 % of 200 requests; 0 % of 4,000 requests on the live side, at most 1.5 times that
    inconclusive: error rate 0 % of 200 requests; on the live side, 99 requests are too few to tell, of at least 100
    fail: error rate 50 % of 200 requests, at most 1 %; on the live side, 99 requests are too few to tell, of at least 100
    inconclusive: error rate 0 % of 200 requests; there is nothing to compare with
    pass: error rate 0 % of 200 requests, at most 1 %
    ");
}

#[tokio::test(start_paused = true)]
async fn too_few_requests_fail_only_after_a_whole_window() {
    let bounds = Bounds { max: number(10_000.0), min: number(1_000.0) };
    let asked =
        |window| TrafficProbe { measure: Measure::Requests, bounds, window, ..error_rate() };
    let second = Some(Duration::from_secs(1));
    let seen = [
        second_look(asked(None), (1_000, 0), None).await,
        second_look(asked(None), (999, 0), None).await,
        second_look(asked(Some(Duration::from_secs(60))), (999, 0), None).await,
        second_look(asked(second), (999, 0), None).await,
        second_look(asked(None), (10_001, 0), None).await,
    ];
    assert_snapshot!(seen.join("\n"), @"
    pass: 1,000 requests, at least 1,000, at most 10,000
    inconclusive: 999 requests, at least 1,000, at most 10,000
    inconclusive: 999 requests, at least 1,000, at most 10,000
    fail: 999 requests, at least 1,000, at most 10,000
    fail: 10,001 requests, at least 1,000, at most 10,000
    ");
}

#[tokio::test(start_paused = true)]
async fn metrics_and_alarms_are_asked_of_the_provider() {
    let alarm = |state| MetricAnswer::Alarm { state, reason: "as it was set".to_owned() };
    let metrics = || {
        BTreeMap::from([
            ("quiet", alarm(AlarmState::Quiet)),
            ("raised", alarm(AlarmState::Raised)),
            ("unknown", alarm(AlarmState::Unknown)),
            ("refused", MetricAnswer::Value(Some(12.0))),
            ("silent", MetricAnswer::Value(None)),
            ("asked", MetricAnswer::Value(Some(3.0))),
            ("idle", MetricAnswer::Value(Some(0.0))),
        ])
    };
    let series = |metric: &str| Series {
        namespace: "AWS/ApplicationELB".to_owned(),
        metric: metric.to_owned(),
        dimensions: BTreeMap::new(),
        statistic: "Sum".into(),
        period: Duration::from_secs(60),
    };
    let named = |name: &str| MetricQuery::Alarm { name: name.to_owned() };
    let value = |metric| MetricQuery::Value(series(metric));
    let look = async |query, companion: Option<&str>| {
        let provider = "aws.west".into();
        let companion = companion.map(series);
        let asked = Cloudwatch { provider, query, bounds: at_most(10.0), companion };
        super::look(Probe::Cloudwatch(asked), Stub { metrics: metrics(), ..Stub::default() }).await
    };
    let seen = [
        look(named("quiet"), None).await,
        look(named("raised"), None).await,
        look(named("unknown"), None).await,
        look(named("nowhere"), None).await,
        look(value("asked"), None).await,
        look(value("refused"), None).await,
        look(value("silent"), None).await,
        look(value("silent"), Some("silent")).await,
        look(value("silent"), Some("idle")).await,
        look(value("silent"), Some("asked")).await,
        look(value("silent"), Some("quiet")).await,
    ];
    assert_snapshot!(seen.join("\n"), @"
    pass: alarm `quiet` is OK: as it was set
    fail: alarm `raised` is raised: as it was set
    inconclusive: alarm `unknown` has too little data: as it was set
    error: alarm `nowhere`: there is no such metric
    pass: Sum of `AWS/ApplicationELB asked` is 3, at most 10
    fail: Sum of `AWS/ApplicationELB refused` is 12, at most 10
    inconclusive: Sum of `AWS/ApplicationELB silent` has no data
    inconclusive: Sum of `AWS/ApplicationELB silent` has no data, and `silent` is not above zero
    inconclusive: Sum of `AWS/ApplicationELB silent` has no data, and `idle` is not above zero
    pass: Sum of `AWS/ApplicationELB silent` is 0, at most 10
    error: Sum of `AWS/ApplicationELB silent`: the provider answered with an alarm where a value was asked for
    ");
}
