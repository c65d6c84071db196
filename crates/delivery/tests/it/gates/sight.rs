//! A sight that is made up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use greenroom_apply::{Side, Sight};
use greenroom_model::address::BlockName;
use greenroom_model::metric::{MetricAnswer, MetricQuery};
use greenroom_model::traffic::Traffic;
use greenroom_provider::{Failure, FailureKind, Health};

/// What a gate sees, look by look; the last of each stays.
#[derive(Default)]
pub(super) struct Stub {
    pub(super) own: Mutex<VecDeque<Traffic>>,
    pub(super) live: Mutex<VecDeque<Traffic>>,
    pub(super) health: Mutex<VecDeque<Health>>,
    /// Answers by the name of the alarm or the metric.
    pub(super) metrics: BTreeMap<&'static str, MetricAnswer>,
}

fn next<T: Clone>(queue: &Mutex<VecDeque<T>>) -> Option<T> {
    let mut queue = queue.lock().expect("no test panics with it");
    if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() }
}

fn failure(kind: FailureKind, message: &str) -> Failure {
    Failure::new(kind, message)
}

#[async_trait]
impl Sight for Stub {
    async fn traffic(&self, side: Side) -> Result<Traffic, Failure> {
        let seen = match side {
            Side::Own => next(&self.own),
            Side::Live => next(&self.live),
        };
        seen.ok_or_else(|| failure(FailureKind::NotFound, "there is nothing to compare with"))
    }

    async fn health(&self, _: &BlockName) -> Result<Health, Failure> {
        next(&self.health).ok_or_else(|| failure(FailureKind::Unavailable, "nobody answers"))
    }

    async fn metric(
        &self,
        configuration: &str,
        query: MetricQuery<String>,
    ) -> Result<MetricAnswer, Failure> {
        assert_eq!(configuration, "aws.west");
        let name = match query {
            MetricQuery::Alarm { name } => name,
            MetricQuery::Value(series) => series.metric,
        };
        let answer = self.metrics.get(&*name).cloned();
        answer.ok_or_else(|| failure(FailureKind::NotFound, "there is no such metric"))
    }
}
