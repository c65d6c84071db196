//! The schema of templates.

use greenroom_model::address::Mode;
use greenroom_model::gate::Hook;
use greenroom_model::schema::TypeSchema;
use serde_json::{Map, Value, json};

use super::values::arguments;
use super::{described, gate, named, one_or_more, reference, table, text, texts};
use crate::schemas::Schemas;

pub(super) fn define(definitions: &mut Map<String, Value>, schemas: &Schemas) {
    for (name, schema) in [
        ("variable", variable()),
        ("output", output()),
        ("gate", gate::gate()),
        ("lifecycle", lifecycle()),
        ("timeouts", timeouts()),
    ] {
        definitions.insert(name.to_owned(), schema);
    }
    let resources = types(definitions, schemas, Mode::Managed, "resource");
    let data = types(definitions, schemas, Mode::Data, "data");
    let template = table(
        "A template: the desired state of an environment or a front.",
        &[],
        [
            ("variable", named(reference("variable"))),
            ("local", json!({ "type": "object", "description": "names for what is computed" })),
            ("resource", resources),
            ("data", data),
            ("output", named(reference("output"))),
            ("gate", named(reference("gate"))),
            ("hook", hooks()),
        ],
    );
    definitions.insert("template".to_owned(), template);
}

fn hooks() -> Value {
    let hook = |when| {
        let keys = [
            ("command", texts("a program and its arguments, which must succeed")),
            ("timeout", described("duration", "how long it may take, `60s` if left out")),
        ];
        table(when, &["command"], keys)
    };
    table(
        "Commands that start and stop what must run on one side only; not in a front.",
        &[],
        [
            (Hook::Promoted.as_str(), hook("Runs when the environment has all traffic.")),
            (Hook::Demoted.as_str(), hook("Runs when another environment has it.")),
        ],
    )
}

/// Defines each type of a mode, and returns the table of their tables.
fn types(
    definitions: &mut Map<String, Value>,
    schemas: &Schemas,
    mode: Mode,
    section: &str,
) -> Value {
    let mut properties = Map::new();
    for kind in schemas.kinds(mode) {
        let Some(known) = schemas.find(mode, kind) else { continue };
        let definition = format!("{section}.{kind}");
        properties.insert(kind.to_owned(), named(reference(&definition)));
        definitions.insert(definition, block(known.schema, mode));
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn block(schema: &TypeSchema, mode: Mode) -> Value {
    let mut meta = vec![
        ("count", counted()),
        ("for_each", repeated()),
        ("provider", text("the provider configuration, such as `aws.west`")),
        ("depends_on", texts("blocks that it waits for without reading them")),
        ("timeouts", reference("timeouts")),
    ];
    if mode == Mode::Managed {
        meta.push(("lifecycle", reference("lifecycle")));
    }
    let meta = meta.into_iter().map(|(key, schema)| (key.to_owned(), schema)).collect();
    arguments(&schema.doc, &schema.attributes, meta)
}

fn counted() -> Value {
    json!({
        "anyOf": [{ "type": "integer", "minimum": 0 }, reference("expression")],
        "description": "how many there are; arguments see `count.index`",
    })
}

fn repeated() -> Value {
    json!({
        "anyOf": [{ "type": ["object", "array"] }, reference("expression")],
        "description": "one for each entry; arguments see `each.key` and `each.value`",
    })
}

fn variable() -> Value {
    let rule = table(
        "",
        &["condition", "error_message"],
        [
            ("condition", described("expression", "what must be true of the variable")),
            ("error_message", text("what to say if it is not")),
        ],
    );
    table(
        "A value that a stage, or who runs it, gives.",
        &[],
        [
            (
                "type",
                text(
                    "`string`, `number`, `bool`, `any`, `list(T)`, `set(T)`, `map(T)` or `object({ name = T })`",
                ),
            ),
            ("default", json!({ "description": "its value where none is given" })),
            ("sensitive", json!({ "type": "boolean" })),
            ("description", text("one sentence for people")),
            ("validation", one_or_more(&rule)),
        ],
    )
}

fn output() -> Value {
    table(
        "A value for those who use the environment or front.",
        &["value"],
        [
            ("value", json!({ "description": "the value, usually an expression" })),
            ("sensitive", json!({ "type": "boolean" })),
            ("description", text("one sentence for people")),
        ],
    )
}

fn lifecycle() -> Value {
    let all = json!({ "const": "all" });
    table(
        "How its objects are replaced and compared.",
        &[],
        [
            ("create_before_destroy", json!({ "type": "boolean" })),
            ("prevent_destroy", json!({ "type": "boolean" })),
            (
                "ignore_changes",
                json!({ "anyOf": [all, texts("arguments whose difference does not count")] }),
            ),
            ("replace_triggered_by", texts("references whose change replaces it")),
        ],
    )
}

fn timeouts() -> Value {
    table(
        "How long each operation may take.",
        &[],
        ["create", "read", "update", "delete"].map(|key| (key, reference("duration"))),
    )
}
