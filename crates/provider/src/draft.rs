//! Values to typed arguments and back, and proposals in the making.

use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::reference::pending_part;
use greenroom_model::value::{Object, Path, Step, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, FailureKind};
use crate::request::{Proposal, ProposeRequest, WrongArgument};

/// Reads an object's arguments. What is still pending counts as left out.
///
/// # Errors
///
/// [`FailureKind::Argument`] with what does not fit `T`.
pub fn typed<T: DeserializeOwned>(planned: &Value) -> Result<T, Failure> {
    let known = known_part(planned).filter(|it| it.as_object().is_some());
    let known = known.unwrap_or_else(|| Value::from(Object::new()));
    parse(&known).map_err(|message| Failure::new(FailureKind::Argument, message))
}

/// A record as a value.
///
/// # Panics
///
/// If the record's serialisation is not JSON, such as a map with keys that are no texts.
#[must_use]
pub fn value<T: Serialize>(record: &T) -> Value {
    serde_json::to_value(record)
        .and_then(serde_json::from_value)
        .expect("arguments and attributes are JSON")
}

/// What is known of a value: fields that are pending are left out, and lists that wait for one of
/// their elements.
fn known_part(value: &Value) -> Option<Value> {
    match value {
        Value::Pending(_) => None,
        Value::List(elements) if value.has_pending() => {
            elements.iter().map(known_part).collect::<Option<Vec<Value>>>().map(Value::from)
        }
        Value::Object(fields) if value.has_pending() => {
            let known = |(name, it): (&Arc<str>, &Value)| Some((Arc::clone(name), known_part(it)?));
            Some(Value::object(fields.iter().filter_map(known)))
        }
        Value::Sensitive(secret) if value.has_pending() => known_part(&secret.value),
        known => Some(known.clone()),
    }
}

fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::to_value(value).and_then(serde_json::from_value).map_err(|error| error.to_string())
}

/// A proposal in the making: the planned attributes and the mistakes found so far.
pub struct Draft {
    address: Address,
    /// What is proposed for.
    prior: Option<Value>,
    config: Value,
    planned: Object,
    replace: Vec<Path>,
    wrong: Vec<WrongArgument>,
}

impl Draft {
    /// Starts from what the schema alone makes of the arguments.
    #[must_use]
    pub fn new(request: ProposeRequest) -> Draft {
        let planned = request.planned.as_object().cloned().unwrap_or_default();
        let ProposeRequest { address, prior, config, .. } = request;
        Draft { address, prior, config, planned, replace: Vec::new(), wrong: Vec::new() }
    }

    /// The attributes now; `None` for a new object and for a replacement.
    #[must_use]
    pub fn prior(&self) -> Option<&Value> {
        self.prior.as_ref()
    }

    /// Whether the configuration leaves the argument out, or says null.
    #[must_use]
    pub fn left_out(&self, name: &str) -> bool {
        self.config.get(name).is_none_or(Value::is_null)
    }

    /// The attribute as planned, with pending parts.
    #[must_use]
    pub fn planned(&self, name: &str) -> Option<&Value> {
        self.planned.get(name)
    }

    /// The attribute, if it is known down to its last part.
    #[must_use]
    pub fn known(&self, name: &str) -> Option<&Value> {
        self.planned.get(name).filter(|value| !value.has_pending())
    }

    /// The attribute, if it is known and not null.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&Value> {
        self.known(name).filter(|value| !value.is_null())
    }

    /// Reads a known argument; what is wrong with its form is noted.
    pub fn typed<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        match parse(self.given(name)?) {
            Ok(typed) => Some(typed),
            Err(message) => {
                self.wrong(name, message, None);
                None
            }
        }
    }

    /// Reads a known argument, checks it and puts it back with all that was left out filled in.
    pub fn normalise<T: DeserializeOwned + Serialize>(
        &mut self,
        name: &str,
        complete: impl FnOnce(T) -> T,
    ) -> Option<T> {
        let sensitive = self.known(name).is_some_and(Value::has_sensitive);
        let typed = complete(self.typed(name)?);
        // A secret keeps its form, and with it the mark that hides it.
        if !sensitive {
            self.set(name, value(&typed));
        }
        Some(typed)
    }

    /// Gives an attribute its value.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.planned.insert(name.into(), value.into());
    }

    /// Gives an attribute its value unless the configuration or the object has one.
    pub fn set_if_unknown(&mut self, name: &str, value: impl Into<Value>) {
        if self.known(name).is_none_or(Value::is_null) {
            self.set(name, value);
        }
    }

    /// Leaves an attribute, or a part of it such as `disk[0].size`, to the provider: it is known
    /// when the change is done.
    pub fn leave_open(&mut self, part: &str) {
        let part = path(part);
        let pending = pending_part(&self.address, &part);
        if let Some((Step::Key(name), rest)) = part.0.split_first() {
            put(self.planned.entry(Arc::clone(name)).or_default(), rest, pending);
        }
    }

    /// Says that a change of the argument at `name` takes a new object.
    pub fn replaces(&mut self, name: &str) {
        self.replace.push(path(name));
    }

    /// Notes that the argument `name` cannot be right.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>, help: Option<&str>) {
        let help = help.map(str::to_owned);
        self.wrong.push(WrongArgument { path: path(name), message: message.into(), help });
    }

    /// Notes it unless `holds`.
    pub fn expect(&mut self, holds: bool, name: &str, message: impl Into<String>) {
        if !holds {
            self.wrong(name, message, None);
        }
    }

    /// The proposal.
    #[must_use]
    pub fn finish(self) -> Proposal {
        Proposal { planned: Value::from(self.planned), replace: self.replace, wrong: self.wrong }
    }
}

fn put(value: &mut Value, at: &[Step], part: Value) {
    match (at.split_first(), value) {
        (None, value) => *value = part,
        (Some((Step::Key(name), rest)), Value::Object(fields)) => {
            put(Arc::make_mut(fields).entry(Arc::clone(name)).or_default(), rest, part);
        }
        (Some((Step::Index(index), rest)), Value::List(elements)) => {
            if let Some(element) = Arc::make_mut(elements).get_mut(*index) {
                put(element, rest, part);
            }
        }
        // Of something that is pending as a whole, every part is.
        _ => {}
    }
}

/// An argument's path, such as `default_action.type` or `ingress[0].from_port`.
fn path(name: &str) -> Path {
    name.parse().expect("the names of arguments are written by us")
}

#[cfg(test)]
mod tests {
    use greenroom_model::identity::Uid;

    use super::*;

    #[test]
    fn what_is_left_open_is_left_out_of_what_is_sent() {
        let disk = Value::object([("size", Value::from(8)), ("id", Value::Null)]);
        let planned = Value::object([("disk", Value::list([disk])), ("name", "a".into())]);
        let mut draft = Draft::new(ProposeRequest {
            kind: "thing".into(),
            address: "pr/thing.it".parse().expect("an address"),
            uid: Uid("u1".into()),
            prior: None,
            config: Value::Null,
            planned,
        });
        draft.leave_open("disk[0].id");
        draft.leave_open("name");
        let planned = draft.finish().planned;
        assert!(planned.get("name").is_some_and(Value::is_pending));
        let sent: serde_json::Value = typed(&planned).expect("it is JSON");
        assert_eq!(sent.to_string(), r#"{"disk":[{"size":8}]}"#);
    }
}
