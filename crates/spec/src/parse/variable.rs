//! Reads `[variable.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::schema::Type;

use super::reader::{Reader, Strings};
use super::section::{Named, Section, repeated};
use super::types;
use crate::diagnostic::Diagnostic;
use crate::template::{Validation, Variable};

pub(super) fn read_all(
    reader: &mut Reader<'_>,
    root: &mut Section,
) -> BTreeMap<Arc<str>, Variable> {
    let mut variables = BTreeMap::new();
    for Named { name, key, item } in root.named(reader, "variable") {
        let Some(mut section) = Section::open(reader, format!("variable `{name}`"), item) else {
            continue;
        };
        let variable = Variable {
            at: key,
            ty: ty(reader, &mut section),
            default: section.take("default").map(|item| reader.node(item, Strings::Plain)),
            sensitive: section.flag(reader, "sensitive").is_some_and(|flag| flag.value),
            description: section.text(reader, "description").map(|text| text.value),
            validations: validations(reader, &mut section),
        };
        section.close(reader);
        variables.insert(name, variable);
    }
    variables
}

/// The declared type; any, if none is, or none that can be read.
fn ty(reader: &mut Reader<'_>, section: &mut Section) -> Type {
    let Some(text) = section.text(reader, "type") else { return Type::Any };
    types::parse(&text.value).unwrap_or_else(|problem| {
        reader.report(
            Diagnostic::error("spec::variable_type", format!("the type of {}: {problem}", section.what))
                .at(text.at, "not a type")
                .help(
                    "types are `string`, `number`, `bool`, `any`, `list(T)`, `set(T)`, `map(T)` and `object({ name = T })`",
                ),
        );
        Type::Any
    })
}

fn validations(reader: &mut Reader<'_>, section: &mut Section) -> Vec<Validation> {
    let what = format!("the validation of {}", section.what);
    let items = section.take("validation").map(repeated).unwrap_or_default();
    items
        .into_iter()
        .filter_map(|item| {
            let section = Section::open(reader, what.clone(), item)?;
            validation(reader, section)
        })
        .collect()
}

fn validation(reader: &mut Reader<'_>, mut section: Section) -> Option<Validation> {
    if !section.table.contains_key("condition") {
        section.missing(reader, "condition");
    }
    let condition = section.take("condition").map(|item| reader.node(item, Strings::Templates));
    let message = section.required_text(reader, "error_message");
    section.close(reader);
    Some(Validation { condition: condition?, message: message? })
}
