//! Values: what expressions yield, what resources are made of.
//!
//! A value is cheap to clone (every variant is a word or an `Arc`). Two things
//! set it apart from JSON: it, or a part of it, may be *pending* (unknown until
//! apply), and it, or a part of it, may be marked *sensitive*.

mod difference;
mod json;
mod number;
mod path;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::expr::Expr;

pub use difference::{Difference, differences};
pub use number::{NotFinite, Number};
pub use path::{Path, PathError, Step, mark_sensitive, sensitive_paths};

/// The attributes of an object, in the order of their names.
pub type Object = BTreeMap<Arc<str>, Value>;

/// A value, known or not.
///
/// Equality is structural: pending values are equal if their residuals are,
/// and a marked value never equals an unmarked one. What two secrets were
/// called ([`Secret::source`]) does not count.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Value {
    /// Unknown until apply; the residual says what it will be.
    Pending(Arc<Expr>),
    /// Absent.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(Arc<str>),
    /// A list, tuple or set.
    List(Arc<Vec<Value>>),
    /// An object or map.
    Object(Arc<Object>),
    /// A value that must not be shown.
    Sensitive(Arc<Secret>),
}

/// What a sensitive mark covers.
#[derive(Clone)]
pub struct Secret {
    /// The value itself. Never shown.
    pub value: Value,
    /// The reference that a residual carries instead of the value.
    pub source: Arc<Expr>,
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        self.value == other.value
    }
}

impl Eq for Secret {}

impl Value {
    /// Makes an object.
    pub fn object<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Object(Arc::new(
            entries.into_iter().map(|(key, value)| (key.into(), value)).collect(),
        ))
    }

    /// Makes a list.
    pub fn list<V: Into<Value>>(elements: impl IntoIterator<Item = V>) -> Value {
        Value::List(Arc::new(elements.into_iter().map(Into::into).collect()))
    }

    /// Makes a pending value.
    pub fn pending(residual: impl Into<Arc<Expr>>) -> Value {
        Value::Pending(residual.into())
    }

    /// Marks a value as sensitive; `source` is the reference that stands for it
    /// in residuals. A value that is marked already keeps its own source, and
    /// marks inside give way to the one around them.
    pub fn sensitive(value: Value, source: impl Into<Arc<Expr>>) -> Value {
        match value {
            Value::Sensitive(_) => value,
            plain => {
                Value::Sensitive(Arc::new(Secret { value: plain.reveal(), source: source.into() }))
            }
        }
    }

    /// Whether this text, such as an id, stands anywhere in it, marked or not.
    #[must_use]
    pub fn mentions(&self, text: &str) -> bool {
        let in_list = || self.as_list().is_some_and(|it| it.iter().any(|it| it.mentions(text)));
        let in_object =
            || self.as_object().is_some_and(|it| it.values().any(|it| it.mentions(text)));
        self.as_str() == Some(text) || in_list() || in_object()
    }

    /// The text, also of a marked string.
    pub fn as_str(&self) -> Option<&str> {
        match self.unmarked() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is an integer within `i64`; also of a marked one.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The number, also of a marked one.
    pub fn as_number(&self) -> Option<Number> {
        match self.unmarked() {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth value, also of a marked one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.unmarked() {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The elements, also of a marked list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self.unmarked() {
            Value::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The attributes, also of a marked object.
    pub fn as_object(&self) -> Option<&Object> {
        match self.unmarked() {
            Value::Object(attributes) => Some(attributes),
            _ => None,
        }
    }

    /// The attribute `name`, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }

    /// Whether this is null, marked or not.
    pub fn is_null(&self) -> bool {
        matches!(self.unmarked(), Value::Null)
    }

    /// Whether the value itself is pending; a list with a pending element is not.
    pub fn is_pending(&self) -> bool {
        matches!(self.unmarked(), Value::Pending(_))
    }

    /// Whether the value or anything inside it is pending.
    pub fn has_pending(&self) -> bool {
        self.any(&|value| matches!(value, Value::Pending(_)))
    }

    /// Whether the value itself is marked.
    pub fn is_sensitive(&self) -> bool {
        matches!(self, Value::Sensitive(_))
    }

    /// Whether the value or anything inside it is marked.
    pub fn has_sensitive(&self) -> bool {
        self.any(&|value| matches!(value, Value::Sensitive(_)))
    }

    /// The value without a mark on its surface; marks inside stay.
    pub fn unmarked(&self) -> &Value {
        let mut value = self;
        while let Value::Sensitive(secret) = value {
            value = &secret.value;
        }
        value
    }

    /// The value without any mark. Cheap where there is none.
    #[must_use]
    pub fn reveal(&self) -> Value {
        match self {
            Value::Sensitive(secret) => secret.value.reveal(),
            Value::List(elements) if self.has_sensitive() => {
                Value::list(elements.iter().map(Value::reveal))
            }
            Value::Object(attributes) if self.has_sensitive() => {
                Value::object(attributes.iter().map(|(name, value)| (name.clone(), value.reveal())))
            }
            plain => plain.clone(),
        }
    }

    /// What kind of value this is, for messages: `a string`, `a list` …
    pub fn kind(&self) -> &'static str {
        match self.unmarked() {
            Value::Pending(_) => "a value known after apply",
            Value::Null => "null",
            Value::Bool(_) => "a bool",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
            Value::Sensitive(_) => "a sensitive value",
        }
    }

    fn any(&self, holds: &impl Fn(&Value) -> bool) -> bool {
        holds(self)
            || match self {
                Value::List(elements) => elements.iter().any(|element| element.any(holds)),
                Value::Object(attributes) => attributes.values().any(|value| value.any(holds)),
                Value::Sensitive(secret) => secret.value.any(holds),
                _ => false,
            }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Value {
        Value::Number(Number::from(integer))
    }
}

impl From<i32> for Value {
    fn from(integer: i32) -> Value {
        Value::from(i64::from(integer))
    }
}

impl From<u32> for Value {
    fn from(integer: u32) -> Value {
        Value::from(i64::from(integer))
    }
}

impl From<u16> for Value {
    fn from(integer: u16) -> Value {
        Value::from(i64::from(integer))
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        Value::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Value {
        Value::String(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(elements: Vec<Value>) -> Value {
        Value::List(Arc::new(elements))
    }
}

impl From<Object> for Value {
    fn from(attributes: Object) -> Value {
        Value::Object(Arc::new(attributes))
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Pending(residual) => write!(f, "pending({residual})"),
            Value::Null => f.write_str("null"),
            Value::Bool(truth) => fmt::Debug::fmt(truth, f),
            Value::Number(number) => fmt::Display::fmt(number, f),
            Value::String(text) => fmt::Debug::fmt(text, f),
            Value::List(elements) => f.debug_list().entries(elements.iter()).finish(),
            Value::Object(attributes) => f.debug_map().entries(attributes.iter()).finish(),
            Value::Sensitive(secret) => fmt::Debug::fmt(secret, f),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sensitive({})", self.source)
    }
}
