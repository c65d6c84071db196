//! A JSON Schema of all that can be written, so that editors complete and check it.
//!
//! It is made of the providers' schemas, and says less than [`parse`](crate::parse): it knows
//! nothing of expressions but that every value may be one.

mod gate;
mod image;
mod project;
mod promotion;
mod template;
mod values;

use serde_json::{Map, Value, json};

use crate::schemas::Schemas;

/// The schema (draft 2020-12) of `greenroom.toml` and of templates: a file with `[project]` is
/// the former. An editor that knows which it is points at `#/$defs/project` or
/// `#/$defs/template`.
#[must_use]
pub fn json_schema(schemas: &Schemas) -> Value {
    let mut definitions = Map::new();
    values::define(&mut definitions);
    project::define(&mut definitions, schemas);
    template::define(&mut definitions, schemas);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Greenroom",
        "if": { "required": ["project"] },
        "then": { "$ref": "#/$defs/project" },
        "else": { "$ref": "#/$defs/template" },
        "$defs": definitions,
    })
}

/// A table with these keys and no others.
fn table<const N: usize>(doc: &str, required: &[&str], keys: [(&str, Value); N]) -> Value {
    let keys: Map<String, Value> = keys.into_iter().map(|(key, it)| (key.to_owned(), it)).collect();
    closed(doc, required, keys)
}

fn closed(doc: &str, required: &[&str], keys: Map<String, Value>) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": keys,
        "additionalProperties": false,
    });
    if !doc.is_empty() {
        schema["description"] = doc.into();
    }
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// Tables under free names.
fn named(entry: Value) -> Value {
    json!({ "type": "object", "additionalProperties": entry })
}

/// One, or a list of them.
fn one_or_more(entry: &Value) -> Value {
    json!({ "anyOf": [entry, { "type": "array", "items": entry }] })
}

fn texts(doc: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": doc })
}

fn text(doc: &str) -> Value {
    json!({ "type": "string", "description": doc })
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

/// A definition with a description of its own.
fn described(definition: &str, doc: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}"), "description": doc })
}
