//! An operation's arguments at the moment it starts.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Scope;
use greenroom_model::gate::Gate;
use greenroom_model::identity::Uid;
use greenroom_model::journal::{self, Handle, Intent, Lifecycle, Subject};
use greenroom_model::plan::{
    Action, Asked, Change, Operation, Removal, RemovalReason, ReplaceReason,
};
use greenroom_model::schema::Presence;
use greenroom_model::span::Span;
use greenroom_model::state::Remote;
use greenroom_model::value::{Object, Path, Step, Value};
use greenroom_spec::expr::Problem;

use super::{Effect, Run, Work, target};
use crate::convert::convert;
use crate::diff;

/// How long an effect may take if neither the configuration nor the provider says so.
const LONGEST_EFFECT: Duration = Duration::from_secs(30 * 60);

impl Run {
    pub(super) fn create(
        &self,
        operation: &Operation,
        change: &Change,
        now: i64,
    ) -> Result<Work, Problem> {
        if let Some(made) = self.object(&change.address, &change.uid) {
            return Ok(Work::Complete(Box::new(target(&change.address, made))));
        }
        let change = &*self.unspent(change);
        let planned = self.planned(change)?;
        if let Some(work) = self.unless_equal(operation, change, &planned, now) {
            return Ok(work);
        }
        Ok(self.effect(operation, change, journal::Effect::Create, planned, now))
    }

    /// The change with an incarnation of its own, where an earlier run sent this one and nobody
    /// knows whether it will turn up: a second object must not share its token.
    fn unspent<'c>(&self, change: &'c Change) -> Cow<'c, Change> {
        let is_this = |it: &Subject| it.uid == change.uid;
        let watched = self.state.watch.iter().any(|it| it.intent.subjects.iter().any(is_this));
        if !watched {
            return Cow::Borrowed(change);
        }
        let spent = self.state.instance(&change.address).map(|it| it.incarnation);
        let incarnation = spent.unwrap_or(change.incarnation).next();
        let uid = Uid::derive(&self.state.lineage, &change.address, incarnation);
        let handle = Handle { token: uid.0.clone(), ..change.handle.clone() };
        Cow::Owned(Change { uid, incarnation, handle, ..change.clone() })
    }

    pub(super) fn update(
        &self,
        operation: &Operation,
        change: &Change,
        now: i64,
    ) -> Result<Work, Problem> {
        let planned = self.planned(change)?;
        Ok(self.update_to(operation, change, planned, now))
    }

    fn update_to(&self, operation: &Operation, change: &Change, planned: Value, now: i64) -> Work {
        let current = self.state.instance(&change.address).and_then(|it| it.current.as_ref());
        let Some(remote) = current else {
            return Work::Impossible {
                message: format!("{} is not in the state any more", change.address),
                help: Some("plan again".into()),
            };
        };
        let change = Change { uid: remote.uid.clone(), ..change.clone() };
        if self.difference(&change, &remote.attributes, &planned).is_empty() {
            return Work::Nothing;
        }
        if let Some(refused) = self.changed_by_others(&change, &remote.attributes, &planned) {
            return refused;
        }
        self.effect(operation, &change, journal::Effect::Update, planned, now)
    }

    pub(super) fn delete(
        &self,
        operation: &Operation,
        removal: &Removal,
        now: i64,
    ) -> Result<Work, Problem> {
        let Some(remote) = self.to_remove(removal) else { return Ok(Work::Nothing) };
        if let RemovalReason::Replaced { reason: ReplaceReason::Pending(paths), config } =
            &removal.reason
        {
            let config = self.outcomes(&removal.address.scope, None).settle(config)?;
            let create_first = removal.deposed;
            let kept = !create_first && same_at(paths, &config, &removal.prior);
            let still_current = create_first
                && self
                    .state
                    .instance(&removal.address)
                    .and_then(|it| it.current.as_ref())
                    .is_some_and(|it| it.uid == removal.uid);
            if kept || still_current {
                return Ok(Work::Nothing);
            }
        }
        let intent = Intent {
            operation: Some(operation.id.clone()),
            effect: journal::Effect::Delete,
            subjects: vec![Subject {
                address: removal.address.clone(),
                uid: remote.uid.clone(),
                incarnation: Default::default(),
            }],
            provider: removal.provider.clone(),
            handle: Handle { token: remote.uid.0.clone(), natural_key: None },
            arguments: Value::Null,
            lifecycle: Lifecycle::default(),
            deadline: deadline(now, removal.timeout),
        };
        let target = Box::new(target(&removal.address, remote));
        Ok(Work::Effect { intent: Box::new(intent), effect: Effect::Delete { target } })
    }

    /// The object that a removal is about. One that an earlier phase of the plan makes may have come
    /// to be under another uid than planned: see [`unspent`](Run::unspent).
    pub(super) fn to_remove(&self, removal: &Removal) -> Option<&Remote> {
        let made_here = |operation: &Operation| match &operation.action {
            Action::Create(change) => {
                change.address == removal.address && change.uid == removal.uid
            }
            _ => false,
        };
        self.object(&removal.address, &removal.uid).or_else(|| {
            let instance = self.state.instance(&removal.address)?;
            let other = self.plan.operations().any(made_here);
            instance.current.as_ref().filter(|_| other)
        })
    }

    pub(super) fn gate(
        &self,
        scope: &Scope,
        name: &Arc<str>,
        gate: &Gate<Value>,
        asked: Asked,
    ) -> Result<Work, Problem> {
        let outcomes = self.outcomes(scope, None);
        let mut problem = None;
        let gate = gate.map(|value| {
            let settled = outcomes.settle(value).and_then(|value| text_of(&value));
            settled.unwrap_or_else(|found| {
                problem.get_or_insert(found);
                String::new()
            })
        });
        match problem {
            Some(problem) => Err(problem),
            None => Ok(Work::Gate {
                scope: scope.clone(),
                asked,
                name: name.clone(),
                gate: Box::new(gate),
            }),
        }
    }

    /// All attributes as planned, with residuals evaluated and converted again to their types.
    pub(super) fn planned(&self, change: &Change) -> Result<Value, Problem> {
        let outcomes = self.outcomes(&change.address.scope, Some(&change.address));
        let settled = outcomes.settle(&change.planned)?;
        let Some(known) = self.schemas.of_block(&change.address.block) else { return Ok(settled) };
        let Value::Object(entries) = &settled else { return Ok(settled) };
        let mut converted = Object::new();
        for (name, value) in entries.iter() {
            let pending_before = change.planned.get(name).is_some_and(Value::has_pending);
            let attribute = known.schema.attributes.get(name);
            let value = match attribute {
                Some(attribute) if pending_before => {
                    let mut mismatches = Vec::new();
                    let value = convert(value, &attribute.ty, &mut mismatches);
                    if let Some(first) = mismatches.first() {
                        let message = format!(
                            "`{name}{}` of {}: {}",
                            first.path, change.address, first.message
                        );
                        return Err(Problem::new(message, Span::default()));
                    }
                    value
                }
                _ => value.clone(),
            };
            converted.insert(name.clone(), value);
        }
        Ok(Value::from(converted))
    }

    /// For a replacement that was only pending: what to do if the old object can stay.
    fn unless_equal(
        &self,
        operation: &Operation,
        change: &Change,
        planned: &Value,
        now: i64,
    ) -> Option<Work> {
        let replacement = change.replaces.as_ref()?;
        let ReplaceReason::Pending(paths) = &replacement.reason else { return None };
        let prior = change.prior.as_ref()?;
        let still_there = self.object(&change.address, &replacement.old).is_some();
        if !still_there || !same_at(paths, planned, prior) {
            return None;
        }
        let planned = self.in_place(change, planned, prior);
        Some(self.update_to(operation, change, planned, now))
    }

    /// What a planned replacement means for the object that stays after all: the arguments as
    /// configured, everything else as it is.
    fn in_place(&self, change: &Change, planned: &Value, prior: &Value) -> Value {
        let Some(known) = self.schemas.of_block(&change.address.block) else {
            return prior.clone();
        };
        let attributes = known.schema.attributes.iter().map(|(name, attribute)| {
            let configured = change.config.get(name).is_some_and(|it| !it.is_null());
            let from = match attribute.presence {
                Presence::Required => planned,
                Presence::Optional if attribute.unique_name.is_none() => planned,
                _ if configured => planned,
                _ => prior,
            };
            (name.clone(), from.get(name).cloned().unwrap_or_default())
        });
        Value::from(attributes.collect::<Object>())
    }

    /// Whether the object differs for certain from what the change wants.
    pub(super) fn is_unlike(&self, change: &Change) -> bool {
        let Ok(planned) = self.planned(change) else { return false };
        let current = self.state.instance(&change.address).and_then(|it| it.current.as_ref());
        let known = self.schemas.of_block(&change.address.block);
        current.zip(known).is_some_and(|(remote, known)| {
            !diff::unlike(known.schema, &planned, &remote.attributes).is_empty()
        })
    }

    fn difference(&self, change: &Change, prior: &Value, planned: &Value) -> Vec<Path> {
        match self.schemas.of_block(&change.address.block) {
            Some(known) => diff::difference(known.schema, prior, planned).changed,
            None => Vec::new(),
        }
    }

    fn effect(
        &self,
        operation: &Operation,
        change: &Change,
        effect: journal::Effect,
        planned: Value,
        now: i64,
    ) -> Work {
        let deadline = deadline(now, self.send_limit(change, effect));
        let intent = intent(change, effect, &planned, deadline);
        let intent = Intent { operation: Some(operation.id.clone()), ..intent };
        let effect = match (effect, self.object(&change.address, &change.uid)) {
            (journal::Effect::Update, Some(remote)) => Effect::Update {
                changed: self.difference(change, &remote.attributes, &planned),
                target: Box::new(target(&change.address, remote)),
                planned,
            },
            _ => Effect::Create { planned },
        };
        Work::Effect { intent: Box::new(intent), effect }
    }
}

impl Run {
    /// How long after its intent a change may still be sent, where anything says so.
    fn send_limit(&self, change: &Change, effect: journal::Effect) -> Option<Duration> {
        let known = self.schemas.of_block(&change.address.block);
        let creates = known.filter(|_| effect == journal::Effect::Create);
        creates.and_then(|known| known.schema.send_limit).or(change.timeout)
    }
}

/// What is journalled before `effect` makes a change's object what is `planned`.
pub(crate) fn intent(
    change: &Change,
    effect: journal::Effect,
    planned: &Value,
    deadline: i64,
) -> Intent {
    Intent {
        operation: None,
        effect,
        subjects: vec![Subject {
            address: change.address.clone(),
            uid: change.uid.clone(),
            incarnation: change.incarnation,
        }],
        provider: change.provider.clone(),
        handle: change.handle.clone(),
        arguments: without_secrets(planned, &change.uid.0),
        lifecycle: change.lifecycle.clone(),
        deadline,
    }
}

/// When a call that starts now is given up for certain.
pub(crate) fn deadline(now: i64, timeout: Option<Duration>) -> i64 {
    let seconds = timeout.unwrap_or(LONGEST_EFFECT).as_secs();
    now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn text_of(value: &Value) -> Result<String, Problem> {
    let mut mismatches = Vec::new();
    let text = convert(value, &greenroom_model::schema::Type::String, &mut mismatches);
    match text.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => {
            Err(Problem::new(format!("expected a string, found {}", value.kind()), Span::default()))
        }
    }
}

/// Whether two objects agree at these paths.
fn same_at(paths: &[Path], a: &Value, b: &Value) -> bool {
    let at = |value: &Value, path: &Path| path.find(value).map(Value::reveal).unwrap_or_default();
    paths.iter().all(|path| at(a, path) == at(b, path))
}

/// Arguments as an intent keeps them: secrets as digests, keyed by the object so that equal
/// secrets of two objects do not look equal; what only the provider gives is left out.
fn without_secrets(value: &Value, key: &str) -> Value {
    match value {
        Value::Pending(_) => Value::Null,
        Value::Sensitive(secret) => {
            let key = blake3::derive_key("greenroom 2026 journalled secrets", key.as_bytes());
            let text = format!("{:?}", secret.value.reveal());
            let hash = blake3::keyed_hash(&key, text.as_bytes()).to_hex();
            // The mark stays: what settling finds of the object is marked at the same places.
            Value::sensitive(Value::from(format!("blake3:{hash}")), secret.source.clone())
        }
        Value::List(elements) if value.has_sensitive() || value.has_pending() => {
            Value::list(elements.iter().map(|it| without_secrets(it, key)))
        }
        Value::Object(entries) if value.has_sensitive() || value.has_pending() => Value::from(
            entries
                .iter()
                .filter(|(_, it)| !matches!(it, Value::Pending(_)))
                .map(|(name, it)| (name.clone(), without_secrets(it, key)))
                .collect::<Object>(),
        ),
        known => known.clone(),
    }
}

/// Where the attributes that came back differ from what was known when the plan was made.
pub(super) fn contradictions(planned: &Value, attributes: &Value) -> Vec<Path> {
    let (Some(planned), Some(attributes)) = (planned.as_object(), attributes.as_object()) else {
        return Vec::new();
    };
    planned
        .iter()
        .filter(|(_, value)| !value.has_pending() && !value.is_null())
        .filter(|(name, value)| {
            attributes.get(*name).map(Value::reveal).unwrap_or_default() != value.reveal()
        })
        .map(|(name, _)| Path(vec![Step::Key(name.clone())]))
        .collect()
}
