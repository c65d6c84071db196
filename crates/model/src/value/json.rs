//! Values as plain JSON (or any other serde format).
//!
//! Marks are transparent: who stores a value keeps the paths of its marks
//! beside it. A pending value cannot be written.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Number, Object, Value};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Pending(residual) => {
                Err(ser::Error::custom(format!("`{residual}` is known only after apply")))
            }
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Number(number) => number.serialize(serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::List(elements) => serializer.collect_seq(elements.iter()),
            Value::Object(attributes) => serializer.collect_map(attributes.iter()),
            Value::Sensitive(secret) => secret.value.serialize(serializer),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_i64() {
            Some(integer) => serializer.serialize_i64(integer),
            None => serializer.serialize_f64(self.as_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) => Ok(number),
            other => Err(de::Error::custom(format!("{} is no number", other.kind()))),
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::from(integer))
    }

    fn visit_u64<E: de::Error>(self, integer: u64) -> Result<Value, E> {
        match i64::try_from(integer) {
            Ok(integer) => Ok(Value::from(integer)),
            Err(_) => self.visit_f64(integer as f64),
        }
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Value, E> {
        Number::try_from(float).map(Value::Number).map_err(de::Error::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::from(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some((key, value)) = entries.next_entry::<Arc<str>, Value>()? {
            object.insert(key, value);
        }
        Ok(Value::from(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Expr;

    #[test]
    fn json_goes_through_unchanged() {
        let text = r#"{"a":[1,-2.5,9223372036854775807,1e+300,null,true,"x"],"b":{}}"#;
        let value: Value = serde_json::from_str(text).expect("valid");
        assert_eq!(serde_json::to_string(&value).expect("known"), text);
    }

    #[test]
    fn a_mark_is_transparent() {
        let secret =
            Value::list([Value::sensitive(Value::from("s"), Expr::reference("var", ["s"]))]);
        assert_eq!(serde_json::to_string(&secret).expect("known"), r#"["s"]"#);
    }

    #[test]
    fn a_pending_value_is_refused_by_name() {
        let pending = Value::list([Value::pending(Expr::reference("aws_vpc", ["main", "id"]))]);
        let error = serde_json::to_string(&pending).expect_err("pending");
        assert!(
            error.to_string().contains("`aws_vpc.main.id` is known only after apply"),
            "{error}"
        );
    }
}
