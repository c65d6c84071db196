//! The cloud as a provider.

use std::time::Duration;

use async_trait::async_trait;
use greenroom_model::schema::ProviderSchema;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{
    CreateRequest, Created, DataRequest, DeleteRequest, Deleted, Failure, FailureKind, FindRequest,
    Found, Health, ImportRequest, Object, Provider, ReadAnswer, ReadRequest, UpdateRequest,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::looks::{Seen, Sought};
use super::types::IMAGE;
use super::world::{Condition, Request, SimObject, missing, refuse_stranger};
use super::{CallKind, Cloud, LAG};

/// How long a wait takes at most, unless it is told.
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);

/// How often a wait looks, where it does not know when to.
const PAUSE: Duration = Duration::from_secs(2);

impl Cloud {
    /// Looks at objects; what is missing is looked for until no look can be behind any more.
    async fn find_out(&self, kind: CallKind, objects: &[Object]) -> Vec<Seen> {
        let sought = |object: &Object| Sought::Id(object.id.clone());
        let all: Vec<_> = objects.iter().map(|it| (&it.address, sought(it))).collect();
        let mut seen = self.look(kind, &all).await;
        let is_missing = |at: &usize| matches!(seen[*at], Ok(None));
        let missing: Vec<usize> = (0..objects.len()).filter(is_missing).collect();
        if !missing.is_empty() {
            sleep(LAG).await;
            let again: Vec<_> = missing.iter().map(|at| all[*at].clone()).collect();
            for (at, answer) in missing.into_iter().zip(self.look(kind, &again).await) {
                seen[at] = answer;
            }
        }
        seen
    }

    /// Looks until an object is something else than under way, or patience is over.
    async fn wait(&self, kind: CallKind, object: &Object) -> Result<Option<SimObject>, Failure> {
        let until = Instant::now() + object.timeout.unwrap_or(PATIENCE);
        let mut missing_since: Option<Instant> = None;
        loop {
            let sought = Sought::Id(object.id.clone());
            let seen = self.look_at(kind, &object.address, sought).await?;
            let again = match (kind, seen.as_ref().map(|it| it.condition)) {
                (_, None) => match missing_since {
                    Some(since) if since.elapsed() >= LAG => return Ok(None),
                    since => {
                        missing_since = since.or(Some(Instant::now()));
                        Instant::now() + LAG
                    }
                },
                (
                    _,
                    Some(
                        Condition::Starting { until }
                        | Condition::Failing { until }
                        | Condition::Going { until },
                    ),
                ) => until.max(Instant::now() + PAUSE / 4),
                (CallKind::Gone, Some(_)) => Instant::now() + PAUSE,
                (_, Some(_)) => return Ok(seen),
            };
            if again > until {
                sleep_until(until).await;
                let message = format!("{} takes too long", object.address);
                return Err(Failure::new(FailureKind::Unavailable, message));
            }
            sleep_until(again).await;
        }
    }
}

#[async_trait]
impl Provider for Cloud {
    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    async fn read(&self, requests: Vec<ReadRequest>) -> Vec<Result<ReadAnswer, Failure>> {
        let objects: Vec<Object> = requests.into_iter().map(|it| it.object).collect();
        let seen = self.find_out(CallKind::Read, &objects).await;
        let answer = |(seen, object): (Seen, &Object)| match seen? {
            None => Ok(ReadAnswer::Gone),
            Some(found) => {
                refuse_stranger(&found, object)?;
                Ok(answer(&found))
            }
        };
        seen.into_iter().zip(&objects).map(answer).collect()
    }

    async fn read_data(&self, requests: Vec<DataRequest>) -> Vec<Result<Value, Failure>> {
        let sought: Vec<_> = requests.iter().map(|it| (&it.address, Sought::Nothing)).collect();
        let seen = self.look(CallKind::ReadData, &sought).await;
        seen.into_iter()
            .zip(&requests)
            .map(|(seen, request)| seen.and_then(|_| image(request)))
            .collect()
    }

    async fn find(&self, requests: Vec<FindRequest>) -> Vec<Result<Option<Found>, Failure>> {
        let sought = |it: &FindRequest| Sought::Tag(it.uid.clone(), it.owner.lineage.clone());
        let all: Vec<_> = requests.iter().map(|it| (&it.address, sought(it))).collect();
        let found = |it: SimObject| Found { id: it.id.clone(), attributes: value(&it) };
        let seen = self.look(CallKind::Find, &all).await;
        seen.into_iter().map(|it| Ok(it?.map(found))).collect()
    }

    async fn create(&self, request: CreateRequest) -> Result<Created, Failure> {
        let address = request.address.clone();
        let made = self.send(Request::Create(request)).await?;
        made.map(created).ok_or_else(|| {
            Failure::new(FailureKind::Internal, format!("{address} was made and is not there"))
        })
    }

    async fn import(&self, request: ImportRequest) -> Result<Created, Failure> {
        let id = request.id.clone();
        let found = self.send(Request::Import(request)).await?;
        let missing = || Failure::new(FailureKind::NotFound, format!("there is no `{id}`"));
        found.map(created).ok_or_else(missing)
    }

    async fn ready(&self, object: Object) -> Result<Value, Failure> {
        match self.wait(CallKind::Ready, &object).await? {
            None => Err(Failure::new(
                FailureKind::NotFound,
                format!("{} vanished while it started", object.address),
            )),
            Some(it) if it.condition == Condition::Ready => Ok(value(&it)),
            Some(_) => Err(Failure::new(
                FailureKind::Broken,
                format!("{} will never be ready", object.address),
            )),
        }
    }

    async fn update(&self, request: UpdateRequest) -> Result<Value, Failure> {
        let object = request.object.clone();
        let changed = self.send(Request::Update(request)).await?;
        changed.map(|it| value(&it)).ok_or_else(|| missing(&object))
    }

    async fn delete(&self, request: DeleteRequest) -> Result<Deleted, Failure> {
        let left = self.send(Request::Delete(request)).await?;
        Ok(if left.is_some() { Deleted::Accepted } else { Deleted::Gone })
    }

    async fn gone(&self, object: Object) -> Result<(), Failure> {
        self.wait(CallKind::Gone, &object).await.map(drop)
    }

    async fn verify(&self, object: Object) -> Result<Value, Failure> {
        // Until then a look may show what was before this was asked, which proves nothing.
        sleep(LAG).await;
        let sought = Sought::Id(object.id.clone());
        let seen = self.look_at(CallKind::Verify, &object.address, sought).await?;
        seen.map(|it| value(&it)).ok_or_else(|| missing(&object))
    }

    async fn traffic(&self, objects: Vec<Object>) -> Vec<Result<Traffic, Failure>> {
        let seen = self.find_out(CallKind::Traffic, &objects).await;
        let counted = |(seen, object): (Seen, &Object)| {
            seen?.ok_or_else(|| missing(object))?;
            Ok(self.count(&object.address.scope))
        };
        seen.into_iter().zip(&objects).map(counted).collect()
    }

    async fn health(&self, objects: Vec<Object>) -> Vec<Result<Health, Failure>> {
        let seen = self.find_out(CallKind::Health, &objects).await;
        let health =
            |(seen, object): (Seen, &Object)| Ok(health(&seen?.ok_or_else(|| missing(object))?));
        seen.into_iter().zip(&objects).map(health).collect()
    }
}

/// Whether the targets of a group serve: what is as it should be does.
fn health(group: &SimObject) -> Health {
    let targets = group.attributes.get("targets").and_then(Value::as_list).unwrap_or_default();
    let targets = u32::try_from(targets.len()).unwrap_or(u32::MAX);
    match group.condition {
        Condition::Ready => Health { healthy: targets, ..Health::default() },
        Condition::Starting { .. } => Health { unknown: targets, ..Health::default() },
        _ => Health { unhealthy: targets, ..Health::default() },
    }
}

fn image(DataRequest { kind, config, .. }: &DataRequest) -> Result<Value, Failure> {
    let name = config.get("name").and_then(Value::as_str).unwrap_or_default();
    if &**kind != IMAGE || name.is_empty() || name == "missing" {
        return Err(Failure::new(FailureKind::NotFound, format!("there is no image `{name}`")));
    }
    let id = Value::from(format!("image-of-{name}"));
    Ok(Value::object([("name", Value::from(name)), ("id", id)]))
}

fn created(made: SimObject) -> Created {
    let ready = made.condition == Condition::Ready;
    Created { id: made.id.clone(), attributes: value(&made), ready }
}

fn answer(object: &SimObject) -> ReadAnswer {
    let attributes = value(object);
    let broken = |reason: &str| ReadAnswer::Broken {
        attributes: attributes.clone(),
        reason: reason.to_owned(),
    };
    match object.condition {
        Condition::Starting { .. } | Condition::Failing { .. } | Condition::Ready => {
            ReadAnswer::Present(attributes)
        }
        Condition::Broken => broken("it does not answer"),
        Condition::Going { .. } => broken("it is being deleted"),
    }
}

fn value(object: &SimObject) -> Value {
    let attributes: &Attributes = &object.attributes;
    Value::from(attributes.clone())
}
