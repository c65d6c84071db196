//! Schemas of values: of attributes, and of what every file uses.

use greenroom_model::schema::{Attribute, Attributes, Presence, Type};
use serde_json::{Map, Value, json};

use super::{closed, one_or_more, reference};

/// Defines expressions and durations.
pub(super) fn define(definitions: &mut Map<String, Value>) {
    definitions.insert(
        "expression".to_owned(),
        json!({
            "type": "string",
            "pattern": "[$%]\\{",
            "description": "a string with a `${…}` expression in it",
        }),
    );
    definitions.insert(
        "duration".to_owned(),
        json!({
            "type": "string",
            "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
            "minLength": 2,
            "examples": ["90s", "5m", "1h30m"],
        }),
    );
}

/// The table of the arguments among `attributes`, with `more` keys.
pub(super) fn arguments(doc: &str, attributes: &Attributes, more: Map<String, Value>) -> Value {
    let settable = || attributes.iter().filter(|(_, it)| it.is_argument());
    let mut keys: Map<String, Value> =
        settable().map(|(name, it)| (name.to_string(), argument(it))).collect();
    keys.extend(more);
    let required: Vec<&str> = settable()
        .filter(|(_, it)| it.presence == Presence::Required)
        .map(|(name, _)| &**name)
        .collect();
    closed(doc, &required, keys)
}

fn argument(attribute: &Attribute) -> Value {
    let mut schema = value(&attribute.ty);
    if let Value::Object(keys) = &mut schema {
        keys.insert("description".to_owned(), attribute.doc.clone().into());
        let default = attribute.default.as_ref().filter(|value| !value.has_pending());
        if let Some(default) = default.and_then(|value| serde_json::to_value(value).ok()) {
            keys.insert("default".to_owned(), default);
        }
    }
    schema
}

/// A value of type `ty`, or an expression.
pub(super) fn value(ty: &Type) -> Value {
    let plain = match ty {
        Type::Any => return json!({}),
        Type::String => return json!({ "type": "string" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Number => json!({ "type": "number" }),
        Type::List(element) | Type::Set(element) => elements(element),
        Type::Map(element) => {
            json!({ "type": "object", "additionalProperties": value(element) })
        }
        Type::Object(fields) => arguments("", fields, Map::new()),
    };
    json!({ "anyOf": [plain, reference("expression")] })
}

/// A list; where its elements are tables, one table alone is accepted.
fn elements(element: &Type) -> Value {
    let items = value(element);
    match element {
        Type::Object(_) => one_or_more(&items),
        _ => json!({ "type": "array", "items": items }),
    }
}
