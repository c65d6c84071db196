//! What gates ask.

use std::collections::BTreeMap;

use greenroom_model::gate::{
    Bounds, Cloudwatch, Measure, MinHealthy, Probe, Prometheus, TrafficProbe,
};
use greenroom_model::metric::{MetricQuery, Series};
use greenroom_model::value::{Number, Value};
use serde::{Deserialize, Serialize};

use crate::format::error::Misfit;
use crate::format::form::{Json, Mode, Reader, Text, present, time};

/// The form of [`Probe`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProbeForm<'a> {
    Http {
        #[serde(borrow)]
        url: Json<'a>,
        status: u16,
        #[serde(
            borrow,
            default,
            deserialize_with = "present",
            skip_serializing_if = "Option::is_none"
        )]
        body: Option<Json<'a>>,
    },
    Tcp {
        #[serde(borrow)]
        endpoint: Json<'a>,
    },
    Command {
        #[serde(borrow)]
        argv: Vec<Json<'a>>,
    },
    TargetHealth {
        #[serde(borrow)]
        block: Text<'a>,
        min_healthy: MinHealthyForm,
    },
    Prometheus {
        #[serde(borrow)]
        url: Json<'a>,
        #[serde(borrow)]
        query: Json<'a>,
        bounds: BoundsForm,
        #[serde(
            borrow,
            default,
            deserialize_with = "present",
            skip_serializing_if = "Option::is_none"
        )]
        companion: Option<Json<'a>>,
    },
    Traffic {
        measure: MeasureForm,
        bounds: BoundsForm,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_over_live: Option<Number>,
        min_samples: u32,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        window: Option<Text<'a>>,
    },
    Cloudwatch {
        #[serde(borrow)]
        provider: Text<'a>,
        #[serde(borrow)]
        query: QueryForm<'a>,
        bounds: BoundsForm,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        companion: Option<SeriesForm<'a>>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MinHealthyForm {
    Targets(u32),
    Percent(u8),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MeasureForm {
    ErrorRate,
    Latency { quantile: Number },
    Coverage,
    Requests,
}

#[derive(Serialize, Deserialize)]
pub(super) struct BoundsForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<Number>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum QueryForm<'a> {
    Alarm {
        #[serde(borrow)]
        name: Json<'a>,
    },
    #[serde(borrow)]
    Value(SeriesForm<'a>),
}

#[derive(Serialize, Deserialize)]
pub(super) struct SeriesForm<'a> {
    #[serde(borrow)]
    namespace: Json<'a>,
    #[serde(borrow)]
    metric: Json<'a>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    dimensions: BTreeMap<Text<'a>, Json<'a>>,
    #[serde(borrow)]
    statistic: Text<'a>,
    #[serde(borrow)]
    period: Text<'a>,
}

fn given(value: &Value) -> Json<'_> {
    Json::Given(value, Mode::Referred)
}

impl<'a> ProbeForm<'a> {
    pub(super) fn of(probe: &'a Probe<Value>) -> ProbeForm<'a> {
        match probe {
            Probe::Http { url, status, body } => {
                ProbeForm::Http { url: given(url), status: *status, body: body.as_ref().map(given) }
            }
            Probe::Tcp { endpoint } => ProbeForm::Tcp { endpoint: given(endpoint) },
            Probe::Command { argv } => {
                ProbeForm::Command { argv: argv.iter().map(given).collect() }
            }
            Probe::TargetHealth { block, min_healthy } => ProbeForm::TargetHealth {
                block: Text::of(block),
                min_healthy: MinHealthyForm::of(*min_healthy),
            },
            Probe::Prometheus(Prometheus { url, query, bounds, companion }) => {
                ProbeForm::Prometheus {
                    url: given(url),
                    query: given(query),
                    bounds: BoundsForm::of(*bounds),
                    companion: companion.as_ref().map(given),
                }
            }
            Probe::Traffic(TrafficProbe {
                measure,
                bounds,
                max_over_live,
                min_samples,
                window,
            }) => ProbeForm::Traffic {
                measure: MeasureForm::of(*measure),
                bounds: BoundsForm::of(*bounds),
                max_over_live: *max_over_live,
                min_samples: *min_samples,
                window: window.map(time::write),
            },
            Probe::Cloudwatch(Cloudwatch { provider, query, bounds, companion }) => {
                ProbeForm::Cloudwatch {
                    provider: provider.into(),
                    query: QueryForm::of(query),
                    bounds: BoundsForm::of(*bounds),
                    companion: companion.as_ref().map(SeriesForm::of),
                }
            }
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Probe<Value>, Misfit> {
        Ok(match self {
            ProbeForm::Http { url, status, body } => Probe::Http {
                url: reader.value(url)?,
                status,
                body: body.map(|body| reader.value(body)).transpose()?,
            },
            ProbeForm::Tcp { endpoint } => Probe::Tcp { endpoint: reader.value(endpoint)? },
            ProbeForm::Command { argv } => {
                let argv = argv.into_iter().map(|argument| reader.value(argument));
                Probe::Command { argv: argv.collect::<Result<_, _>>()? }
            }
            ProbeForm::TargetHealth { block, min_healthy } => Probe::TargetHealth {
                block: block.as_str().parse()?,
                min_healthy: min_healthy.read(),
            },
            ProbeForm::Prometheus { url, query, bounds, companion } => {
                Probe::Prometheus(Prometheus {
                    url: reader.value(url)?,
                    query: reader.value(query)?,
                    bounds: bounds.read(),
                    companion: companion.map(|it| reader.value(it)).transpose()?,
                })
            }
            ProbeForm::Traffic { measure, bounds, max_over_live, min_samples, window } => {
                Probe::Traffic(TrafficProbe {
                    measure: measure.read(),
                    bounds: bounds.read(),
                    max_over_live,
                    min_samples,
                    window: window.as_ref().map(time::read).transpose()?,
                })
            }
            ProbeForm::Cloudwatch { provider, query, bounds, companion } => {
                Probe::Cloudwatch(Cloudwatch {
                    provider: provider.keep(),
                    query: query.read(reader)?,
                    bounds: bounds.read(),
                    companion: companion.map(|it| it.read(reader)).transpose()?,
                })
            }
        })
    }
}

impl MinHealthyForm {
    fn of(min_healthy: MinHealthy) -> MinHealthyForm {
        match min_healthy {
            MinHealthy::Targets(number) => MinHealthyForm::Targets(number),
            MinHealthy::Percent(percent) => MinHealthyForm::Percent(percent),
        }
    }

    fn read(self) -> MinHealthy {
        match self {
            MinHealthyForm::Targets(number) => MinHealthy::Targets(number),
            MinHealthyForm::Percent(percent) => MinHealthy::Percent(percent),
        }
    }
}

impl MeasureForm {
    fn of(measure: Measure) -> MeasureForm {
        match measure {
            Measure::ErrorRate => MeasureForm::ErrorRate,
            Measure::Latency { quantile } => MeasureForm::Latency { quantile },
            Measure::Coverage => MeasureForm::Coverage,
            Measure::Requests => MeasureForm::Requests,
        }
    }

    fn read(self) -> Measure {
        match self {
            MeasureForm::ErrorRate => Measure::ErrorRate,
            MeasureForm::Latency { quantile } => Measure::Latency { quantile },
            MeasureForm::Coverage => Measure::Coverage,
            MeasureForm::Requests => Measure::Requests,
        }
    }
}

impl BoundsForm {
    fn of(Bounds { max, min }: Bounds) -> BoundsForm {
        BoundsForm { max, min }
    }

    fn read(self) -> Bounds {
        let BoundsForm { max, min } = self;
        Bounds { max, min }
    }
}

impl<'a> QueryForm<'a> {
    fn of(query: &'a MetricQuery<Value>) -> QueryForm<'a> {
        match query {
            MetricQuery::Alarm { name } => QueryForm::Alarm { name: given(name) },
            MetricQuery::Value(series) => QueryForm::Value(SeriesForm::of(series)),
        }
    }

    fn read(self, reader: &mut Reader) -> Result<MetricQuery<Value>, Misfit> {
        Ok(match self {
            QueryForm::Alarm { name } => MetricQuery::Alarm { name: reader.value(name)? },
            QueryForm::Value(series) => MetricQuery::Value(series.read(reader)?),
        })
    }
}

impl<'a> SeriesForm<'a> {
    fn of(series: &'a Series<Value>) -> SeriesForm<'a> {
        let Series { namespace, metric, dimensions, statistic, period } = series;
        SeriesForm {
            namespace: given(namespace),
            metric: given(metric),
            dimensions: dimensions.iter().map(|(name, it)| (name.into(), given(it))).collect(),
            statistic: statistic.into(),
            period: time::write(*period),
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Series<Value>, Misfit> {
        let dimensions = self.dimensions.into_iter();
        let dimensions = dimensions.map(|(name, it)| Ok((name.keep(), reader.value(it)?)));
        let dimensions = dimensions.collect::<Result<_, Misfit>>()?;
        Ok(Series {
            namespace: reader.value(self.namespace)?,
            metric: reader.value(self.metric)?,
            dimensions,
            statistic: self.statistic.keep(),
            period: time::read(&self.period)?,
        })
    }
}
