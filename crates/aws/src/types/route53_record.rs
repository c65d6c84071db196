//! `aws_route53_record`: what a name stands for.
//!
//! Guarded: its weight says who gets the traffic, so nobody's change is written over. Claimed: a
//! record has no tags, so it is made by a call that fails if there is one, after a look that
//! found none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use greenroom_model::schema::{Recognition, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{
    Company, Deleted, Draft, Failure, FailureKind, Object, WorldEffect, typed,
};
use serde::{Deserialize, Serialize};

use super::elb::PARENTS;
use super::route53::normal_name;
use super::route53::records::{self, Action, RecordChange, taken};
use crate::aws::Aws;
use crate::resource::{Change, Condition, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::in_doubt;
use crate::tags::Tags;

mod id;
pub(crate) mod list;
mod propose;
mod record;
mod schema;
mod verify;

use id::Id;
use record::Key;
pub(crate) use record::Record;

/// The type `aws_route53_record`.
pub(crate) struct RecordType;

/// The types of record (Route 53 Developer Guide, "Supported DNS record types").
const TYPES: [&str; 17] = [
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV",
    "SSHFP", "SVCB", "TLSA", "TXT",
];

/// Its attributes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    zone_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    ttl: Option<i64>,
    records: Option<BTreeSet<String>>,
    alias: Option<Vec<Alias>>,
    set_identifier: Option<String>,
    weighted_routing_policy: Option<Vec<Weighted>>,
    failover_routing_policy: Option<Vec<Failover>>,
    latency_routing_policy: Option<Vec<Latency>>,
    multivalue_answer_routing_policy: Option<bool>,
    health_check_id: Option<String>,
    fqdn: String,
}

/// A name of AWS that a record stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct Alias {
    name: String,
    zone_id: String,
    evaluate_target_health: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct Weighted {
    weight: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct Failover {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct Latency {
    region: String,
}

#[async_trait]
impl Resource for RecordType {
    fn schema(&self) -> TypeSchema {
        let schema =
            TypeSchema::new("aws_route53_record", "What a name stands for.", schema::attributes());
        TypeSchema { recognition: Recognition::Claimed, per_call: records::MOST, ..schema }
            .guarded()
            .changes_together(&["zone_id", "name", "type"])
    }

    fn tagging(&self) -> Tagging {
        Tagging::None
    }

    fn propose(&self, draft: &mut Draft) {
        propose::propose(draft);
    }

    /// A change takes up to a minute to reach all name servers.
    fn poll(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["name", "zone_id", "type", "set_identifier"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let Sought::Ids(ids) = sought else { return Ok(Vec::new()) };
        let mut zones: BTreeMap<String, Vec<(Arc<str>, Id)>> = BTreeMap::new();
        for id in ids {
            let Some(parts) = Id::parse(id) else { continue };
            zones.entry(parts.zone.clone()).or_default().push((id.clone(), parts));
        }
        let found = futures::stream::iter(zones).map(|(zone, ids)| look_in(aws, zone, ids));
        let found: Vec<Vec<Seen>> = found.buffered(PARENTS).try_collect().await?;
        let found: Vec<Seen> = found.into_iter().flatten().collect();
        let pending = aws.batches.changes.pending(aws, found.iter().map(|it| &it.id)).await?;
        let with_condition = |it: Seen| match pending.contains(&it.id) {
            true => it.but(Condition::Pending("PENDING".to_owned())),
            false => it,
        };
        Ok(found.into_iter().map(with_condition).collect())
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let arguments: Attributes = typed(sent.arguments).ok()?;
        Some(Sought::Ids(vec![arguments.id().to_string().into()]))
    }

    /// A record that says something else is not the one that was sent.
    fn is_it(&self, sent: &Sent<'_>, seen: &Seen) -> bool {
        let seen = typed::<Attributes>(&Value::from(seen.attributes.clone()));
        let (Ok(sent), Ok(seen)) = (typed::<Attributes>(sent.arguments), seen) else {
            return false;
        };
        Record::wanted(&sent, &seen.fqdn).says_as(&Record::wanted(&seen, &seen.fqdn))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let arguments: Attributes = typed(&new.planned)?;
        let id = arguments.id();
        let text: Arc<str> = id.to_string().into();
        let record = wanted(aws, &arguments).await?;
        if there(aws, &id.zone, record.key()).await?.is_some() {
            let stranger = Failure::new(FailureKind::Stranger, String::new());
            return Err(taken(stranger, &text));
        }
        let change = send(aws, &id.zone, Action::Create, record, new.company.as_ref()).await;
        let change = change.map_err(|failure| taken(failure, &text))?;
        aws.batches.changes.note(&text, change);
        Ok(text)
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let arguments: Attributes = typed(&change.planned)?;
        let record = wanted(aws, &arguments).await?;
        let company = change.company.as_ref();
        let zone = arguments.id().zone;
        let sent = match send(aws, &zone, Action::Upsert, record.clone(), company).await {
            Ok(sent) => sent,
            Err(failure) => {
                let says_so = |it: Option<Record>| it.is_some_and(|it| it.says_as(&record));
                told_by_a_look(aws, &zone, record.key(), failure, says_so).await?;
                // The same once more changes nothing, and tells when all name servers have it.
                let again = send(aws, &zone, Action::Upsert, record, None).await;
                again.map_err(Failure::unknown_effect)?
            }
        };
        aws.batches.changes.note(&change.object.id, sent);
        Ok(())
    }

    async fn verify(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        verify::verify(aws, object, &typed(&object.attributes)?).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        self.delete_in(aws, object, None).await
    }

    async fn delete_in(
        &self,
        aws: &Aws,
        object: &Object,
        company: Option<&Company>,
    ) -> Result<Deleted, Failure> {
        let Some(id) = Id::parse(&object.id) else { return Ok(Deleted::Gone) };
        let Some(zone) = aws.batches.zone_names.one(&id.zone).await? else {
            return Ok(Deleted::Gone);
        };
        // Route 53 deletes only what is named exactly as it is.
        let Some(found) = there(aws, &id.zone, id.within(&zone)).await? else {
            return Ok(Deleted::Gone);
        };
        let key = found.key();
        match send(aws, &id.zone, Action::Delete, found, company).await {
            Ok(_) => Ok(Deleted::Accepted),
            // What is not found may be something else, in a change that goes with this one.
            Err(failure) if failure.kind == FailureKind::NotFound => {
                match there(aws, &id.zone, key).await? {
                    None => Ok(Deleted::Gone),
                    Some(_) => Err(failure),
                }
            }
            Err(failure) => {
                let is_gone = |it: Option<Record>| it.is_none();
                told_by_a_look(aws, &id.zone, key, failure, is_gone).await?;
                Ok(Deleted::Accepted)
            }
        }
    }
}

async fn send(
    aws: &Aws,
    zone: &str,
    action: Action,
    record: Record,
    company: Option<&Company>,
) -> Result<Arc<str>, Failure> {
    let (zone, in_company) = (zone.into(), company.map(Company::id));
    let change = RecordChange { zone, company: in_company, action, record };
    aws.batches.records.one_in(company, change).await
}

/// Whether a change was made whose answer was lost: looks for a while, as it may take effect late.
///
/// # Errors
///
/// The failure, if it is no such change, or was not made by then.
async fn told_by_a_look(
    aws: &Aws,
    zone: &str,
    key: Key,
    failure: Failure,
    is_made: impl Fn(Option<Record>) -> bool,
) -> Result<(), Failure> {
    if failure.effect != WorldEffect::Unknown {
        return Err(failure);
    }
    let look = || async { there(aws, zone, key.clone()).await.is_ok_and(&is_made).then_some(()) };
    in_doubt(aws.pace, look).await.ok_or(failure)
}

/// The record of this key, if there is one.
async fn there(aws: &Aws, zone: &str, key: Key) -> Result<Option<Record>, Failure> {
    aws.batches.record_looks.one((zone.into(), key)).await
}

/// The record that arguments ask for, with its whole name.
async fn wanted(aws: &Aws, arguments: &Attributes) -> Result<Record, Failure> {
    let zone = aws.batches.zone_names.one(&arguments.id().zone).await?.ok_or_else(|| {
        let message = format!("there is no zone `{}`", arguments.zone_id);
        Failure::new(FailureKind::NotFound, message)
    })?;
    Ok(Record::wanted(arguments, &zone))
}

/// Looks at records of one zone.
async fn look_in(aws: &Aws, zone: String, ids: Vec<(Arc<str>, Id)>) -> Result<Vec<Seen>, Failure> {
    let Some(name) = aws.batches.zone_names.one(&zone).await? else { return Ok(Vec::new()) };
    let keys: Vec<Key> = ids.iter().map(|(_, id)| id.within(&name)).collect();
    let mut found = list::those(&aws.again.route53, &zone, &keys).await?;
    let seen = ids.into_iter().zip(keys).filter_map(|((text, id), key)| {
        let record = found.remove(&key)?;
        Some(Seen::ready(text, Tags::new(), &record.attributes(&zone, &id.name)))
    });
    Ok(seen.collect())
}

impl Attributes {
    fn id(&self) -> Id {
        Id::new(&self.zone_id, &self.name, &self.kind, self.set_identifier.as_deref())
    }
}

impl Alias {
    fn normal(self) -> Alias {
        Alias { name: normal_name(&self.name), ..self }
    }
}
