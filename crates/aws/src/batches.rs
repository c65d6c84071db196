//! Changes that one call makes for many objects: what is asked within a tick goes together.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure, FailureKind};

use crate::aws::{Clients, Pace};
use crate::error::{ApiError, Class};
use crate::retag::{self, Retag};
use crate::send::patiently_if;
use crate::types::instance::{self, Launches};
use crate::types::route53::changes::Changes;
use crate::types::route53::names::ZoneNames;
use crate::types::route53::records::{self, RecordChange};
use crate::types::route53_record::{Record, list};
use crate::types::targets::{self, Target};

/// The batches of one configuration.
pub(crate) struct Batches {
    /// Launches of instances.
    pub(crate) launches: Launches,
    /// Terminations of instances, by id.
    pub(crate) terminations: Coalescer<Arc<str>, ()>,
    /// Registrations of targets.
    pub(crate) registrations: Coalescer<Target, ()>,
    /// Deregistrations of targets.
    pub(crate) deregistrations: Coalescer<Target, ()>,
    /// Changes of tags of EC2's objects.
    pub(crate) ec2_tags: Coalescer<Retag, ()>,
    /// Changes of records; the answer is the id of the change at AWS.
    pub(crate) records: Coalescer<RecordChange, Arc<str>>,
    /// Looks at records right before they are changed.
    pub(crate) record_looks: Coalescer<list::Wanted, Option<Record>>,
    /// The names of zones.
    pub(crate) zone_names: ZoneNames,
    /// Changes at Route 53 that are under way.
    pub(crate) changes: Changes,
}

impl Batches {
    /// `again` for changes that have the same effect the second time, `once` for others.
    pub(crate) fn new(again: &Clients, once: &Clients, pace: Pace) -> Batches {
        let ec2 = again.ec2.clone();
        Batches {
            launches: instance::launches(again, pace),
            terminations: Coalescer::new(Pace::tick(), move |ids| {
                let ec2 = ec2.clone();
                together(ids, move |ids| terminate(ec2.clone(), pace, ids)).boxed()
            }),
            registrations: targets::registrations(again, pace),
            deregistrations: targets::deregistrations(again),
            ec2_tags: retag::retags(again, pace),
            records: records::batches(again, once, pace),
            record_looks: list::looks(again),
            zone_names: ZoneNames::new(again),
            changes: Changes::default(),
        }
    }
}

async fn terminate(
    ec2: aws_sdk_ec2::Client,
    pace: Pace,
    ids: Vec<Arc<str>>,
) -> Result<(), ApiError> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let call = || ec2.terminate_instances().set_instance_ids(Some(ids.clone())).send();
    // One that is not there is gone: no reason to wait for it.
    let answer = patiently_if(pace, "ec2:TerminateInstances", |_| false, call).await;
    answer.map(drop)
}

/// Sends all keys in one call. If AWS refuses it, one key may have spoiled it for the others: then
/// each half is sent again, down to single ones, so that each key has an answer of its own.
pub(crate) async fn together<K, V, F>(keys: Vec<K>, send: impl Fn(Vec<K>) -> F) -> Answers<K, V>
where
    K: Clone + Ord,
    V: Clone,
    F: Future<Output = Result<V, ApiError>>,
{
    let mut answers = Answers::new();
    let mut unsent = vec![keys];
    while !unsent.is_empty() {
        let sent = unsent.into_iter().map(|keys| async { (send(keys.clone()).await, keys) });
        unsent = Vec::new();
        for (answer, mut keys) in join_all(sent).await {
            match answer {
                Err(error) if keys.len() > 1 && may_be_one(&error) => {
                    let half = keys.split_off(keys.len() / 2);
                    unsent.extend([keys, half]);
                }
                answer => {
                    let answer = answer.map_err(Failure::from);
                    answers.extend(keys.into_iter().map(|key| (key, answer.clone())));
                }
            }
        }
    }
    answers
}

/// Whether AWS may have refused a call because of one key of several. A permission that is missing
/// may be, too, as policies name objects and tags.
fn may_be_one(error: &ApiError) -> bool {
    matches!(error.class, Class::Refused(kind) if kind != FailureKind::Credentials)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn one_bad_key_does_not_spoil_a_batch() {
        let sent: Mutex<Vec<Vec<u32>>> = Mutex::default();
        let send = |keys: Vec<u32>| {
            let bad = keys.contains(&2);
            sent.lock().expect("not poisoned").push(keys);
            let error = ApiError {
                action: "test:Call",
                code: Some("Bad".to_owned()),
                message: "no 2".to_owned(),
                class: Class::Refused(FailureKind::NotFound),
            };
            async move { if bad { Err(error) } else { Ok(()) } }
        };
        let answers = together(vec![1, 2, 3, 4], send).await;
        let failed: Vec<u32> =
            answers.iter().filter(|(_, it)| it.is_err()).map(|(key, _)| *key).collect();
        assert_eq!(failed, [2]);
        let sent = sent.lock().expect("not poisoned");
        assert_eq!(*sent, [vec![1, 2, 3, 4], vec![1, 2], vec![3, 4], vec![1], vec![2]]);
    }
}
