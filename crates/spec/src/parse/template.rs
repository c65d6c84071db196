//! Reads a template.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::item::{Field, ItemKind, Table};
use super::project::unknown;
use super::reader::{Reader, Strings};
use super::section::{Named, Section};
use super::{block, gate, hook, variable};
use crate::node::Node;
use crate::schemas::Schemas;
use crate::template::{Output, Template, TemplateKind};

pub(super) fn read(
    reader: &mut Reader<'_>,
    root: Table,
    kind: TemplateKind,
    schemas: &Schemas,
) -> Template {
    let mut root = Section::new("the template", reader.start(), root);
    let template = Template {
        file: reader.file,
        kind,
        variables: variable::read_all(reader, &mut root),
        locals: locals(reader, &mut root),
        blocks: block::read_all(reader, &mut root, schemas),
        outputs: outputs(reader, &mut root),
        gates: gate::read_all(reader, &mut root),
        hooks: hook::read_all(reader, &mut root, kind),
    };
    unknown_sections(reader, root);
    template
}

fn locals(reader: &mut Reader<'_>, root: &mut Section) -> BTreeMap<Arc<str>, Node> {
    let Some(item) = root.take("local") else { return BTreeMap::new() };
    let ItemKind::Table(table) = item.kind else {
        reader.wrong(&item, "`local`", "the table `[local]`");
        return BTreeMap::new();
    };
    let mut locals = BTreeMap::new();
    for (name, Field { key, value }) in table {
        if reader.check_name(&name, key) {
            locals.insert(name, reader.node(value, Strings::Templates));
        }
    }
    locals
}

fn outputs(reader: &mut Reader<'_>, root: &mut Section) -> BTreeMap<Arc<str>, Output> {
    let mut outputs = BTreeMap::new();
    for Named { name, key, item } in root.named(reader, "output") {
        let Some(mut section) = Section::open(reader, format!("output `{name}`"), item) else {
            continue;
        };
        if !section.table.contains_key("value") {
            section.missing(reader, "value");
        }
        let value = section.take("value").map(|item| reader.node(item, Strings::Templates));
        let output = Output {
            at: key,
            value: value.unwrap_or_else(|| Node::invalid(section.at)),
            sensitive: section.flag(reader, "sensitive").is_some_and(|flag| flag.value),
            description: section.text(reader, "description").map(|text| text.value),
        };
        section.close(reader);
        outputs.insert(name, output);
    }
    outputs
}

fn unknown_sections(reader: &mut Reader<'_>, root: Section) {
    const OF_PROJECTS: [&str; 7] =
        ["project", "state", "repository", "provider", "artifact", "image", "stage"];
    let known = ["variable", "local", "resource", "data", "output", "gate"];
    unknown(reader, &root.table, &known, &OF_PROJECTS, "this belongs into `greenroom.toml`");
}
