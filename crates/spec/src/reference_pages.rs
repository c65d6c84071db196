//! The reference pages of providers and types, rendered from their schemas.

use std::fmt::Write;

use greenroom_model::schema::{
    Attribute, Attributes, OnChange, Presence, ProviderSchema, Type, TypeSchema,
};

use crate::schemas::Schemas;

/// One page of the reference, in Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its file below the reference's folder: `aws.md`, `aws/resource.aws_vpc.md`.
    pub path: String,
    /// Its title, for the table of contents.
    pub title: String,
    /// Its text.
    pub text: String,
}

/// Renders a page for each provider, followed by the pages of its types.
#[must_use]
pub fn reference_markdown(schemas: &Schemas) -> Vec<Page> {
    schemas.providers().flat_map(pages).collect()
}

fn pages(provider: &ProviderSchema) -> Vec<Page> {
    let resources = provider.resources.values().map(|schema| ("resource", schema));
    let data = provider.data.values().map(|schema| ("data", schema));
    let types: Vec<_> =
        resources.chain(data).map(|(section, it)| type_page(provider, section, it)).collect();
    let mut text = format!("# Provider `{}`\n\n{}\n", provider.name, provider.doc);
    section(&mut text, "Settings", &provider.settings, Attribute::is_argument);
    if !types.is_empty() {
        text.push_str("\n## Types\n\n");
    }
    for page in &types {
        line(&mut text, format_args!("- [`{}`]({})", page.title, page.path));
    }
    let provider =
        Page { path: format!("{}.md", provider.name), title: provider.name.to_string(), text };
    std::iter::once(provider).chain(types).collect()
}

fn type_page(provider: &ProviderSchema, mode: &str, schema: &TypeSchema) -> Page {
    let mut text = format!(
        "# `{}`\n\n{}\n\n```toml\n[{mode}.{}.NAME]\n```\n",
        schema.name, schema.doc, schema.name
    );
    section(&mut text, "Arguments", &schema.attributes, Attribute::is_argument);
    section(&mut text, "Attributes", &schema.attributes, |it| !it.is_argument());
    Page {
        path: format!("{}/{mode}.{}.md", provider.name, schema.name),
        title: format!("{mode}.{}", schema.name),
        text,
    }
}

/// A table of the attributes that `belongs` picks, with a table of its own for each that has
/// fields.
fn section(
    text: &mut String,
    title: &str,
    attributes: &Attributes,
    belongs: fn(&Attribute) -> bool,
) {
    let picked: Vec<_> = attributes.iter().filter(|(_, it)| belongs(it)).collect();
    if picked.is_empty() {
        return;
    }
    line(text, format_args!("\n## {title}\n"));
    text.push_str("| name | type | | meaning |\n| --- | --- | --- | --- |\n");
    for (name, attribute) in &picked {
        row(text, name, attribute);
    }
    for (name, attribute) in picked {
        nested(text, name, &attribute.ty);
    }
}

fn nested(text: &mut String, name: &str, ty: &Type) {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => {
            nested(text, name, element)
        }
        Type::Object(fields) if !fields.is_empty() => {
            line(text, format_args!("\n### `{name}`\n"));
            text.push_str("| name | type | | meaning |\n| --- | --- | --- | --- |\n");
            fields.iter().for_each(|(name, field)| row(text, name, field));
            fields.iter().for_each(|(field, it)| nested(text, &format!("{name}.{field}"), &it.ty));
        }
        _ => {}
    }
}

fn row(text: &mut String, name: &str, attribute: &Attribute) {
    let doc = attribute.doc.replace('|', "\\|").replace('\n', " ");
    line(text, format_args!("| `{name}` | {} | {} | {doc} |", attribute.ty, remarks(attribute)));
}

/// Who gives it, its default, and what a change of it means.
fn remarks(attribute: &Attribute) -> String {
    let mut remarks = vec![match attribute.presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional => "optional".to_owned(),
        Presence::OptionalComputed => "optional, else given by the provider".to_owned(),
        Presence::Computed => "given by the provider".to_owned(),
    }];
    remarks.extend(attribute.default.as_ref().map(|value| format!("default `{value:?}`")));
    remarks.extend(attribute.max_items.map(|most| format!("at most {most}")));
    remarks.extend((attribute.on_change == OnChange::Replace).then(|| "replaces".to_owned()));
    remarks.extend(attribute.sensitive.then(|| "sensitive".to_owned()));
    remarks.join(", ").replace('|', "\\|")
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("writing to a string cannot fail");
}
