//! Metrics that a provider keeps of what it runs: what is asked, and what it answers, as plain data.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One question; `Text` is an expression before apply, a string then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricQuery<Text> {
    /// How an alarm stands.
    Alarm {
        /// The alarm's name.
        name: Text,
    },
    /// The newest value of a series.
    Value(Series<Text>),
}

/// A series of values, each over a period of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series<Text> {
    /// The namespace that the metric belongs to, such as `AWS/ApplicationELB`.
    pub namespace: Text,
    /// The metric's name.
    pub metric: Text,
    /// What it is the metric of.
    pub dimensions: BTreeMap<Arc<str>, Text>,
    /// What is made of the reports of a period, such as `Sum` or `p99`.
    pub statistic: Arc<str>,
    /// How long a period is.
    pub period: Duration,
}

/// What a provider knows.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricAnswer {
    /// How the alarm stands.
    Alarm {
        /// Whether it is raised.
        state: AlarmState,
        /// Why, as the provider says it.
        reason: String,
    },
    /// The value of the newest period that is over; `None` if nothing was reported in it.
    Value(Option<f64>),
}

/// Whether an alarm is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// It is not.
    Quiet,
    /// It is.
    Raised,
    /// There is not enough to tell.
    Unknown,
}

impl<Text> MetricQuery<Text> {
    /// The same question with each text put through `change`, in the order written.
    pub fn map<'a, Other>(
        &'a self,
        change: &mut impl FnMut(&'a Text) -> Other,
    ) -> MetricQuery<Other> {
        match self {
            MetricQuery::Alarm { name } => MetricQuery::Alarm { name: change(name) },
            MetricQuery::Value(series) => MetricQuery::Value(series.map(change)),
        }
    }

    /// Its texts, in the order written.
    pub fn texts_mut(&mut self) -> Vec<&mut Text> {
        match self {
            MetricQuery::Alarm { name } => vec![name],
            MetricQuery::Value(series) => series.texts_mut(),
        }
    }
}

impl<Text> Series<Text> {
    /// The same series with each text put through `change`, in the order written.
    pub fn map<'a, Other>(&'a self, change: &mut impl FnMut(&'a Text) -> Other) -> Series<Other> {
        Series {
            namespace: change(&self.namespace),
            metric: change(&self.metric),
            dimensions: self
                .dimensions
                .iter()
                .map(|(name, value)| (name.clone(), change(value)))
                .collect(),
            statistic: self.statistic.clone(),
            period: self.period,
        }
    }

    /// Its texts, in the order written.
    pub fn texts_mut(&mut self) -> Vec<&mut Text> {
        let Series { namespace, metric, dimensions, statistic: _, period: _ } = self;
        [namespace, metric].into_iter().chain(dimensions.values_mut()).collect()
    }
}
