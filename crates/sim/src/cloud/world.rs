//! What exists, and the rules of its existence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Address;
use greenroom_model::identity::{Lineage, Uid};
use greenroom_model::value::{Object, Value};
use greenroom_provider::{
    Company, CreateRequest, DeleteRequest, Failure, FailureKind, ImportRequest, Object as Known,
    UpdateRequest,
};
use tokio::time::Instant;

use super::history::History;
use super::traffic::{self, Counters};
use super::types::{BALANCER, GROUP, GUARDED, LISTENER, MACHINE, NETWORK};
use super::watcher::{Deed, Watcher};

/// Something that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct SimObject {
    /// Its type.
    pub kind: Arc<str>,
    /// Where its owner has it.
    pub address: Address,
    /// Its identity for life, as its owner's tag says; empty without one.
    pub uid: Uid,
    /// The state whose it is, as its tag says; `None` for what was made by hand.
    pub lineage: Option<Lineage>,
    /// The cloud's name for it.
    pub id: Arc<str>,
    /// Its attributes; no part is marked.
    pub attributes: Object,
    /// What it is like.
    pub condition: Condition,
}

/// What an object is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It was accepted and will be ready.
    Starting {
        /// When it is.
        until: Instant,
    },
    /// It was accepted and will never be ready.
    Failing {
        /// When that shows.
        until: Instant,
    },
    /// It is of use.
    Ready,
    /// It is of no use any more.
    Broken,
    /// It is on its way out.
    Going {
        /// When it is gone.
        until: Instant,
    },
}

/// A call that changes something.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Create(CreateRequest),
    Import(ImportRequest),
    Update(UpdateRequest),
    Delete(DeleteRequest),
}

/// How an effect goes on after its call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// How long a new machine takes to be ready, or to fail.
    pub(super) start: Duration,
    /// Whether it fails.
    pub(super) fails: bool,
    /// How long a deletion takes.
    pub(super) delete: Duration,
}

/// Calls that take effect together, and late.
struct Late {
    at: Instant,
    requests: Vec<Request>,
    course: Course,
}

#[derive(Default)]
pub(super) struct World {
    objects: History,
    /// Client tokens that made something, for ever, with what was asked for.
    tokens: BTreeMap<Arc<str>, (u64, Value)>,
    late: Vec<Late>,
    /// What was made by hand, and may be taken over.
    by_hand: BTreeSet<u64>,
    next: u64,
    /// What went through groups.
    counters: Counters,
    watcher: Option<Box<dyn Watcher>>,
}

impl World {
    /// Everything that exists, in the order of its making.
    pub(super) fn objects(&self) -> impl Iterator<Item = &SimObject> {
        self.objects.now()
    }

    /// The objects as they are, and as they were.
    pub(super) fn history(&mut self) -> &mut History {
        &mut self.objects
    }

    /// Whether an object was made by hand.
    pub(super) fn is_by_hand(&self, id: &str) -> bool {
        number(id).is_some_and(|it| self.by_hand.contains(&it))
    }

    /// Whether there ever was an object of this id.
    pub(super) fn has_made(&self, id: &str) -> bool {
        number(id).is_some_and(|it| it <= self.next)
    }

    /// Lets everything happen whose time has come.
    pub(super) fn advance(&mut self) {
        let now = Instant::now();
        let (due, late): (Vec<Late>, Vec<Late>) =
            std::mem::take(&mut self.late).into_iter().partition(|it| it.at <= now);
        self.late = late;
        for Late { at, requests, course } in due {
            // Nobody waits for what becomes of it.
            let _ = self.take_effect(&requests, course, Some(at));
        }
        self.objects.settle(now);
    }

    /// When everything that is under way will have happened; `None` if nothing is.
    pub(super) fn calm_at(&self) -> Option<Instant> {
        let late = self.late.iter().map(|it| it.at);
        let changing = self.objects().filter_map(|it| match it.condition {
            Condition::Starting { until }
            | Condition::Failing { until }
            | Condition::Going { until } => Some(until),
            Condition::Ready | Condition::Broken => None,
        });
        late.chain(changing).max()
    }

    /// Lets calls take effect together, so much later.
    pub(super) fn later(&mut self, requests: Vec<Request>, course: Course, delay: Duration) {
        self.late.push(Late { at: Instant::now() + delay, requests, course });
    }

    /// Makes an object by hand: nobody's, and ready.
    pub(super) fn plant(&mut self, address: Address, attributes: Object) -> Arc<str> {
        self.next += 1;
        let kind = address.block.kind.clone();
        let id: Arc<str> = format!("{}-{}", short(&kind), self.next).into();
        let attributes = self::attributes(&Value::from(attributes), &kind, &id);
        let object = SimObject {
            kind,
            address,
            uid: Uid("".into()),
            lineage: None,
            id: id.clone(),
            attributes,
            condition: Condition::Ready,
        };
        self.by_hand.insert(self.next);
        self.objects.put(self.next, object);
        id
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&SimObject> {
        self.objects.get(number(id)?).filter(|it| &*it.id == id)
    }

    /// Lets somebody see every change that a call makes.
    pub(super) fn watch(&mut self, watcher: Box<dyn Watcher>) {
        self.watcher = Some(watcher);
    }

    /// What went through groups, as it is now.
    pub(super) fn counters(&mut self) -> &Counters {
        self.counters.advance(&traffic::weights(self.objects.now()));
        &self.counters
    }

    /// Carries calls out that take effect together; each object as it is then, if it is there.
    pub(super) fn carry_out(
        &mut self,
        requests: &[Request],
        course: Course,
    ) -> Vec<Result<Option<SimObject>, Failure>> {
        self.take_effect(requests, course, None)
    }

    fn take_effect(
        &mut self,
        requests: &[Request],
        course: Course,
        late: Option<Instant>,
    ) -> Vec<Result<Option<SimObject>, Failure>> {
        let before = traffic::weights(self.objects.now());
        let done = self
            .apart(requests)
            .unwrap_or_else(|| requests.iter().map(|it| self.carry_out_one(it, course)).collect());
        self.counters.advance(&before);
        if let Some(watcher) = &mut self.watcher {
            let took_effect = requests.iter().zip(&done).filter(|(_, done)| done.is_ok());
            let deeds = took_effect.map(|(request, _)| Deed {
                kind: request.kind(),
                address: request.subject().0,
                id: request.subject().1.map(|it| &**it),
                late,
            });
            let deeds: Vec<Deed<'_>> = deeds.collect();
            watcher.changed(&deeds, &before, &traffic::weights(self.objects.now()));
        }
        done
    }

    /// Why none of some requests takes effect, if they go together and one of them cannot.
    fn apart(&self, requests: &[Request]) -> Option<Vec<Result<Option<SimObject>, Failure>>> {
        let together = requests.iter().any(|it| it.company().is_some());
        let checked: Vec<_> =
            requests.iter().filter(|_| together).map(|it| self.check(it)).collect();
        let all = checked.iter().all(Result::is_ok);
        let refused = |checked: Result<(), Failure>| checked.and_then(|()| Err(Company::apart()));
        (!all).then(|| checked.into_iter().map(refused).collect())
    }

    /// Whether a request can take effect.
    fn check(&self, request: &Request) -> Result<(), Failure> {
        match request {
            Request::Create(request) if self.tokens.contains_key(&request.handle.token) => Ok(()),
            Request::Create(request) => {
                self.check_references(request)?;
                self.check_name(request)
            }
            Request::Import(_) => Ok(()),
            Request::Update(request) => self.check_unchanged(&request.object),
            Request::Delete(request) => self.check_free(&request.object),
        }
    }

    fn carry_out_one(
        &mut self,
        request: &Request,
        course: Course,
    ) -> Result<Option<SimObject>, Failure> {
        match request {
            Request::Create(request) => self.create(request, course).map(Some),
            Request::Import(request) => self.import(request).map(Some),
            Request::Update(request) => self.update(request).map(Some),
            Request::Delete(request) => self.delete(&request.object, course),
        }
    }

    /// Makes an object; the same token again gives the same object, as long as that lives.
    fn create(&mut self, request: &CreateRequest, course: Course) -> Result<SimObject, Failure> {
        let token = request.handle.token.clone();
        if let Some((made, asked)) = self.tokens.get(&token) {
            return self.again(request, *made, asked);
        }
        self.check_references(request)?;
        self.check_name(request)?;
        self.next += 1;
        let id: Arc<str> = format!("{}-{}", short(&request.kind), self.next).into();
        let until = Instant::now() + course.start;
        let object = SimObject {
            kind: request.kind.clone(),
            address: request.address.clone(),
            uid: request.uid.clone(),
            lineage: Some(request.owner.lineage.clone()),
            attributes: attributes(&request.planned, &request.kind, &id),
            id,
            condition: match (&*request.kind == MACHINE, course.fails) {
                (true, true) => Condition::Failing { until },
                (true, false) => Condition::Starting { until },
                (false, _) => Condition::Ready,
            },
        };
        self.tokens.insert(token, (self.next, request.planned.reveal()));
        self.objects.put(self.next, object.clone());
        Ok(object)
    }

    /// What a token gives that was used before.
    fn again(
        &self,
        request: &CreateRequest,
        made: u64,
        asked: &Value,
    ) -> Result<SimObject, Failure> {
        let refused = |why: &str| {
            let message = format!("the token of {} {why}", request.address);
            Err(Failure::new(FailureKind::Argument, message))
        };
        if *asked != request.planned.reveal() {
            return refused("was used with other arguments");
        }
        match self.objects.get(made) {
            Some(object) if !matches!(object.condition, Condition::Going { .. }) => {
                Ok(object.clone())
            }
            _ => refused("was spent on what is gone"),
        }
    }

    /// Marks an object as its new owner's.
    fn import(&mut self, request: &ImportRequest) -> Result<SimObject, Failure> {
        let ImportRequest { kind, address, uid, owner, id } = request;
        let missing = || Failure::new(FailureKind::NotFound, format!("there is no {kind} `{id}`"));
        let found = self.by_id(id).filter(|it| it.kind == *kind).ok_or_else(missing)?;
        if found.lineage.as_ref().is_some_and(|it| *it != owner.lineage) {
            let message = format!("`{id}` is another's");
            return Err(Failure::new(FailureKind::Stranger, message));
        }
        self.edit(id, |found| {
            found.address = address.clone();
            found.uid = uid.clone();
            found.lineage = Some(owner.lineage.clone());
        })
        .ok_or_else(missing)
    }

    fn update(&mut self, request: &UpdateRequest) -> Result<SimObject, Failure> {
        let UpdateRequest { object, planned, .. } = request;
        self.check_unchanged(object)?;
        let planned = planned.reveal();
        let edited = self.edit(&object.id, |found| {
            for (name, new) in planned.as_object().into_iter().flatten() {
                if !new.has_pending() {
                    found.attributes.insert(name.clone(), new.clone());
                }
            }
        });
        edited.ok_or_else(|| missing(object))
    }

    /// Refuses to write over what somebody else changed.
    fn check_unchanged(&self, object: &Known) -> Result<(), Failure> {
        let found = self.owned(object)?;
        let is_as_known = Value::from(found.attributes.clone()) == object.attributes.reveal();
        if GUARDED.contains(&&*found.kind) && !is_as_known {
            let message = format!("somebody else changed {}", object.address);
            return Err(Failure::new(FailureKind::Changed, message));
        }
        Ok(())
    }

    /// Refuses to delete what is held.
    fn check_free(&self, object: &Known) -> Result<(), Failure> {
        if self.by_id(&object.id).is_none() {
            return Ok(());
        }
        let found = self.owned(object)?;
        match self.holder_of(found) {
            Some(holder) => {
                let message = format!("{} is held by {}", object.address, holder.address);
                Err(Failure::new(FailureKind::Held, message))
            }
            None => Ok(()),
        }
    }

    fn delete(&mut self, object: &Known, course: Course) -> Result<Option<SimObject>, Failure> {
        if self.by_id(&object.id).is_none() {
            return Ok(None);
        }
        self.check_free(object)?;
        let found = self.owned(object)?.clone();
        if let Condition::Going { .. } = found.condition {
            return Ok(Some(found));
        }
        if course.delete.is_zero() {
            self.remove(&object.id);
            return Ok(None);
        }
        let until = Instant::now() + course.delete;
        Ok(self.edit(&object.id, |found| found.condition = Condition::Going { until }))
    }

    /// Changes an object, whoever's it is; as it is then.
    pub(super) fn edit(
        &mut self,
        id: &str,
        edit: impl FnOnce(&mut SimObject),
    ) -> Option<SimObject> {
        let number = number(id)?;
        let mut object = self.objects.get(number)?.clone();
        edit(&mut object);
        self.objects.put(number, object.clone());
        Some(object)
    }

    /// Removes an object, whoever's it is.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(number) = number(id) {
            self.objects.remove(number);
        }
    }

    /// The object that a request names, if it is the requester's.
    fn owned(&self, object: &Known) -> Result<&SimObject, Failure> {
        let found = self.by_id(&object.id).ok_or_else(|| missing(object))?;
        refuse_stranger(found, object)?;
        Ok(found)
    }

    /// What keeps an object from being deleted.
    fn holder_of(&self, object: &SimObject) -> Option<&SimObject> {
        let id = Value::from(object.id.clone());
        self.objects().find(|it| match &*object.kind {
            NETWORK => &*it.kind == MACHINE && it.attributes.get("network_id") == Some(&id),
            GROUP => traffic::shares(it).any(|(group, _)| group == id),
            _ => false,
        })
    }

    /// What is referred to must be there: a reference to nothing is the caller's mistake.
    fn check_references(&self, request: &CreateRequest) -> Result<(), Failure> {
        for (attribute, kind) in [("network_id", NETWORK), ("group", GROUP)] {
            let Some(id) = request.planned.get(attribute).and_then(Value::as_str) else { continue };
            if self.by_id(id).is_none_or(|it| &*it.kind != kind) {
                let message = format!("{}: there is no {kind} `{id}`", request.address);
                return Err(Failure::new(FailureKind::Argument, message));
            }
        }
        Ok(())
    }

    fn check_name(&self, request: &CreateRequest) -> Result<(), Failure> {
        if &*request.kind != GROUP {
            return Ok(());
        }
        let name = request.planned.get("name").map(Value::reveal);
        let is_of_name =
            |it: &SimObject| it.kind == request.kind && it.attributes.get("name") == name.as_ref();
        if self.objects().any(is_of_name) {
            let message = format!("{}: the name is taken", request.address);
            return Err(Failure::new(FailureKind::Stranger, message));
        }
        Ok(())
    }
}

impl Request {
    /// What it goes together with, if anything.
    pub(super) fn company(&self) -> Option<&Company> {
        match self {
            Request::Create(request) => request.company.as_ref(),
            Request::Update(request) => request.company.as_ref(),
            Request::Delete(request) => request.company.as_ref(),
            Request::Import(_) => None,
        }
    }

    /// The object's address, and its id if it has one.
    pub(super) fn subject(&self) -> (&Address, Option<&Arc<str>>) {
        match self {
            Request::Create(request) => (&request.address, None),
            Request::Import(request) => (&request.address, Some(&request.id)),
            Request::Update(UpdateRequest { object, .. })
            | Request::Delete(DeleteRequest { object, .. }) => (&object.address, Some(&object.id)),
        }
    }
}

/// Refuses what is not the requester's.
pub(super) fn refuse_stranger(found: &SimObject, object: &Known) -> Result<(), Failure> {
    if found.lineage.as_ref() == Some(&object.owner.lineage) && found.uid == object.uid {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Stranger, format!("{} is another's", object.address)))
}

pub(super) fn missing(object: &Known) -> Failure {
    Failure::new(FailureKind::NotFound, format!("{} is not there", object.address))
}

/// The number in an id.
pub(super) fn number(id: &str) -> Option<u64> {
    id.rsplit('-').next()?.parse().ok()
}

/// What the cloud makes of planned attributes.
fn attributes(planned: &Value, kind: &str, id: &Arc<str>) -> Object {
    let mut attributes: Object = planned
        .reveal()
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.has_pending())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    attributes.insert("id".into(), Value::from(id.clone()));
    if kind == MACHINE {
        attributes.entry("zone".into()).or_insert_with(|| "z1".into());
    }
    if kind == LISTENER || kind == BALANCER {
        attributes.insert("url".into(), format!("http://{id}").into());
    }
    attributes
}

fn short(kind: &str) -> &str {
    kind.strip_prefix("sim_").unwrap_or(kind)
}
