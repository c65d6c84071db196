//! Any gate.

use greenroom_model::gate::{
    Bounds, Cloudwatch, Gate, Measure, MinHealthy, OnInconclusive, Pace, Probe, Prometheus,
    TrafficProbe,
};
use greenroom_model::metric::{MetricQuery, Series};
use greenroom_model::value::{Number, Value};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::plan::time;
use super::{address, text, value_with};

pub(super) fn gate(secrets: bool) -> impl Strategy<Value = Gate<Value>> {
    let on_inconclusive = prop_oneof![Just(OnInconclusive::Halt), Just(OnInconclusive::Fail)];
    (probe(secrets), pace(), on_inconclusive).prop_map(|(probe, pace, on_inconclusive)| Gate {
        probe,
        pace,
        on_inconclusive,
    })
}

fn pace() -> impl Strategy<Value = Pace> {
    ([time(), time(), time(), time()], any::<u32>(), any::<u32>()).prop_map(
        |([initial_delay, interval, timeout, deadline], successes, failure_limit)| Pace {
            initial_delay,
            interval,
            timeout,
            successes,
            failure_limit,
            deadline,
        },
    )
}

fn probe(secrets: bool) -> impl Strategy<Value = Probe<Value>> {
    let value = move || value_with(secrets);
    let http = (value(), any::<u16>(), option::of(value()));
    let prometheus = (value(), value(), bounds(), option::of(value()));
    let cloudwatch = (text(), query(secrets), bounds(), option::of(series(secrets)));
    prop_oneof![
        http.prop_map(|(url, status, body)| Probe::Http { url, status, body }),
        value().prop_map(|endpoint| Probe::Tcp { endpoint }),
        vec(value(), 0..3).prop_map(|argv| Probe::Command { argv }),
        (address(), min_healthy()).prop_map(|(address, min_healthy)| Probe::TargetHealth {
            block: address.block,
            min_healthy,
        }),
        prometheus.prop_map(|(url, query, bounds, companion)| {
            Probe::Prometheus(Prometheus { url, query, bounds, companion })
        }),
        traffic().prop_map(Probe::Traffic),
        cloudwatch.prop_map(|(provider, query, bounds, companion)| {
            Probe::Cloudwatch(Cloudwatch { provider, query, bounds, companion })
        }),
    ]
}

fn number() -> impl Strategy<Value = Number> {
    let finite = proptest::num::f64::NORMAL | proptest::num::f64::ZERO;
    finite.prop_map(|it| Number::try_from(it).expect("it is finite"))
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (option::of(number()), option::of(number())).prop_map(|(max, min)| Bounds { max, min })
}

fn min_healthy() -> impl Strategy<Value = MinHealthy> {
    prop_oneof![
        any::<u32>().prop_map(MinHealthy::Targets),
        any::<u8>().prop_map(MinHealthy::Percent),
    ]
}

fn traffic() -> impl Strategy<Value = TrafficProbe> {
    let measure = prop_oneof![
        Just(Measure::ErrorRate),
        number().prop_map(|quantile| Measure::Latency { quantile }),
        Just(Measure::Coverage),
        Just(Measure::Requests),
    ];
    (measure, bounds(), option::of(number()), any::<u32>(), option::of(time())).prop_map(
        |(measure, bounds, max_over_live, min_samples, window)| TrafficProbe {
            measure,
            bounds,
            max_over_live,
            min_samples,
            window,
        },
    )
}

fn query(secrets: bool) -> impl Strategy<Value = MetricQuery<Value>> {
    prop_oneof![
        value_with(secrets).prop_map(|name| MetricQuery::Alarm { name }),
        series(secrets).prop_map(MetricQuery::Value),
    ]
}

fn series(secrets: bool) -> impl Strategy<Value = Series<Value>> {
    let value = move || value_with(secrets);
    let dimensions = btree_map(text(), value(), 0..3);
    (value(), value(), dimensions, text(), time()).prop_map(
        |(namespace, metric, dimensions, statistic, period)| Series {
            namespace,
            metric,
            dimensions,
            statistic,
            period,
        },
    )
}
