//! The cloud as a provider.

use std::future::pending;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_model::address::Address;
use greenroom_model::schema::ProviderSchema;
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{
    CreateRequest, Created, DataRequest, DeleteRequest, Deleted, Failure, FailureKind, FindRequest,
    Found, ImportRequest, Object, Provider, ReadAnswer, ReadRequest, UpdateRequest,
};
use tokio::time::{Instant, sleep};

use super::types::{IMAGE, LISTENER};
use super::world::{Condition, Late, SimObject, World};
use super::{CallKind, Cloud, Fault, Stop};

/// How long a slow deletion takes.
const SLOW: Duration = Duration::from_secs(5);

/// What happens to one changing call.
struct Fate {
    fault: Option<Fault>,
    /// Whether the process dies at this call: before the effect (`false`) or after it (`true`).
    dies: Option<bool>,
    latency: Duration,
}

/// Counts a call as running as long as it lives.
struct Running<'c>(&'c Cloud);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.inner().running -= 1;
    }
}

impl Cloud {
    fn run(&self) -> Running<'_> {
        let mut inner = self.inner();
        inner.running += 1;
        inner.most_running = inner.most_running.max(inner.running);
        Running(self)
    }

    async fn look(&self, kind: CallKind, address: &Address) {
        let latency = {
            let mut inner = self.inner();
            inner.note(kind, address, None);
            inner.latency()
        };
        sleep(latency).await;
        self.inner().world.advance();
    }

    fn fate(&self, kind: CallKind, address: &Address, id: Option<&std::sync::Arc<str>>) -> Fate {
        let mut inner = self.inner();
        inner.note(kind, address, id);
        inner.mutations += 1;
        let stop = inner.stop.filter(|stop| stop.mutation == inner.mutations);
        let dies = stop.map(|Stop { after_the_effect, .. }| after_the_effect);
        let latency = inner.latency();
        let weather = inner.weather.clone();
        let planned = inner.planned.remove(&(kind, address.to_string()));
        let by_chance = [
            (weather.refused, Fault::Refused),
            (weather.lost_before, Fault::LostBefore),
            (weather.lost_after, Fault::LostAfter),
            (if kind == CallKind::Create { weather.broken } else { 0 }, Fault::Broken),
            (if kind == CallKind::Delete { weather.slow_delete } else { 0 }, Fault::Slow),
        ]
        .into_iter()
        .find_map(|(likely, fault)| inner.chance.percent(likely).then_some(fault));
        Fate { fault: planned.or(by_chance), dies, latency }
    }

    /// Sends a changing call: `effect` happens as the fate says.
    async fn send<T>(
        &self,
        address: &Address,
        fate: Fate,
        effect: impl FnOnce(&mut World) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let _running = self.run();
        let half = fate.latency / 2;
        sleep(half).await;
        if fate.dies == Some(false) {
            self.die().await;
        }
        if self.inner().locked_out {
            return Err(expired());
        }
        match fate.fault {
            Some(Fault::Refused) => return Err(away(address)),
            Some(Fault::LostBefore | Fault::Late(_)) => return Err(away(address).unknown_effect()),
            _ => {}
        }
        let done = {
            let mut inner = self.inner();
            inner.world.advance();
            effect(&mut inner.world)
        };
        if fate.dies == Some(true) {
            self.die().await;
        }
        sleep(half).await;
        match fate.fault {
            Some(Fault::LostAfter) => Err(away(address).unknown_effect()),
            _ => done,
        }
    }

    /// The calling process is dead: nothing returns to it.
    async fn die(&self) {
        self.shared.stopped.notify_one();
        pending::<()>().await;
    }
}

#[async_trait]
impl Provider for Cloud {
    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    async fn read(&self, requests: Vec<ReadRequest>) -> Vec<Result<ReadAnswer, Failure>> {
        let mut answers = Vec::new();
        for ReadRequest { object, .. } in requests {
            self.look(CallKind::Read, &object.address).await;
            if self.inner().locked_out {
                answers.push(Err(expired()));
                continue;
            }
            answers.push(Ok(match self.inner().world.by_id(&object.id) {
                None => ReadAnswer::Gone,
                Some(found) => seen(found),
            }));
        }
        answers
    }

    async fn read_data(&self, requests: Vec<DataRequest>) -> Vec<Result<Value, Failure>> {
        let mut answers = Vec::new();
        for DataRequest { kind, address, config } in requests {
            self.look(CallKind::ReadData, &address).await;
            let name = config.get("name").and_then(Value::as_str).unwrap_or_default();
            answers.push(if &*kind != IMAGE || name.is_empty() || name == "missing" {
                Err(Failure::new(FailureKind::NotFound, format!("there is no image `{name}`")))
            } else {
                let id = Value::from(format!("image-of-{name}"));
                Ok(Value::object([("name", Value::from(name)), ("id", id)]))
            });
        }
        answers
    }

    async fn find(&self, requests: Vec<FindRequest>) -> Vec<Result<Option<Found>, Failure>> {
        let mut answers = Vec::new();
        for FindRequest { address, uid, owner, .. } in requests {
            self.look(CallKind::Find, &address).await;
            let inner = self.inner();
            let found =
                inner.world.by_uid(&uid).filter(|it| it.lineage.as_ref() == Some(&owner.lineage));
            answers.push(Ok(found.map(|it| Found { id: it.id.clone(), attributes: value(it) })));
        }
        answers
    }

    async fn create(&self, request: CreateRequest) -> Result<Created, Failure> {
        let fate = self.fate(CallKind::Create, &request.address, None);
        if let Some(Fault::Late(delay)) = fate.fault {
            self.inner().world.later(Late::Create(request.clone()), delay);
        }
        let failing = fate.fault == Some(Fault::Broken);
        let address = request.address.clone();
        let made = self.send(&address, fate, |world| world.create(&request, failing)).await?;
        let ready = made.condition == Condition::Ready;
        Ok(Created { id: made.id.clone(), attributes: value(&made), ready })
    }

    async fn import(&self, request: ImportRequest) -> Result<Created, Failure> {
        let fate = self.fate(CallKind::Import, &request.address, Some(&request.id));
        if let Some(Fault::Late(delay)) = fate.fault {
            self.inner().world.later(Late::Import(request.clone()), delay);
        }
        let found = self.send(&request.address, fate, |world| world.import(&request)).await?;
        let ready = found.condition == Condition::Ready;
        Ok(Created { id: found.id.clone(), attributes: value(&found), ready })
    }

    async fn ready(&self, object: Object) -> Result<Value, Failure> {
        let start = {
            let mut inner = self.inner();
            inner.note(CallKind::Ready, &object.address, Some(&object.id));
            inner.weather.start
        };
        sleep(start).await;
        let settled = self.inner().world.settle(&object.id);
        match settled {
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
        let UpdateRequest { object, planned, changed: _ } = request;
        let fate = self.fate(CallKind::Update, &object.address, Some(&object.id));
        let address = object.address.clone();
        self.send(&address, fate, |world| {
            let found = owned(world, &object)?;
            if &*found.kind == LISTENER && value(found) != object.attributes.reveal() {
                let message = format!("somebody else changed {}", object.address);
                return Err(Failure::new(FailureKind::Changed, message));
            }
            let planned = planned.reveal();
            for (name, new) in planned.as_object().into_iter().flatten() {
                if !new.has_pending() {
                    found.attributes.insert(name.clone(), new.clone());
                }
            }
            Ok(value(found))
        })
        .await
    }

    async fn delete(&self, request: DeleteRequest) -> Result<Deleted, Failure> {
        let object = request.object;
        let fate = self.fate(CallKind::Delete, &object.address, Some(&object.id));
        let slow = fate.fault == Some(Fault::Slow);
        let address = object.address.clone();
        self.send(&address, fate, |world| {
            if world.by_id(&object.id).is_none() {
                return Ok(Deleted::Gone);
            }
            let found = owned(world, &object)?.clone();
            if let Some(holder) = world.holder_of(&found) {
                let message = format!("{} is held by {}", object.address, holder.address);
                return Err(Failure::new(FailureKind::Held, message));
            }
            if let Condition::Going { .. } = found.condition {
                return Ok(Deleted::Accepted);
            }
            if slow {
                let until = Instant::now() + SLOW;
                owned(world, &object)?.condition = Condition::Going { until };
                return Ok(Deleted::Accepted);
            }
            world.objects.retain(|_, it| it.id != object.id);
            Ok(Deleted::Gone)
        })
        .await
    }

    async fn gone(&self, object: Object) -> Result<(), Failure> {
        self.inner().note(CallKind::Gone, &object.address, Some(&object.id));
        loop {
            let condition = {
                let mut inner = self.inner();
                inner.world.advance();
                inner.world.by_id(&object.id).map(|it| it.condition)
            };
            match condition {
                None => return Ok(()),
                Some(Condition::Going { until }) => tokio::time::sleep_until(until).await,
                Some(_) => {
                    let message = format!("{} is not being deleted", object.address);
                    return Err(Failure::new(FailureKind::Internal, message));
                }
            }
        }
    }
}

/// The object that a request names, if it is the requester's.
fn owned<'w>(world: &'w mut World, object: &Object) -> Result<&'w mut SimObject, Failure> {
    let missing =
        || Failure::new(FailureKind::NotFound, format!("{} is not there", object.address));
    let found = world.by_id(&object.id).ok_or_else(missing)?;
    if found.lineage.as_ref() != Some(&object.owner.lineage) || found.uid != object.uid {
        let message = format!("{} is another's", object.address);
        return Err(Failure::new(FailureKind::Stranger, message));
    }
    Ok(found)
}

fn seen(object: &SimObject) -> ReadAnswer {
    let attributes = value(object);
    let broken = |reason: &str| ReadAnswer::Broken {
        attributes: attributes.clone(),
        reason: reason.to_owned(),
    };
    match object.condition {
        Condition::Starting | Condition::Failing | Condition::Ready => {
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

fn expired() -> Failure {
    Failure::new(FailureKind::Credentials, "the credentials have expired").help("log in again")
}

fn away(address: &Address) -> Failure {
    Failure::new(FailureKind::Unavailable, format!("the cloud did not answer for {address}"))
}
