//! Changes of records: those of a zone go together.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch};
use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure, FailureKind};

use super::super::route53_record::Record;
use crate::aws::{Clients, Pace};
use crate::batches::together;
use crate::error::{ApiError, Class};
use crate::send::patiently_if;

/// The most changes of a batch: AWS takes 1000 entries, of which an update counts as two (Route 53
/// Developer Guide, "Quotas").
pub(crate) const MOST: usize = 400;

/// A change of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordChange {
    /// The zone.
    pub(crate) zone: Arc<str>,
    /// The company that it is made in, or not at all.
    pub(crate) company: Option<u64>,
    /// What to do.
    pub(crate) action: Action,
    /// The record: as it is to be, or as it is where it is deleted.
    pub(crate) record: Record,
}

/// What to do to a record; in this order, so that a name is free before it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    /// Delete the one that is exactly so.
    Delete,
    /// Create it, unless there is one.
    Create,
    /// Put it in the place of the one that is there.
    Upsert,
}

/// Gathers changes of records; the answer is the id of the change at AWS.
pub(crate) fn batches(
    again: &Clients,
    once: &Clients,
    pace: Pace,
) -> Coalescer<RecordChange, Arc<str>> {
    let (again, once) = (again.route53.clone(), once.route53.clone());
    Coalescer::new(Pace::tick(), move |changes| {
        change(again.clone(), once.clone(), pace, changes).boxed()
    })
}

async fn change(
    again: Client,
    once: Client,
    pace: Pace,
    changes: Vec<RecordChange>,
) -> Answers<RecordChange, Arc<str>> {
    let mut zones: BTreeMap<Arc<str>, BTreeMap<Option<u64>, Vec<RecordChange>>> = BTreeMap::new();
    for change in changes {
        let zone = zones.entry(change.zone.clone()).or_default();
        zone.entry(change.company).or_default().push(change);
    }
    let send = |changes| send(again.clone(), once.clone(), pace, changes);
    let send = &send;
    let sent = zones.into_values().map(|companies| async move {
        let mut answers = Answers::new();
        // One after the other: AWS takes one batch of a zone at a time.
        for (company, changes) in companies {
            for chunk in changes.chunks(MOST) {
                answers.extend(match company {
                    Some(_) => all_or_none(chunk, send(chunk.to_vec()).await),
                    None => together(chunk.to_vec(), send).await,
                });
            }
        }
        answers
    });
    join_all(sent).await.into_iter().flatten().collect()
}

/// The answer to a batch is that to each of its changes.
fn all_or_none(
    changes: &[RecordChange],
    answer: Result<Arc<str>, ApiError>,
) -> Answers<RecordChange, Arc<str>> {
    let answer = answer.map_err(Failure::from);
    changes.iter().map(|it| (it.clone(), answer.clone())).collect()
}

async fn send(
    again: Client,
    once: Client,
    pace: Pace,
    changes: Vec<RecordChange>,
) -> Result<Arc<str>, ApiError> {
    let action = "route53:ChangeResourceRecordSets";
    let zone = changes.first().map(|it| it.zone.to_string()).unwrap_or_default();
    let creates = changes.iter().any(|it| it.action == Action::Create);
    // Sent again after a lost answer, a create would find its own record in the way, and a delete
    // that goes together with others nothing to delete: AWS would refuse what it has done.
    let deletes = changes.iter().any(|it| it.action == Action::Delete);
    let client = if creates || deletes && changes.len() > 1 { once } else { again };
    let batch = batch(&changes).map_err(|message| ApiError {
        action,
        code: None,
        message,
        class: Class::NotSent(FailureKind::Argument),
    })?;
    let too_fresh = |error: &ApiError| creates && error.is_not_found();
    let call = || {
        let call = client.change_resource_record_sets().hosted_zone_id(&zone);
        call.change_batch(batch.clone()).send()
    };
    let answer = patiently_if(pace, action, too_fresh, call).await.map_err(told_apart)?;
    Ok(answer.change_info.map(|it| it.id).unwrap_or_default().as_str().into())
}

fn batch(changes: &[RecordChange]) -> Result<ChangeBatch, String> {
    let change = |it: &RecordChange| {
        let action = match it.action {
            Action::Delete => ChangeAction::Delete,
            Action::Create => ChangeAction::Create,
            Action::Upsert => ChangeAction::Upsert,
        };
        let record = it.record.written()?;
        Change::builder().action(action).resource_record_set(record).build()
    };
    let changes: Result<Vec<Change>, _> = changes.iter().map(change).collect();
    let changes = changes.map_err(|error| error.to_string())?;
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build();
    batch.map_err(|error| error.to_string())
}

/// Route 53 has one code for all that is wrong with a batch.
fn told_apart(error: ApiError) -> ApiError {
    if !error.has_code("InvalidChangeBatch") {
        return error;
    }
    let class = if error.message.contains("already exists") {
        Class::Refused(FailureKind::Stranger)
    } else if error.message.contains("not found") {
        Class::Refused(FailureKind::NotFound)
    } else {
        error.class
    };
    ApiError { class, ..error }
}

/// A failure of a create whose name is taken, saying what to do.
pub(crate) fn taken(failure: Failure, id: &str) -> Failure {
    if failure.kind != FailureKind::Stranger {
        return failure;
    }
    let message = format!("the record `{id}` is there already, and nobody knows whose it is");
    Failure::new(FailureKind::Stranger, message)
        .help("nothing was touched; take it over with `greenroom import`, or delete it")
}
