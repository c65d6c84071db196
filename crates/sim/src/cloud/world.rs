//! What exists, and the rules of its existence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Address;
use greenroom_model::identity::{Lineage, Uid};
use greenroom_model::value::{Object, Value};
use greenroom_provider::{CreateRequest, Failure, FailureKind, ImportRequest};
use tokio::time::Instant;

use super::types::{GROUP, LISTENER, MACHINE, NETWORK};

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
    Starting,
    /// It was accepted and will never be ready.
    Failing,
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

/// A request that takes effect when nobody waits for it any more.
pub(super) enum Late {
    Create(CreateRequest),
    Import(ImportRequest),
}

#[derive(Default)]
pub(super) struct World {
    /// By the number in the id.
    pub(super) objects: BTreeMap<u64, SimObject>,
    /// Client tokens that made something, for ever.
    spent: BTreeSet<Uid>,
    late: Vec<(Instant, Late)>,
    next: u64,
}

impl World {
    /// Lets everything happen whose time has come.
    pub(super) fn advance(&mut self) {
        let now = Instant::now();
        self.objects
            .retain(|_, it| !matches!(it.condition, Condition::Going { until } if until <= now));
        let (due, late) = std::mem::take(&mut self.late).into_iter().partition(|it| it.0 <= now);
        self.late = late;
        for (_, request) in Vec::<(Instant, Late)>::from_iter(due) {
            // Nobody waits for what becomes of it.
            let _ = match request {
                Late::Create(request) => self.create(&request, false),
                Late::Import(request) => self.import(&request),
            };
        }
    }

    pub(super) fn later(&mut self, request: Late, delay: Duration) {
        self.late.push((Instant::now() + delay, request));
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
        self.objects.insert(self.next, object);
        id
    }

    /// Marks an object as its new owner's.
    pub(super) fn import(&mut self, request: &ImportRequest) -> Result<SimObject, Failure> {
        let ImportRequest { kind, address, uid, owner, id } = request;
        let missing = || Failure::new(FailureKind::NotFound, format!("there is no {kind} `{id}`"));
        let found = self.by_id(id).filter(|it| it.kind == *kind).ok_or_else(missing)?;
        if found.lineage.as_ref().is_some_and(|it| *it != owner.lineage) {
            let message = format!("`{id}` is another's");
            return Err(Failure::new(FailureKind::Stranger, message));
        }
        found.address = address.clone();
        found.uid = uid.clone();
        found.lineage = Some(owner.lineage.clone());
        Ok(found.clone())
    }

    pub(super) fn by_id(&mut self, id: &str) -> Option<&mut SimObject> {
        self.objects.values_mut().find(|it| &*it.id == id)
    }

    pub(super) fn by_uid(&self, uid: &Uid) -> Option<&SimObject> {
        self.objects.values().find(|it| it.uid == *uid)
    }

    /// Makes an object; the same token again gives the same object, as long as that lives.
    pub(super) fn create(
        &mut self,
        request: &CreateRequest,
        failing: bool,
    ) -> Result<SimObject, Failure> {
        if let Some(made) = self.by_uid(&request.uid) {
            return Ok(made.clone());
        }
        if self.spent.contains(&request.uid) {
            let message = format!("the token of {} was spent on what is gone", request.address);
            return Err(Failure::new(FailureKind::Argument, message));
        }
        self.check_references(request)?;
        self.check_name(request)?;
        self.next += 1;
        let id: Arc<str> = format!("{}-{}", short(&request.kind), self.next).into();
        let object = SimObject {
            kind: request.kind.clone(),
            address: request.address.clone(),
            uid: request.uid.clone(),
            lineage: Some(request.owner.lineage.clone()),
            attributes: attributes(&request.planned, &request.kind, &id),
            id,
            condition: match (&*request.kind == MACHINE, failing) {
                (true, true) => Condition::Failing,
                (true, false) => Condition::Starting,
                (false, _) => Condition::Ready,
            },
        };
        self.spent.insert(request.uid.clone());
        self.objects.insert(self.next, object.clone());
        Ok(object)
    }

    /// Makes a starting object ready, or broken.
    pub(super) fn settle(&mut self, id: &str) -> Option<SimObject> {
        let object = self.by_id(id)?;
        match object.condition {
            Condition::Starting => {
                object.condition = Condition::Ready;
                let number = id.rsplit('-').next().unwrap_or_default();
                object.attributes.insert("address".into(), format!("10.0.0.{number}").into());
            }
            Condition::Failing => object.condition = Condition::Broken,
            Condition::Ready | Condition::Broken | Condition::Going { .. } => {}
        }
        Some(object.clone())
    }

    /// What keeps an object from being deleted.
    pub(super) fn holder_of(&self, object: &SimObject) -> Option<&SimObject> {
        let (kind, attribute) = match &*object.kind {
            NETWORK => (MACHINE, "network_id"),
            GROUP => (LISTENER, "group"),
            _ => return None,
        };
        let id = Value::from(object.id.clone());
        self.objects
            .values()
            .find(|it| &*it.kind == kind && it.attributes.get(attribute) == Some(&id))
    }

    /// What is referred to must be there: a reference to nothing is the caller's mistake.
    fn check_references(&self, request: &CreateRequest) -> Result<(), Failure> {
        for (attribute, kind) in [("network_id", NETWORK), ("group", GROUP)] {
            let Some(id) = request.planned.get(attribute).and_then(Value::as_str) else { continue };
            let there = self.objects.values().any(|it| &*it.id == id && &*it.kind == kind);
            if !there {
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
        let taken = self
            .objects
            .values()
            .any(|it| it.kind == request.kind && it.attributes.get("name") == name.as_ref());
        if taken {
            let message = format!("{}: the name is taken", request.address);
            return Err(Failure::new(FailureKind::Stranger, message));
        }
        Ok(())
    }
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
    if kind == LISTENER {
        attributes.insert("url".into(), format!("http://{id}").into());
    }
    attributes
}

fn short(kind: &str) -> &str {
    kind.strip_prefix("sim_").unwrap_or(kind)
}
