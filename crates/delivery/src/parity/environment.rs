//! From a plan to an environment as plain data.

use std::sync::Arc;

use greenroom_engine::desired::Desired;
use greenroom_engine::planner::FilesRead;
use greenroom_model::address::{Address, Scope};
use greenroom_model::gate::{Detail, Gate, Pace};
use greenroom_model::plan::{Action, Plan};
use greenroom_model::value::{Object, Value};

use super::compare::Seen;

/// The environment in `scope` that a plan over nothing makes.
pub(super) fn seen(scope: &Scope, desired: &Desired, plan: &Plan, files: &FilesRead) -> Seen {
    let mut seen = Seen::new();
    for operation in plan.operations() {
        seen.extend(subject(&operation.action, scope));
    }
    for (name, output) in plan.outputs.get(scope).into_iter().flatten() {
        seen.insert(format!("output.{name}"), output.value.clone());
    }
    for (path, digest) in files.get(scope).into_iter().flatten() {
        seen.insert(format!("file {path}"), digest.0.clone().into());
    }
    if let Some(own) = desired.scopes.get(scope) {
        seen.insert("template".to_owned(), own.digest.0.clone().into());
        let images = own.images.iter();
        seen.extend(images.map(|(name, image)| (format!("image.{name}"), image.id.clone().into())));
    }
    seen
}

/// What an operation is about, with all that is said of it.
fn subject(action: &Action, scope: &Scope) -> Option<(String, Value)> {
    match action {
        Action::Create(change) if change.address.scope == *scope => {
            Some((name(&change.address), of(&change.planned, &change.provider)))
        }
        Action::Read { address, provider, config } if address.scope == *scope => {
            Some((name(address), of(config, provider)))
        }
        Action::Gate { scope: own, name, gate, asked: _ } if own == scope => {
            Some((format!("gate.{name}"), question(gate)))
        }
        _ => None,
    }
}

/// An address without its scope.
fn name(address: &Address) -> String {
    let text = address.to_string();
    text.split_once('/').map_or(text.clone(), |(_, name)| name.to_owned())
}

fn of(attributes: &Value, provider: &Arc<str>) -> Value {
    let mut object = match attributes {
        Value::Object(attributes) => (**attributes).clone(),
        _ => Object::new(),
    };
    object.insert("provider".into(), provider.clone().into());
    object.into()
}

fn question(Gate { probe, pace, on_inconclusive }: &Gate<Value>) -> Value {
    let mut asked: Vec<(String, Value)> = probe.details().into_iter().map(detail).collect();
    let Pace { initial_delay, interval, timeout, successes, failure_limit, deadline } = pace;
    let durations = [
        ("initial_delay", initial_delay),
        ("interval", interval),
        ("timeout", timeout),
        ("deadline", deadline),
    ];
    asked.extend(durations.map(|(name, it)| (name.into(), Value::from(format!("{it:?}")))));
    asked.push(("successes".into(), i64::from(*successes).into()));
    asked.push(("failure_limit".into(), i64::from(*failure_limit).into()));
    asked.push(("on_inconclusive".into(), format!("{on_inconclusive:?}").to_lowercase().into()));
    Value::object(asked)
}

fn detail((name, detail): (String, Detail<'_, Value>)) -> (String, Value) {
    match detail {
        Detail::Text(text) => (name, text.clone()),
        Detail::Fixed(value) => (name, Value::from(value)),
    }
}
