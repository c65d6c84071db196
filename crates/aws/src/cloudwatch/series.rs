//! Reading series of values: all that is asked within a tick goes together.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as Named, MetricDataQuery, MetricDataResult, MetricStat, StatusCode,
};
use aws_smithy_types::DateTime;
use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure, FailureKind};

use super::Metric;
use super::window::Window;
use crate::aws::{Clients, Pace};
use crate::batches::together;
use crate::error::{ApiError, at};

/// The most questions of a call (Amazon CloudWatch API Reference, "GetMetricData").
const MOST: usize = 500;

const ACTION: &str = "cloudwatch:GetMetricData";

/// Gathers questions; the answer is the values of those periods that have one, in no order.
pub(super) type SeriesReads = Coalescer<Asked, Values>;

/// The values of periods.
type Values = Arc<[f64]>;

/// A metric, and of when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    pub(super) window: Window,
    pub(super) metric: Metric,
}

/// What a call found, by question.
type Found = Arc<BTreeMap<Asked, Result<Values, Failure>>>;

pub(super) fn reads(again: &Clients) -> SeriesReads {
    let client = again.cloudwatch.clone();
    Coalescer::new(Pace::tick(), move |asked| answer(client.clone(), asked).boxed())
}

async fn answer(client: Client, asked: Vec<Asked>) -> Answers<Asked, Values> {
    let mut windows: BTreeMap<Window, Vec<Asked>> = BTreeMap::new();
    for it in asked {
        windows.entry(it.window).or_default().push(it);
    }
    let client = &client;
    let chunks = windows.values().flat_map(|asked| asked.chunks(MOST));
    let sent = chunks.map(|asked| together(asked.to_vec(), |asked| send(client, asked)));
    let answers = join_all(sent).await.into_iter().flatten();
    let own = |(asked, found): (Asked, Result<Found, Failure>)| {
        let own = found.and_then(|found| found[&asked].clone());
        (asked, own)
    };
    answers.map(own).collect()
}

/// Asks questions about one window.
async fn send(client: &Client, asked: Vec<Asked>) -> Result<Found, ApiError> {
    let Some(Window { from, until, .. }) = asked.first().map(|it| it.window) else {
        return Ok(Found::default());
    };
    let queries = asked.iter().enumerate().map(|(place, it)| it.query(place)).collect();
    let call = client.get_metric_data().set_metric_data_queries(Some(queries));
    let call = call.start_time(DateTime::from_secs(from)).end_time(DateTime::from_secs(until));
    let (mut pages, mut next) = (Vec::new(), None);
    loop {
        let answer = call.clone().set_next_token(next).send().await.map_err(at(ACTION))?;
        pages.extend(answer.metric_data_results.unwrap_or_default());
        next = answer.next_token;
        if next.is_none() {
            break;
        }
    }
    let own = asked.into_iter().enumerate().map(|(place, it)| (it, values(place, &pages)));
    Ok(Arc::new(own.collect()))
}

/// What the pages of an answer say about one question, which may be on several of them.
fn values(place: usize, pages: &[MetricDataResult]) -> Result<Values, Failure> {
    let own = pages.iter().filter(|it| it.id.as_deref() == Some(&*id(place)));
    let status = own.clone().next_back().and_then(|it| it.status_code.as_ref());
    match status {
        Some(StatusCode::Complete) => Ok(own.flat_map(|it| it.values().iter().copied()).collect()),
        Some(StatusCode::Forbidden) => {
            let message = format!("the permission `{ACTION}` is missing for one of the metrics");
            Err(Failure::new(FailureKind::Denied, message))
        }
        other => {
            let said = other.map_or("nothing", |it| it.as_str());
            let message = format!("{ACTION}: of one of the metrics, AWS said {said}");
            Err(Failure::new(FailureKind::Unavailable, message))
        }
    }
}

/// The name of a question within its call.
fn id(place: usize) -> String {
    format!("m{place}")
}

impl Asked {
    fn query(&self, place: usize) -> MetricDataQuery {
        let Metric { namespace, name, dimensions, statistic } = &self.metric;
        let dimension =
            |(name, value): &(String, String)| Dimension::builder().name(name).value(value).build();
        let metric = Named::builder().namespace(namespace).metric_name(name);
        let metric = metric.set_dimensions(Some(dimensions.iter().map(dimension).collect()));
        let stat = MetricStat::builder().metric(metric.build());
        let stat = stat.period(self.window.period).stat(statistic).build();
        MetricDataQuery::builder().id(id(place)).metric_stat(stat).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(place: usize, values: &[f64], status: StatusCode) -> MetricDataResult {
        let page = MetricDataResult::builder().id(id(place)).status_code(status);
        page.set_values(Some(values.to_vec())).build()
    }

    #[test]
    fn what_comes_in_pages_is_put_together() {
        let pages = [
            page(0, &[1.0], StatusCode::PartialData),
            page(1, &[2.0], StatusCode::Complete),
            page(0, &[3.0], StatusCode::Complete),
        ];
        assert_eq!(*values(0, &pages).expect("complete"), [1.0, 3.0]);
        assert_eq!(*values(1, &pages).expect("complete"), [2.0]);
    }

    #[test]
    fn what_is_not_all_there_is_no_answer() {
        let pages =
            [page(0, &[1.0], StatusCode::InternalError), page(1, &[], StatusCode::Forbidden)];
        let kind = |place| values(place, &pages).expect_err("no answer").kind;
        assert_eq!(kind(0), FailureKind::Unavailable);
        assert_eq!(kind(1), FailureKind::Denied);
        assert_eq!(kind(2), FailureKind::Unavailable);
    }
}
