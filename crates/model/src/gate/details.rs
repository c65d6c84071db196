//! All that a probe says, piece by piece: for who compares probes, or writes them down.

use std::fmt::Display;

use super::{Bounds, Cloudwatch, Measure, MinHealthy, Probe, Prometheus, TrafficProbe};
use crate::metric::{MetricQuery, Series};

/// One piece of what a probe says.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail<'a, Text> {
    /// A text that may be an expression.
    Text(&'a Text),
    /// What is fixed.
    Fixed(String),
}

/// Details by what the spec calls them.
struct Details<'a, Text>(Vec<(String, Detail<'a, Text>)>);

impl<Text> Probe<Text> {
    /// All that it says, by the names that the spec has for it, each once. What is left out is not
    /// there.
    #[must_use]
    pub fn details(&self) -> Vec<(String, Detail<'_, Text>)> {
        let mut all = Details(Vec::new());
        match self {
            Probe::Http { url, status, body } => {
                all.text("http", url);
                all.fixed("status", status);
                body.iter().for_each(|body| all.text("body", body));
            }
            Probe::Tcp { endpoint } => all.text("tcp", endpoint),
            Probe::Command { argv } => {
                for (number, word) in argv.iter().enumerate() {
                    all.text(format!("command[{number}]"), word);
                }
            }
            Probe::TargetHealth { block, min_healthy } => {
                all.fixed("target_health", block);
                all.fixed("min_healthy", min_healthy);
            }
            Probe::Prometheus(Prometheus { url, query, bounds, companion }) => {
                all.text("prometheus.url", url);
                all.text("prometheus.query", query);
                all.bounds(*bounds);
                companion.iter().for_each(|it| all.text("companion", it));
            }
            Probe::Traffic(it) => all.traffic(it),
            Probe::Cloudwatch(Cloudwatch { provider, query, bounds, companion }) => {
                match query {
                    MetricQuery::Alarm { name } => all.text("cloudwatch.alarm", name),
                    MetricQuery::Value(series) => all.series("cloudwatch", series),
                }
                all.bounds(*bounds);
                companion.iter().for_each(|it| all.series("companion", it));
                all.fixed("provider", provider);
            }
        }
        all.0
    }
}

impl<'a, Text> Details<'a, Text> {
    fn text(&mut self, name: impl Into<String>, text: &'a Text) {
        self.0.push((name.into(), Detail::Text(text)));
    }

    fn fixed(&mut self, name: impl Into<String>, value: impl Display) {
        self.0.push((name.into(), Detail::Fixed(value.to_string())));
    }

    fn bounds(&mut self, Bounds { max, min }: Bounds) {
        max.iter().for_each(|max| self.fixed("max", max));
        min.iter().for_each(|min| self.fixed("min", min));
    }

    fn traffic(&mut self, probe: &TrafficProbe) {
        let TrafficProbe { measure, bounds, max_over_live, min_samples, window } = probe;
        self.fixed("metric", measure.name());
        if let Measure::Latency { quantile } = measure {
            self.fixed("quantile", quantile);
        }
        self.bounds(*bounds);
        max_over_live.iter().for_each(|ratio| self.fixed("max_over_live", ratio));
        self.fixed("min_samples", min_samples);
        window.iter().for_each(|window| self.fixed("window", format!("{window:?}")));
    }

    fn series(&mut self, of: &str, series: &'a Series<Text>) {
        let Series { namespace, metric, dimensions, statistic, period } = series;
        self.text(format!("{of}.namespace"), namespace);
        self.text(format!("{of}.metric"), metric);
        for (name, value) in dimensions {
            self.text(format!("{of}.dimensions.{name}"), value);
        }
        self.fixed(format!("{of}.statistic"), statistic);
        self.fixed(format!("{of}.period"), format!("{period:?}"));
    }
}

impl Measure {
    /// Its name in specs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Measure::ErrorRate => "error_rate",
            Measure::Latency { .. } => "latency",
            Measure::Coverage => "coverage",
            Measure::Requests => "requests",
        }
    }
}

impl Display for MinHealthy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MinHealthy::Targets(number) => write!(f, "{number}"),
            MinHealthy::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}
