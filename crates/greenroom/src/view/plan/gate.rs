//! Gates and other steps that change no object.

use greenroom_model::gate::{Bounds, Gate, Measure, Probe, TrafficProbe};
use greenroom_model::metric::{MetricQuery, Series};
use greenroom_model::plan::{Action, Asked, AtLimit, Drain, Wait};
use greenroom_model::roster::Mark;
use greenroom_model::value::Value;

use crate::view::value::{Style, text};
use crate::view::words::whole;

/// A gate that is asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GateView {
    /// Where it is declared, and its name: `default/web`.
    pub(crate) name: String,
    /// What it asks, in a line.
    pub(crate) question: String,
    /// For how long it is asked, or whether it is a hook.
    pub(crate) asked: Asked,
}

/// A step without an object: a wait, a comparison, a change of the roster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step(pub(crate) String);

impl GateView {
    pub(super) fn of(action: &Action) -> Option<GateView> {
        let Action::Gate { scope, name, gate, asked } = action else { return None };
        let (name, question) = (format!("{scope}/{name}"), question(gate));
        Some(GateView { name, question, asked: *asked })
    }
}

fn question(gate: &Gate<Value>) -> String {
    match &gate.probe {
        Probe::Http { url, status, body } => {
            let body = body.as_ref().map(|it| format!(" and {}", text(it, Style::default())));
            format!("GET {} answers {status}{}", bare(url), body.unwrap_or_default())
        }
        Probe::Tcp { endpoint } => format!("{} takes connections", bare(endpoint)),
        Probe::Command { argv } => {
            let argv: Vec<String> = argv.iter().map(bare).collect();
            format!("`{}` succeeds", argv.join(" "))
        }
        Probe::TargetHealth { block, min_healthy } => {
            format!("{min_healthy} of the targets of {block} are healthy")
        }
        Probe::Prometheus(it) => {
            let what = format!("`{}` at {}", bare(&it.query), bare(&it.url));
            format!("{what} is {}", wanted(it.bounds, ""))
        }
        Probe::Traffic(it) => traffic(it),
        Probe::Cloudwatch(it) => match &it.query {
            MetricQuery::Alarm { name } => format!("alarm `{}` is OK", bare(name)),
            MetricQuery::Value(series) => {
                let Series { namespace, metric, statistic, .. } = series;
                let what = format!("{statistic} of `{} {}`", bare(namespace), bare(metric));
                format!("{what} is {}", wanted(it.bounds, ""))
            }
        },
    }
}

fn bare(value: &Value) -> String {
    match value {
        Value::String(text) if !text.contains(char::is_control) => text.to_string(),
        other => text(other, Style::default()),
    }
}

fn traffic(asked: &TrafficProbe) -> String {
    let (what, unit) = match asked.measure {
        Measure::ErrorRate => ("error rate".to_owned(), " %"),
        Measure::Latency { quantile } => {
            (format!("latency at {} %", 100.0 * quantile.as_f64()), " ms")
        }
        Measure::Coverage => ("share of requests that it answered as well".to_owned(), " %"),
        Measure::Requests => ("number of requests".to_owned(), ""),
    };
    let ratio = asked.max_over_live.map(|ratio| format!("at most {ratio} times the live side's"));
    let alone = (asked.bounds != Bounds::default()).then(|| wanted(asked.bounds, unit));
    let bounds: Vec<String> = alone.into_iter().chain(ratio).collect();
    format!("{what} is {}", bounds.join(" and "))
}

fn wanted(Bounds { max, min }: Bounds, unit: &str) -> String {
    let least = min.map(|min| format!("at least {min}{unit}"));
    let most = max.map(|max| format!("at most {max}{unit}"));
    least.into_iter().chain(most).collect::<Vec<_>>().join(" and ")
}

impl Step {
    pub(super) fn of(action: &Action) -> Option<Step> {
        match action {
            Action::Wait(Wait::For(time)) => Some(Step(format!("wait {}", whole(*time)))),
            Action::Wait(Wait::Approval) => Some(Step("wait for approval".to_owned())),
            Action::Wait(Wait::Drain(drain)) => Some(Step(drained(drain).join("; "))),
            Action::Verify { address, .. } => Some(Step(format!("verify {address}"))),
            Action::Mark(mark) => marked(mark).map(Step),
            _ => None,
        }
    }
}

/// What draining waits for, what follows if that does not come, what is measured, and how long
/// clients may come although there is no weight.
pub(super) fn drained(drain: &Drain) -> Vec<String> {
    let Drain { scope, counted, horizons, not_before, quiet, limit, at_limit } = drain;
    let then = match at_limit {
        AtLimit::Halt => "then halt",
        AtLimit::Proceed => "then go on all the same",
        AtLimit::RollBack => "then roll back",
    };
    let first = format!(
        "wait until {scope} serves nothing and nothing new came for {}, at most {}, {then}",
        whole(*quiet),
        whole(*limit)
    );
    let counted: Vec<String> = counted.iter().map(ToString::to_string).collect();
    let counted = (!counted.is_empty()).then(|| format!("counted by {}", counted.join(", ")));
    let not_before = (!not_before.is_zero()).then(|| format!("not before {}", whole(*not_before)));
    let horizons = horizons.iter().map(|it| format!("{} for {}", it.why, whole(it.lasts)));
    [first].into_iter().chain(counted).chain(not_before).chain(horizons).collect()
}

/// What a mark says to a person; nothing if it only notes how far the promotion has come.
fn marked(mark: &Mark) -> Option<String> {
    let entries = mark.entries.iter().map(|(scope, placing)| match placing {
        Some(it) => format!("{scope} {} at {} %", it.role.as_str(), it.weight.percent()),
        None => format!("{scope} forgotten"),
    });
    let entries: Vec<String> = entries.collect();
    (!entries.is_empty()).then(|| format!("record {}", entries.join(", ")))
}
