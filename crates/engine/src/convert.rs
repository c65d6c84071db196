//! Conversion: a value as configured into the value that its type asks for.
//!
//! The rules are Terraform's: numbers and bools become text and back where the text says so, one
//! table stands for a list of one, sets are sorted and lose repetitions. Pending parts pass.

use std::sync::Arc;

use greenroom_model::schema::{Attribute, Attributes, Presence, Type};
use greenroom_model::value::{Number, Object, Path, Secret, Step, Value};

/// A part of a value that does not fit its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// Which part.
    pub path: Path,
    /// What is wrong with it.
    pub message: String,
}

/// Converts `value` to `ty`; everything that does not fit is in `mismatches`, and stays as it is.
pub fn convert(value: &Value, ty: &Type, mismatches: &mut Vec<Mismatch>) -> Value {
    Converter { path: Path(Vec::new()), mismatches }.convert(value, ty)
}

/// Converts an object to exactly `attributes`: what is left out takes its default, or is null.
///
/// Required and unknown attributes of the outermost table are the spec's to report; those of
/// tables inside are found here too, as an expression may have made them.
pub fn convert_arguments(
    arguments: &Object,
    attributes: &Attributes,
    mismatches: &mut Vec<Mismatch>,
) -> Object {
    let mut converter = Converter { path: Path(Vec::new()), mismatches };
    attributes
        .iter()
        .filter(|(_, attribute)| attribute.is_argument())
        .map(|(name, attribute)| {
            let given = arguments.get(name).unwrap_or(&Value::Null);
            (
                name.clone(),
                converter.within(Step::Key(name.clone()), |it| it.attribute(given, attribute)),
            )
        })
        .collect()
}

struct Converter<'a> {
    path: Path,
    mismatches: &'a mut Vec<Mismatch>,
}

impl Converter<'_> {
    fn convert(&mut self, value: &Value, ty: &Type) -> Value {
        match value {
            Value::Null | Value::Pending(_) => value.clone(),
            Value::Sensitive(secret) => Value::Sensitive(Arc::new(Secret {
                value: self.convert(&secret.value, ty),
                source: secret.source.clone(),
            })),
            _ => match ty {
                Type::Any => value.clone(),
                Type::Bool => self.bool(value),
                Type::Number => self.number(value),
                Type::String => self.string(value),
                Type::List(element) => self.list(value, element),
                Type::Set(element) => sorted_set(self.list(value, element)),
                Type::Map(element) => self.map(value, element),
                Type::Object(fields) => self.object(value, fields),
            },
        }
    }

    fn attribute(&mut self, given: &Value, attribute: &Attribute) -> Value {
        let given = match (given, &attribute.default) {
            (Value::Null, Some(default)) => default,
            (given, _) => given,
        };
        let value = self.convert(given, &attribute.ty);
        if let (Some(most), Some(entries)) = (attribute.max_items, value.as_list())
            && entries.len() > most
        {
            self.mismatch(format!("{} entries, but at most {most} are allowed", entries.len()));
        }
        value
    }

    fn bool(&mut self, value: &Value) -> Value {
        match value {
            Value::Bool(_) => value.clone(),
            Value::String(text) if &**text == "true" => Value::Bool(true),
            Value::String(text) if &**text == "false" => Value::Bool(false),
            other => self.expected("a bool", other),
        }
    }

    fn number(&mut self, value: &Value) -> Value {
        match value {
            Value::Number(_) => value.clone(),
            Value::String(text) => match parse_number(text) {
                Some(number) => Value::Number(number),
                None => self.expected("a number", value),
            },
            other => self.expected("a number", other),
        }
    }

    fn string(&mut self, value: &Value) -> Value {
        match value {
            Value::String(_) => value.clone(),
            Value::Number(number) => Value::from(number.to_string()),
            Value::Bool(truth) => Value::from(truth.to_string()),
            other => self.expected("a string", other),
        }
    }

    fn list(&mut self, value: &Value, element: &Type) -> Value {
        match value {
            Value::List(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, it)| self.within(Step::Index(index), |to| to.convert(it, element)))
                .collect::<Vec<Value>>()
                .into(),
            Value::Object(_) if matches!(element, Type::Object(_)) => {
                Value::from(vec![self.convert(value, element)])
            }
            other => self.expected("a list", other),
        }
    }

    fn map(&mut self, value: &Value, element: &Type) -> Value {
        let Value::Object(entries) = value else { return self.expected("a table", value) };
        let converted = entries.iter().map(|(name, it)| {
            (name.clone(), self.within(Step::Key(name.clone()), |to| to.convert(it, element)))
        });
        Value::from(converted.collect::<Object>())
    }

    fn object(&mut self, value: &Value, fields: &Attributes) -> Value {
        let given = match value {
            Value::Object(given) => given,
            Value::List(elements) if elements.len() == 1 => {
                return self.convert(&elements[0], &Type::Object(Arc::new(fields.clone())));
            }
            other => return self.expected("a table", other),
        };
        for name in given.keys().filter(|name| !fields.contains_key(*name)) {
            self.within(Step::Key(name.clone()), |it| {
                it.mismatch(format!("unknown argument `{name}`"))
            });
        }
        let converted = fields.iter().map(|(name, field)| {
            let given = given.get(name).unwrap_or(&Value::Null);
            if field.presence == Presence::Required && given.is_null() {
                self.mismatch(format!("missing the required argument `{name}`"));
            }
            (name.clone(), self.within(Step::Key(name.clone()), |it| it.attribute(given, field)))
        });
        Value::from(converted.collect::<Object>())
    }

    fn within<T>(&mut self, step: Step, convert: impl FnOnce(&mut Self) -> T) -> T {
        self.path.0.push(step);
        let converted = convert(self);
        self.path.0.pop();
        converted
    }

    fn expected(&mut self, what: &str, value: &Value) -> Value {
        self.mismatch(format!("expected {what}, found {}", value.kind()));
        value.clone()
    }

    fn mismatch(&mut self, message: String) {
        self.mismatches.push(Mismatch { path: self.path.clone(), message });
    }
}

fn parse_number(text: &str) -> Option<Number> {
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Number::from(integer));
    }
    let plain =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    plain.then(|| text.parse::<f64>().ok()).flatten().and_then(|float| Number::try_from(float).ok())
}

/// A set in its one order, without repetitions. One with pending elements stays as it is: only
/// their values can tell which are equal.
fn sorted_set(value: Value) -> Value {
    match value {
        Value::List(elements) if !elements.iter().any(Value::has_pending) => {
            let mut elements = Arc::unwrap_or_clone(elements);
            elements.sort_by(set_order);
            elements.dedup_by(|a, b| set_order(a, b).is_eq());
            Value::from(elements)
        }
        other => other,
    }
}

/// A total order of known values, marks aside, so that a set has one form.
pub fn set_order(a: &Value, b: &Value) -> std::cmp::Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::List(_) => 4,
        Value::Object(_) => 5,
        Value::Pending(_) | Value::Sensitive(_) => 6,
    };
    match (a.unmarked(), b.unmarked()) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => by_parts(a.iter(), b.iter(), set_order),
        (Value::Object(a), Value::Object(b)) => {
            by_parts(a.iter(), b.iter(), |a, b| a.0.cmp(b.0).then_with(|| set_order(a.1, b.1)))
        }
        (Value::Pending(a), Value::Pending(b)) => a.to_string().cmp(&b.to_string()),
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

fn by_parts<T>(
    mut a: impl Iterator<Item = T>,
    mut b: impl Iterator<Item = T>,
    order: impl Fn(T, T) -> std::cmp::Ordering,
) -> std::cmp::Ordering {
    use std::cmp::Ordering::{Equal, Greater, Less};
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Equal,
            (None, Some(_)) => return Less,
            (Some(_), None) => return Greater,
            (Some(a), Some(b)) => match order(a, b) {
                Equal => {}
                decided => return decided,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(value: Value, ty: &Type) -> Result<Value, String> {
        let mut mismatches = Vec::new();
        let converted = convert(&value, ty, &mut mismatches);
        match mismatches.as_slice() {
            [] => Ok(converted),
            [first, ..] => Err(format!("{}: {}", first.path, first.message)),
        }
    }

    #[test]
    fn numbers_and_bools_become_text_and_back() {
        assert_eq!(converted(Value::from(5), &Type::String), Ok(Value::from("5")));
        assert_eq!(converted(Value::from("5"), &Type::Number), Ok(Value::from(5)));
        assert_eq!(converted(Value::from("true"), &Type::Bool), Ok(Value::from(true)));
        assert!(converted(Value::from("yes"), &Type::Bool).is_err());
        assert!(converted(Value::from("inf"), &Type::Number).is_err());
    }

    #[test]
    fn one_table_stands_for_a_list_of_one() {
        let ty = Type::list(Type::object([("a", Attribute::required(Type::Number, "a number"))]));
        let table = Value::object([("a", Value::from("1"))]);
        assert_eq!(
            converted(table, &ty),
            Ok(Value::list([Value::object([("a", Value::from(1))])]))
        );
    }

    #[test]
    fn a_set_is_sorted_and_loses_repetitions() {
        let given = Value::list(["b", "a", "b"].map(Value::from));
        assert_eq!(
            converted(given, &Type::set(Type::String)),
            Ok(Value::list(["a", "b"].map(Value::from)))
        );
    }

    #[test]
    fn a_table_inside_reports_what_is_unknown_and_missing() {
        let ty = Type::object([("a", Attribute::required(Type::Number, "a number"))]);
        let mut mismatches = Vec::new();
        convert(&Value::object([("b", Value::from(1))]), &ty, &mut mismatches);
        let texts: Vec<_> =
            mismatches.iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(texts, ["b: unknown argument `b`", ": missing the required argument `a`"]);
    }
}
