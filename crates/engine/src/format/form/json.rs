//! Values as JSON.
//!
//! What is not yet known is `{"$expr": "aws_vpc.main.id"}`. So that no value of a user can be taken
//! for it, an object whose only key starts with `$` is written with one `$` more.

use std::fmt;

use greenroom_model::expr::Expr;
use greenroom_model::value::{Number, Object, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::text::Text;
use crate::format::MAX_DEPTH;

/// The key of what is known only later.
pub(crate) const EXPRESSION: &str = "$expr";

/// The key of what stands in for a secret variable's value.
pub(crate) const DIGEST: &str = "$digest";

/// A value as it stands in a document.
#[derive(Debug)]
pub(crate) enum Json<'a> {
    /// A value that is to be written; never read.
    Given(&'a Value, Mode),
    Null,
    Bool(bool),
    Number(Number),
    Text(Text<'a>),
    List(Vec<Json<'a>>),
    Object(Vec<(Text<'a>, Json<'a>)>),
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Secrets as they are; the paths of their marks stand beside the value.
    Kept,
    /// The reference of a secret in its place.
    Referred,
    /// As it was read from a newer version: `$` means nothing.
    Foreign,
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Given(value, mode) => write(value, *mode, serializer),
            Json::Null => serializer.serialize_unit(),
            Json::Bool(truth) => serializer.serialize_bool(*truth),
            Json::Number(number) => number.serialize(serializer),
            Json::Text(text) => text.serialize(serializer),
            Json::List(elements) => serializer.collect_seq(elements),
            Json::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(key, it)| (key, it)))
            }
        }
    }
}

fn write<S: Serializer>(value: &Value, mode: Mode, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Value::Pending(residual) => expression(residual, serializer),
        Value::Sensitive(secret) if mode == Mode::Referred => {
            expression(&secret.source, serializer)
        }
        Value::Sensitive(secret) => write(&secret.value, mode, serializer),
        Value::List(elements) => {
            serializer.collect_seq(elements.iter().map(|element| Json::Given(element, mode)))
        }
        Value::Object(fields) => object(fields, mode, serializer),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            value.serialize(serializer)
        }
    }
}

fn expression<S: Serializer>(expr: &Expr, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(EXPRESSION, &format_args!("{expr}"))?;
    map.end()
}

fn object<S: Serializer>(fields: &Object, mode: Mode, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    let escaped = mode != Mode::Foreign && fields.len() == 1;
    for (key, field) in fields {
        let field = Json::Given(field, mode);
        if escaped && key.starts_with('$') {
            map.serialize_entry(&format_args!("${key}"), &field)?;
        } else {
            map.serialize_entry(&**key, &field)?;
        }
    }
    map.end()
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json<'a>, D::Error> {
        Nested(0).deserialize(deserializer)
    }
}

/// Reads what stands this many levels deep in a value.
#[derive(Clone, Copy)]
struct Nested(u32);

impl Nested {
    fn deeper<E: Error>(self) -> Result<Nested, E> {
        if self.0 >= MAX_DEPTH {
            return Err(E::custom(format_args!(
                "a value is nested deeper than {MAX_DEPTH} levels"
            )));
        }
        Ok(Nested(self.0 + 1))
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(Number::from(integer)))
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<Json<'de>, E> {
        match i64::try_from(integer) {
            Ok(integer) => self.visit_i64(integer),
            Err(_) => self.visit_f64(integer as f64),
        }
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<Json<'de>, E> {
        Number::try_from(float).map(Json::Number).map_err(E::custom)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Text::from(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Text::of(&text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json<'de>, A::Error> {
        let nested = self.deeper()?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(nested)? {
            list.push(element);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json<'de>, A::Error> {
        let nested = self.deeper()?;
        let mut object = Vec::new();
        while let Some(key) = fields.next_key()? {
            object.push((key, fields.next_value_seed(nested)?));
        }
        Ok(Json::Object(object))
    }
}
