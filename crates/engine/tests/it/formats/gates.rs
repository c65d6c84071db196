//! A plan with every kind of gate.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_model::address::Scope;
use greenroom_model::gate::{
    Bounds, Cloudwatch, Gate, Measure, MinHealthy, OnInconclusive, Pace, Probe, Prometheus,
    TrafficProbe,
};
use greenroom_model::identity::Lineage;
use greenroom_model::metric::{MetricQuery, Series};
use greenroom_model::plan::{Action, Asked, Expectation, Next, Operation, Phase, Plan, Purpose};
use greenroom_model::value::{Number, Value};

use super::samples;

/// A plan that asks every kind of gate, and does nothing else.
pub(super) fn plan() -> Plan {
    let operations = probes().into_iter().map(|(name, probe)| {
        let on_inconclusive = match name {
            "alarm" => OnInconclusive::Fail,
            _ => OnInconclusive::Halt,
        };
        let gate = Box::new(Gate { probe, pace: Pace::default(), on_inconclusive });
        Operation {
            id: format!("gates:gate:{name}").parse().expect("an operation's id"),
            action: Action::Gate { scope: scope(), name: name.into(), gate, asked: Asked::Once },
            needs: Vec::new(),
            expects: Expectation::Nothing,
        }
    });
    let phase = Phase {
        name: "gates".into(),
        operations: operations.collect(),
        on_pass: Next::Done,
        on_fail: Next::Halt,
    };
    Plan {
        project: "shop".into(),
        stage: "integration".into(),
        environment: Some(scope()),
        lineage: Lineage("8c1f0e6a4b7d42d39a5be0f1c2d3e4f5".into()),
        purpose: Purpose::Apply,
        inputs: BTreeMap::new(),
        versions: BTreeMap::new(),
        drift: Vec::new(),
        lifecycles: Vec::new(),
        phases: vec![phase],
        outputs: BTreeMap::new(),
    }
}

fn scope() -> Scope {
    "pr-17".parse().expect("a scope")
}

fn probes() -> Vec<(&'static str, Probe<Value>)> {
    let number = |number: f64| Some(Number::try_from(number).expect("it is finite"));
    let at_most = |max| Bounds { max: number(max), min: None };
    let traffic = |measure| TrafficProbe {
        measure,
        bounds: at_most(1.5),
        max_over_live: None,
        min_samples: 100,
        window: None,
    };
    let series = |metric: &str| Series {
        namespace: "AWS/ApplicationELB".into(),
        metric: metric.into(),
        dimensions: BTreeMap::from([("LoadBalancer".into(), samples::pending("aws_lb.a.arn"))]),
        statistic: "Sum".into(),
        period: Duration::from_secs(60),
    };
    let latency = Measure::Latency { quantile: Number::try_from(0.99).expect("it is finite") };
    let health = |min_healthy| Probe::TargetHealth {
        block: "local_target_group.web".parse().expect("a block's name"),
        min_healthy,
    };
    vec![
        ("all", health(MinHealthy::Percent(100))),
        ("some", health(MinHealthy::Targets(2))),
        (
            "prometheus",
            Probe::Prometheus(Prometheus {
                url: "https://prometheus.example".into(),
                query: "up".into(),
                bounds: Bounds { max: None, min: number(1.0) },
                companion: Some("count(up)".into()),
            }),
        ),
        (
            "errors",
            Probe::Traffic(TrafficProbe {
                max_over_live: number(1.5),
                window: Some(Duration::from_secs(300)),
                ..traffic(Measure::ErrorRate)
            }),
        ),
        ("latency", Probe::Traffic(traffic(latency))),
        ("requests", Probe::Traffic(traffic(Measure::Requests))),
        (
            "refused",
            Probe::Cloudwatch(Cloudwatch {
                provider: "aws.west".into(),
                query: MetricQuery::Value(series("HTTPCode_Target_5XX_Count")),
                bounds: at_most(10.0),
                companion: Some(series("RequestCount")),
            }),
        ),
        (
            "alarm",
            Probe::Cloudwatch(Cloudwatch {
                provider: "aws".into(),
                query: MetricQuery::Alarm { name: "errors".into() },
                bounds: Bounds::default(),
                companion: None,
            }),
        ),
    ]
}
