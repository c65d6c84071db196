//! Metrics and alarms that a provider knows of.

use greenroom_apply::Sight;
use greenroom_model::gate::Cloudwatch;
use greenroom_model::metric::{AlarmState, MetricAnswer, MetricQuery, Series};
use greenroom_provider::{Failure, FailureKind};

use super::{Look, bounds};

/// Looks once.
pub(super) async fn look(sight: &dyn Sight, asked: &Cloudwatch<String>) -> Look {
    match seen(sight, asked).await {
        Ok(look) => look,
        Err(failure) => Look::error(format!("{}: {failure}", name(&asked.query))),
    }
}

async fn seen(sight: &dyn Sight, asked: &Cloudwatch<String>) -> Result<Look, Failure> {
    let Cloudwatch { provider, query, bounds, companion } = asked;
    let what = name(query);
    match sight.metric(provider, query.clone()).await? {
        MetricAnswer::Alarm { state, reason } => Ok(alarm(&what, state, &reason)),
        MetricAnswer::Value(Some(value)) => Ok(bounds::judge(&what, &[value], *bounds)),
        MetricAnswer::Value(None) => {
            let Some(companion) = companion else {
                return Ok(Look::inconclusive(format!("{what} has no data")));
            };
            if is_above_zero(sight, provider, companion).await? {
                return Ok(bounds::judge(&what, &[0.0], *bounds));
            }
            let companion = &companion.metric;
            Ok(Look::inconclusive(format!(
                "{what} has no data, and `{companion}` is not above zero"
            )))
        }
    }
}

fn alarm(what: &str, state: AlarmState, reason: &str) -> Look {
    match state {
        AlarmState::Quiet => Look::pass(format!("{what} is OK: {reason}")),
        AlarmState::Raised => Look::fail(format!("{what} is raised: {reason}")),
        AlarmState::Unknown => Look::inconclusive(format!("{what} has too little data: {reason}")),
    }
}

async fn is_above_zero(
    sight: &dyn Sight,
    provider: &str,
    series: &Series<String>,
) -> Result<bool, Failure> {
    match sight.metric(provider, MetricQuery::Value(series.clone())).await? {
        MetricAnswer::Value(value) => Ok(value.is_some_and(|it| it > 0.0)),
        MetricAnswer::Alarm { .. } => {
            let message = "the provider answered with an alarm where a value was asked for";
            Err(Failure::new(FailureKind::Internal, message))
        }
    }
}

fn name(query: &MetricQuery<String>) -> String {
    match query {
        MetricQuery::Alarm { name } => format!("alarm `{name}`"),
        MetricQuery::Value(it) => format!("{} of `{} {}`", it.statistic, it.namespace, it.metric),
    }
}
