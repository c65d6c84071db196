//! Conversions between kinds of values, as Terraform makes them.
//!
//! All take known values; whoever calls has dealt with what is pending.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use greenroom_model::span::Span;
use greenroom_model::value::{NotFinite, Number, Value};

use super::Problem;

/// What went wrong in an operation; it does not know its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), help: None }
    }

    pub(super) fn at(self, span: Span) -> Problem {
        Problem { message: self.message, help: self.help, span }
    }
}

impl From<NotFinite> for Fault {
    fn from(error: NotFinite) -> Fault {
        Fault::new(error.to_string())
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Fault {
        Fault { message: problem.message, help: problem.help }
    }
}

fn refuse<T>(value: &Value, wanted: &str) -> Result<T, Fault> {
    match value.unmarked() {
        // What is written is shown, so that the reader sees which one is meant.
        Value::String(text) if !value.is_sensitive() && text.chars().count() <= 40 => {
            Err(Fault::new(format!("{wanted} is needed, not {text:?}")))
        }
        _ => Err(Fault::new(format!("{wanted} is needed, not {}", value.kind()))),
    }
}

/// The text of a string, number or bool.
pub(super) fn to_text(value: &Value) -> Result<Cow<'_, str>, Fault> {
    match value.unmarked() {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Number(number) => Ok(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Ok(Cow::Borrowed(if *truth { "true" } else { "false" })),
        _ => refuse(value, "a string"),
    }
}

/// Appends what [`to_text`] gives.
pub(super) fn append_text(text: &mut String, value: &Value) -> Result<(), Fault> {
    match value {
        Value::Number(number) => {
            write!(text, "{number}").expect("writing to a string never fails");
            Ok(())
        }
        Value::Null | Value::List(_) | Value::Object(_) => {
            let help = "`jsonencode` and `join` make text of lists and objects".to_owned();
            let help = (!value.is_null()).then_some(help);
            Err(Fault { message: format!("{} cannot be part of a string", value.kind()), help })
        }
        other => {
            text.push_str(&to_text(other)?);
            Ok(())
        }
    }
}

/// The number of a number or numeric string.
pub(super) fn to_number(value: &Value) -> Result<Number, Fault> {
    match value.unmarked() {
        Value::Number(number) => Ok(*number),
        Value::String(text) => parse_number(text).map_or_else(|| refuse(value, "a number"), Ok),
        _ => refuse(value, "a number"),
    }
}

/// Reads a decimal number, with or without an exponent.
pub(super) fn parse_number(text: &str) -> Option<Number> {
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Number::from(integer));
    }
    // Rust also reads `inf` and `nan`.
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    Number::try_from(text.parse::<f64>().ok().filter(|_| plain)?).ok()
}

/// The truth of a bool, or of `"true"` and `"false"`.
pub(super) fn to_bool(value: &Value) -> Result<bool, Fault> {
    match value.unmarked() {
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) if **text == *"true" || **text == *"1" => Ok(true),
        Value::String(text) if **text == *"false" || **text == *"0" => Ok(false),
        _ => refuse(value, "a bool"),
    }
}

/// The name that a value is as a key of an object.
pub(super) fn key(value: &Value) -> Result<Arc<str>, Fault> {
    match value.unmarked() {
        Value::String(text) => Ok(text.clone()),
        other => match to_text(other) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(Fault::new(format!("a key must be a string, not {}", other.kind()))),
        },
    }
}

/// Makes the elements of a list be of one kind: numbers and bools beside
/// strings become strings.
pub(super) fn unify(values: Vec<Value>) -> Result<Vec<Value>, Fault> {
    let present = || values.iter().filter(|value| !value.is_null());
    let kinds = |kind: fn(&Value) -> bool| present().all(kind);
    let same = kinds(|v| matches!(v, Value::Bool(_)))
        || kinds(|v| matches!(v, Value::Number(_)))
        || kinds(|v| matches!(v, Value::String(_)));
    if same {
        return Ok(values);
    }
    if kinds(|v| matches!(v, Value::List(_))) {
        return unify_lists(values);
    }
    if kinds(|v| matches!(v, Value::Object(_))) {
        return Ok(values);
    }
    let has_text = present().any(|value| matches!(value, Value::String(_)));
    if !has_text || !kinds(|v| matches!(v, Value::Bool(_) | Value::Number(_) | Value::String(_))) {
        return Err(Fault::new("all elements must be of one kind"));
    }
    values
        .iter()
        .map(
            |value| {
                if value.is_null() { Ok(Value::Null) } else { Ok(Value::from(&*to_text(value)?)) }
            },
        )
        .collect()
}

/// Unifies across lists: `[[1], ["a"]]` becomes `[["1"], ["a"]]`.
fn unify_lists(lists: Vec<Value>) -> Result<Vec<Value>, Fault> {
    let flat: Vec<Value> = lists.iter().filter_map(Value::as_list).flatten().cloned().collect();
    // Tuples whose elements have nothing in common stay what they are.
    let Ok(unified) = unify(flat) else { return Ok(lists) };
    let mut unified = unified.into_iter();
    let rebuilt = lists.iter().map(|list| match list.as_list() {
        Some(elements) => Value::from(unified.by_ref().take(elements.len()).collect::<Vec<_>>()),
        None => Value::Null,
    });
    Ok(rebuilt.collect())
}
