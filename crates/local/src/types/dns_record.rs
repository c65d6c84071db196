//! `local_dns_record`: what a name stands for, and how often it is answered so.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_model::schema::TypeSchema;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use greenroom_provider::{Failure, FailureKind, Proposal, ProposeRequest};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::arguments::{self, ACTIVE, Seconds};
use super::{Context, ResourceType, World};
use crate::failure;
use crate::measure::Counts;
use crate::runtime::dns::record::{self, Change, Record};
use crate::runtime::dns::{self, HealthCheck, RecordConfig, RecordKind, Weighted};
use crate::runtime::{ObjectType, Owner, Uid};

pub(super) mod changes;
mod propose;
mod schema;

/// The type `local_dns_record`.
pub(crate) struct LocalDnsRecord;

#[derive(Deserialize)]
struct Arguments {
    zone_id: String,
    name: String,
    r#type: RecordKind,
    ttl: Option<u32>,
    records: BTreeSet<String>,
    set_identifier: Option<String>,
    weighted_routing_policy: Option<WeightTable>,
    health_check: Option<HealthCheckTable>,
}

/// The argument `weighted_routing_policy`.
#[derive(Deserialize, Serialize)]
struct WeightTable {
    weight: u8,
}

/// The argument `health_check`.
#[derive(Clone, Deserialize, Serialize)]
struct HealthCheckTable {
    url: String,
    interval: Option<Seconds>,
    timeout: Option<Seconds>,
    failure_threshold: Option<u32>,
}

/// How long a zone's server may take to answer with what is recorded.
const ANSWERED_LIMIT: Duration = Duration::from_secs(10);

/// How long an answer may be kept where nothing is said, in seconds.
const TTL: u32 = 60;

#[async_trait]
impl ResourceType for LocalDnsRecord {
    fn schema(&self) -> TypeSchema {
        schema::schema()
    }

    fn object_type(&self) -> ObjectType {
        ObjectType::Record
    }

    fn propose(&self, _: &Context, request: ProposeRequest) -> Proposal {
        propose::propose(request)
    }

    async fn read(
        &self,
        context: &Context,
        uid: &Uid,
        world: &World,
    ) -> Result<Option<Value>, Failure> {
        let root = &context.root;
        let Some(record) = record::look(root, uid).map_err(|error| failure::file(&error))? else {
            return Ok(None);
        };
        let zone = dns::look(root, &record.spec.zone).map_err(|error| failure::file(&error))?;
        let fqdn = zone.and_then(|zone| fqdn(&zone.spec.name, &record.spec.config.name));
        let running = world.zone(&record.spec.zone).map(|status| &status.running);
        let state = if record.is_active(running) { ACTIVE } else { "stale" };
        Ok(Some(attributes(&record, fqdn.as_deref(), state)))
    }

    async fn create(
        &self,
        context: &Context,
        owner: &Owner,
        planned: &Value,
    ) -> Result<bool, Failure> {
        let arguments: Arguments = arguments::typed(planned)?;
        let zone = arguments.zone()?;
        let change = Change::Make(owner.clone(), arguments.config()?);
        context.change_record(zone, change).await.map(|()| true)
    }

    async fn update(&self, context: &Context, uid: &Uid, planned: &Value) -> Result<(), Failure> {
        let arguments: Arguments = arguments::typed(planned)?;
        let zone = arguments.zone()?;
        let change = Change::Alter(uid.clone(), arguments.config()?);
        context.change_record(zone, change).await
    }

    async fn delete(&self, context: &Context, uid: &Uid) -> Result<(), Failure> {
        match record::look(&context.root, uid) {
            Ok(Some(record)) => {
                let change = Change::Remove(uid.clone());
                context.change_record(record.spec.zone, change).await
            }
            // A damaged file names no zone, and is no reason to keep the record.
            _ => {
                let removed = context.root.remove(ObjectType::Record, uid);
                removed.map_err(|error| failure::file(&error))
            }
        }
    }

    async fn verify(
        &self,
        context: &Context,
        uid: &Uid,
        limit: Option<Duration>,
    ) -> Result<(), Failure> {
        let limit = limit.unwrap_or(ANSWERED_LIMIT);
        let answered = timeout(limit, record::answered(&context.root, uid)).await;
        let answered = answered.map_err(|_| {
            let message = format!("the record {uid} is not answered with after {limit:?}");
            Failure::new(FailureKind::Unavailable, message)
                .help("plan again: the plan shows what its zone does not serve")
        })?;
        answered.map_err(|error| changes::failed(&error))
    }

    /// Requests are answers.
    fn traffic(&self, context: &Context, uid: &Uid, counts: &Counts) -> Result<Traffic, Failure> {
        let record = record::look(&context.root, uid).map_err(|error| failure::file(&error))?;
        let gone = || Failure::new(FailureKind::NotFound, format!("{uid} is gone"));
        Ok(counts.of_record(&record.ok_or_else(gone)?.spec.zone, uid))
    }
}

impl Arguments {
    fn zone(&self) -> Result<Uid, Failure> {
        let wrong = || format!("`{}` is no zone's id", self.zone_id);
        Uid::new(self.zone_id.as_str()).ok_or_else(|| Failure::new(FailureKind::Argument, wrong()))
    }

    fn config(self) -> Result<RecordConfig, Failure> {
        let weighted = match (self.set_identifier, self.weighted_routing_policy) {
            (Some(set_identifier), Some(WeightTable { weight })) => {
                let health_check = self.health_check.map(HealthCheckTable::health_check);
                Some(Weighted { set_identifier, weight, health_check })
            }
            _ => None,
        };
        for value in &self.records {
            dns::data(self.r#type, value)
                .map_err(|message| Failure::new(FailureKind::Argument, message))?;
        }
        Ok(RecordConfig {
            name: self.name,
            kind: self.r#type,
            ttl: self.ttl.unwrap_or(TTL),
            values: self.records.into_iter().collect(),
            weighted,
        })
    }
}

impl HealthCheckTable {
    /// With what was left out.
    fn complete(self) -> HealthCheckTable {
        HealthCheckTable {
            url: self.url,
            interval: self.interval.or(Some(Seconds::whole(2))),
            timeout: self.timeout.or(Some(Seconds::whole(1))),
            failure_threshold: self.failure_threshold.or(Some(3)),
        }
    }

    fn health_check(self) -> HealthCheck {
        let whole = self.complete();
        HealthCheck {
            url: whole.url,
            interval_ms: whole.interval.map_or(0, |interval| interval.0),
            timeout_ms: whole.timeout.map_or(0, |timeout| timeout.0),
            failure_threshold: whole.failure_threshold.unwrap_or(1),
        }
    }

    fn from_health_check(check: &HealthCheck) -> HealthCheckTable {
        HealthCheckTable {
            url: check.url.clone(),
            interval: Some(Seconds(check.interval_ms)),
            timeout: Some(Seconds(check.timeout_ms)),
            failure_threshold: Some(check.failure_threshold),
        }
    }
}

/// The whole name of a record, for people.
fn fqdn(zone: &str, name: &str) -> Option<String> {
    let zone = dns::name(zone).ok()?;
    dns::name_in(&zone, name).ok().map(|name| dns::shown(&name))
}

fn attributes(record: &Record, fqdn: Option<&str>, state: &str) -> Value {
    let config = &record.spec.config;
    let weighted = config.weighted.as_ref();
    let policy = weighted.map(|weighted| WeightTable { weight: weighted.weight });
    let check = weighted.and_then(|weighted| weighted.health_check.as_ref());
    Value::object([
        ("zone_id", Value::from(record.spec.zone.as_str())),
        ("name", Value::from(config.name.as_str())),
        ("type", Value::from(config.kind.name())),
        ("ttl", Value::from(config.ttl)),
        ("records", arguments::value(&config.values)),
        ("set_identifier", Value::from(config.set_identifier())),
        ("weighted_routing_policy", arguments::value(&policy)),
        ("health_check", arguments::value(&check.map(HealthCheckTable::from_health_check))),
        ("id", Value::from(record.owner.uid.as_str())),
        ("fqdn", Value::from(fqdn)),
        ("state", Value::from(state)),
    ])
}
