//! Reading how alarms stand: all that is asked within a tick goes together.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use futures::FutureExt;
use futures::future::join_all;
use greenroom_model::metric::AlarmState;
use greenroom_provider::Coalescer;
use greenroom_provider::coalesce::Answers;

use crate::aws::{Clients, Pace};
use crate::batches::together;
use crate::error::{ApiError, at};

/// The most names of a call, and the most alarms of an answer (Amazon CloudWatch API Reference,
/// "DescribeAlarms").
const MOST: usize = 100;

/// Gathers questions, by name; `None` if there is no such alarm.
pub(super) type AlarmReads = Coalescer<Arc<str>, Option<Alarm>>;

/// How an alarm stands.
#[derive(Clone, Debug)]
pub(super) struct Alarm {
    pub(super) state: AlarmState,
    /// Why, as CloudWatch says it.
    pub(super) reason: String,
}

/// What a call found, by name.
type Found = Arc<BTreeMap<String, Alarm>>;

pub(super) fn reads(again: &Clients) -> AlarmReads {
    let client = again.cloudwatch.clone();
    Coalescer::new(Pace::tick(), move |names| answer(client.clone(), names).boxed())
}

async fn answer(client: Client, names: Vec<Arc<str>>) -> Answers<Arc<str>, Option<Alarm>> {
    let client = &client;
    let sent =
        names.chunks(MOST).map(|names| together(names.to_vec(), |names| send(client, names)));
    let answers = join_all(sent).await.into_iter().flatten();
    answers
        .map(|(name, found)| {
            let own = found.map(|found| found.get(&*name).cloned());
            (name, own)
        })
        .collect()
}

async fn send(client: &Client, names: Vec<Arc<str>>) -> Result<Found, ApiError> {
    let names = names.iter().map(ToString::to_string).collect();
    let call = client.describe_alarms().set_alarm_names(Some(names)).max_records(100);
    // Left out, alarms that are made of others are not looked for.
    let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
    let answer = call.send().await.map_err(at("cloudwatch:DescribeAlarms"))?;
    let plain = answer.metric_alarms.unwrap_or_default().into_iter();
    let plain = plain.map(|it| (it.alarm_name, it.state_value, it.state_reason));
    let composite = answer.composite_alarms.unwrap_or_default().into_iter();
    let composite = composite.map(|it| (it.alarm_name, it.state_value, it.state_reason));
    let alarm = |(name, state, reason): (Option<String>, Option<StateValue>, Option<String>)| {
        let state = match state {
            Some(StateValue::Ok) => AlarmState::Quiet,
            Some(StateValue::Alarm) => AlarmState::Raised,
            _ => AlarmState::Unknown,
        };
        Some((name?, Alarm { state, reason: reason.unwrap_or_default() }))
    };
    Ok(Arc::new(plain.chain(composite).filter_map(alarm).collect()))
}
