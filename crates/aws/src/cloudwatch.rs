//! CloudWatch: what is counted and measured of what AWS runs, by whomever it was made.
//!
//! CloudWatch is late. It gets a minute's numbers when that minute is over, and takes a minute or
//! two to have all of them. What is counted here therefore grows after the fact, and what is said
//! of a period is said when its numbers are in.

mod alarms;
mod series;
mod window;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use greenroom_model::metric::{MetricAnswer, MetricQuery, Series};
use greenroom_provider::{Failure, FailureKind};

use crate::aws::Clients;
use alarms::AlarmReads;
use series::{Asked, SeriesReads};
use window::Window;

/// The metrics and alarms of one configuration.
pub(crate) struct CloudWatch {
    series: SeriesReads,
    alarms: AlarmReads,
    /// Since when is counted, in seconds of Unix time.
    began: i64,
}

/// A metric of one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Metric {
    /// Whose metric it is, such as `AWS/ApplicationELB`.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    /// What it is the metric of.
    pub(crate) dimensions: Vec<(String, String)>,
    /// What is made of the reports of a period.
    pub(crate) statistic: String,
}

impl CloudWatch {
    /// By clients that repeat what AWS could not answer; counts from now on.
    pub(crate) fn new(again: &Clients) -> CloudWatch {
        CloudWatch {
            series: series::reads(again),
            alarms: alarms::reads(again),
            began: window::minute_of(now()),
        }
    }

    /// How long it may take until what happens is in all counts.
    pub(crate) fn late(&self) -> Duration {
        window::late()
    }

    /// What counts are counts of: the minute in which this configuration was made.
    pub(crate) fn epoch(&self) -> String {
        format!("cloudwatch:{}", self.began)
    }

    /// All that was reported since then; what nobody reported did not happen.
    pub(crate) async fn count(&self, metric: Metric) -> Result<u64, Failure> {
        let window = Window::since(self.began, now());
        Ok(whole(self.values(metric, window).await?.iter().sum()))
    }

    /// The most that was reported of late, which is as near to now as CloudWatch can tell.
    pub(crate) async fn lately(&self, metric: Metric) -> Result<u64, Failure> {
        let window = Window::lately(now());
        Ok(whole(self.values(metric, window).await?.iter().copied().fold(0.0, f64::max)))
    }

    /// Answers a question about anything that CloudWatch knows of.
    pub(crate) async fn ask(&self, query: MetricQuery<String>) -> Result<MetricAnswer, Failure> {
        match query {
            MetricQuery::Alarm { name } => {
                let alarm = self.alarms.one(name.as_str().into()).await?;
                let alarm = alarm.ok_or_else(|| no_alarm(&name))?;
                Ok(MetricAnswer::Alarm { state: alarm.state, reason: alarm.reason })
            }
            MetricQuery::Value(series) => {
                let window = Window::newest(series.period, now())?;
                let values = self.values(Metric::of(series), window).await?;
                Ok(MetricAnswer::Value(values.first().copied()))
            }
        }
    }

    async fn values(&self, metric: Metric, window: Window) -> Result<Arc<[f64]>, Failure> {
        self.series.one(Asked { window, metric }).await
    }
}

impl Metric {
    /// The sum of what was reported in a period.
    pub(crate) fn sum(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Metric {
        Metric::new(namespace, name, dimensions, "Sum")
    }

    /// The greatest of what was reported in a period.
    pub(crate) fn most(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Metric {
        Metric::new(namespace, name, dimensions, "Maximum")
    }

    fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)], statistic: &str) -> Metric {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Metric {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.iter().map(owned).collect(),
            statistic: statistic.to_owned(),
        }
    }

    fn of(series: Series<String>) -> Metric {
        let Series { namespace, metric: name, dimensions, statistic, period: _ } = series;
        let dimensions = dimensions.into_iter().map(|(name, text)| (name.to_string(), text));
        let dimensions = dimensions.collect();
        Metric { namespace, name, dimensions, statistic: statistic.to_string() }
    }
}

fn no_alarm(name: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("CloudWatch has no alarm `{name}`"))
        .help("alarms are looked for in the provider's account and region")
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Counts are whole, whatever the sum of floats says of the last digit.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(count: f64) -> u64 {
    count.round().max(0.0) as u64
}
