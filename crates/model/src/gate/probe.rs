//! What gates ask, each with the rule by which it is judged.

use std::sync::Arc;
use std::time::Duration;

use crate::address::BlockName;
use crate::metric::{MetricQuery, Series};
use crate::value::Number;

/// One question to the running environment; `Text` is an expression before apply, a string then.
///
/// A look that *passes* saw that it is so, one that *fails* that it is not. It is *inconclusive*
/// if there is not enough to tell, and an *error* if it could not look. Missing data never passes.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe<Text> {
    /// An HTTP GET, of `http://` or `https://`. Redirects are not followed.
    ///
    /// Passes if the answer is as expected. Fails if it is not, or if there is none in time. Error
    /// if the address is none.
    Http {
        /// The address to ask.
        url: Text,
        /// The status that passes.
        status: u16,
        /// Text that the body must contain.
        body: Option<Text>,
    },
    /// A TCP connection.
    ///
    /// Passes if it is taken, fails if not.
    Tcp {
        /// `host:port`.
        endpoint: Text,
    },
    /// A program.
    ///
    /// Passes with the exit status 0, is inconclusive with 75 (EX_TEMPFAIL), fails with any other,
    /// or if it takes too long. Error if it cannot be run.
    Command {
        /// The program and its arguments.
        argv: Vec<Text>,
    },
    /// The targets of a block's objects, as their provider sees them.
    ///
    /// Passes if enough are healthy. Fails if too few are, even if all of which nobody knows yet
    /// should turn out to be. Inconclusive in between, and if there are no targets at all. Error
    /// if the provider cannot be asked.
    TargetHealth {
        /// The block.
        block: BlockName,
        /// How many must be healthy.
        min_healthy: MinHealthy,
    },
    /// An instant query to a Prometheus.
    Prometheus(Prometheus<Text>),
    /// What has gone through the environment.
    Traffic(TrafficProbe),
    /// A metric or an alarm of CloudWatch.
    Cloudwatch(Cloudwatch<Text>),
}

/// How many targets must be healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinHealthy {
    /// So many.
    Targets(u32),
    /// So many percent of all that there are, rounded up: 1 to 100.
    Percent(u8),
}

/// Between what a number must be; both bounds are allowed themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The greatest number that passes.
    pub max: Option<Number>,
    /// The least number that passes.
    pub min: Option<Number>,
}

/// An instant query to a Prometheus, or to what speaks its HTTP API.
///
/// Passes if every sample of the result is within the bounds, fails if one is not. Inconclusive if
/// a sample is NaN and none fails; and if the result is empty, unless there is a companion whose
/// samples are all above zero: then the result counts as zero. Error if the server cannot be
/// reached in time, or refuses, or if the result is no scalar and no instant vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Prometheus<Text> {
    /// Where the server is, without `/api/v1`.
    pub url: Text,
    /// The query, in PromQL.
    pub query: Text,
    /// Between what the result must be.
    pub bounds: Bounds,
    /// A query that tells "zero" from "silent".
    pub companion: Option<Text>,
}

/// What has gone through the environment since the gate looked for the first time, or within a
/// window of time.
///
/// Passes if what is measured keeps every bound, fails if it breaks one. Inconclusive at the first
/// look, and as long as there are fewer samples than needed on a side that is judged, or nothing
/// is live to compare with and there is no other bound. Error if the provider cannot be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct TrafficProbe {
    /// What is measured.
    pub measure: Measure,
    /// Between what it must be.
    pub bounds: Bounds,
    /// How many times what it is on the live side it may be at most.
    pub max_over_live: Option<Number>,
    /// How many requests there must be on each side that is judged.
    pub min_samples: u32,
    /// How much of the past counts; `None` is all since the first look.
    pub window: Option<Duration>,
}

/// What is measured of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests that were answered with a status of 500 or above, or not at all, in percent of all.
    ///
    /// Against the live side: it may have as many errors as the live side's rate, times
    /// `max_over_live`, makes of its requests, and always one. A live side without errors is taken
    /// to have had one, as its rate is known no better than that.
    ErrorRate,
    /// The time to the first byte of the answer in milliseconds, of which this share of the
    /// answers stayed below, estimated within the buckets of a histogram. Where that is above the
    /// last bucket, it fails against a bound within the buckets, and is inconclusive otherwise.
    Latency {
        /// From 0.5 to 0.999.
        quantile: Number,
    },
    /// How many of the requests that could be copied to the environment were answered there as well,
    /// in percent of all. Fewer than asked for prove nothing, and are inconclusive.
    Coverage,
    /// How many requests there were. As their count grows, too few of them are inconclusive until
    /// a whole window has passed; then they fail.
    Requests,
}

/// A metric or an alarm of CloudWatch.
///
/// An alarm passes if it is OK, fails in the state ALARM, and is inconclusive with
/// INSUFFICIENT_DATA. A metric passes if its newest value is within the bounds, and fails if not;
/// without a value it is inconclusive, unless there is a companion with a value above zero: then
/// it counts as zero. Error if it cannot be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Cloudwatch<Text> {
    /// The provider configuration that is asked, such as `aws.west`.
    pub provider: Arc<str>,
    /// What is asked.
    pub query: MetricQuery<Text>,
    /// Between what a value must be.
    pub bounds: Bounds,
    /// A series that tells "zero" from "silent".
    pub companion: Option<Series<Text>>,
}

impl<Text> Probe<Text> {
    /// The same probe with each text put through `change`, in the order written.
    pub fn map<'a, Other>(&'a self, change: &mut impl FnMut(&'a Text) -> Other) -> Probe<Other> {
        match self {
            Probe::Http { url, status, body } => Probe::Http {
                url: change(url),
                status: *status,
                body: body.as_ref().map(&mut *change),
            },
            Probe::Tcp { endpoint } => Probe::Tcp { endpoint: change(endpoint) },
            Probe::Command { argv } => Probe::Command { argv: argv.iter().map(change).collect() },
            Probe::TargetHealth { block, min_healthy } => {
                Probe::TargetHealth { block: block.clone(), min_healthy: *min_healthy }
            }
            Probe::Prometheus(it) => Probe::Prometheus(Prometheus {
                url: change(&it.url),
                query: change(&it.query),
                bounds: it.bounds,
                companion: it.companion.as_ref().map(change),
            }),
            Probe::Traffic(it) => Probe::Traffic(it.clone()),
            Probe::Cloudwatch(it) => Probe::Cloudwatch(Cloudwatch {
                provider: it.provider.clone(),
                query: it.query.map(change),
                bounds: it.bounds,
                companion: it.companion.as_ref().map(|it| it.map(change)),
            }),
        }
    }

    /// Its texts, in the order written.
    pub fn texts_mut(&mut self) -> Vec<&mut Text> {
        match self {
            Probe::Http { url, status: _, body } => std::iter::once(url).chain(body).collect(),
            Probe::Tcp { endpoint } => vec![endpoint],
            Probe::Command { argv } => argv.iter_mut().collect(),
            Probe::TargetHealth { .. } | Probe::Traffic(_) => Vec::new(),
            Probe::Prometheus(Prometheus { url, query, bounds: _, companion }) => {
                [url, query].into_iter().chain(companion).collect()
            }
            Probe::Cloudwatch(Cloudwatch { provider: _, query, bounds: _, companion }) => {
                let companion = companion.iter_mut().flat_map(Series::texts_mut);
                query.texts_mut().into_iter().chain(companion).collect()
            }
        }
    }

    /// Whether it can say nothing of an environment that gets no traffic.
    #[must_use]
    pub fn needs_traffic(&self) -> bool {
        matches!(self, Probe::Traffic(_))
    }

    /// Whether it can say nothing of an environment that no front sends traffic to, nor looks at.
    #[must_use]
    pub fn needs_front(&self) -> bool {
        matches!(self, Probe::TargetHealth { .. })
    }

    /// The provider configuration that it names.
    #[must_use]
    pub fn provider(&self) -> Option<&Arc<str>> {
        match self {
            Probe::Cloudwatch(it) => Some(&it.provider),
            _ => None,
        }
    }
}
