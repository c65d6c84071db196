//! Reads `[resource.TYPE.NAME]` and `[data.TYPE.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{BlockName, Mode};
use greenroom_model::schema::TypeSchema;

use super::item::{Field, Item};
use super::lifecycle::{lifecycle, timeouts};
use super::reader::{Reader, Strings};
use super::section::{Named, Section, named};
use crate::check;
use crate::diagnostic::Diagnostic;
use crate::near;
use crate::node::{Node, NodeKind};
use crate::schemas::Schemas;
use crate::source::{Located, Place};
use crate::template::{Block, LifecycleBlock, Repetition};

pub(super) fn read_all(
    reader: &mut Reader<'_>,
    root: &mut Section,
    schemas: &Schemas,
) -> BTreeMap<BlockName, Block> {
    let mut blocks = BTreeMap::new();
    for (mode, key) in [(Mode::Managed, "resource"), (Mode::Data, "data")] {
        for kind in root.named(reader, key) {
            let schema = schemas.find(mode, &kind.name).map(|known| known.schema);
            if schema.is_none() {
                unknown_type(reader, mode, &kind, schemas);
            }
            for Named { name, key: _, item } in
                named(reader, &format!("{key}.{}", kind.name), kind.item)
            {
                let name = BlockName { mode, kind: kind.name.clone(), name };
                let what = match mode {
                    Mode::Managed => format!("resource `{name}`"),
                    Mode::Data => format!("data source `{name}`"),
                };
                if let Some(section) = Section::open(reader, what, item) {
                    blocks.insert(name.clone(), read(reader, name, section, schema, schemas));
                }
            }
        }
    }
    blocks
}

fn unknown_type(reader: &mut Reader<'_>, mode: Mode, kind: &Named, schemas: &Schemas) {
    let (what, other) = match mode {
        Mode::Managed => ("resource type", Mode::Data),
        Mode::Data => ("data source", Mode::Managed),
    };
    let help = match (schemas.find(other, &kind.name), other) {
        (Some(_), Mode::Data) => Some("it is a data source: `[data.TYPE.NAME]`".to_owned()),
        (Some(_), Mode::Managed) => Some("it is a resource: `[resource.TYPE.NAME]`".to_owned()),
        (None, _) => near::suggestion(&kind.name, schemas.kinds(mode)),
    };
    reader.report(
        Diagnostic::error("spec::unknown_type", format!("unknown {what} `{}`", kind.name))
            .at(kind.key, "no provider has it")
            .maybe_help(help),
    );
}

fn read(
    reader: &mut Reader<'_>,
    name: BlockName,
    mut section: Section,
    schema: Option<&TypeSchema>,
    schemas: &Schemas,
) -> Block {
    let provider = provider(reader, &name, &mut section, schemas);
    let repetition = repetition(reader, &mut section);
    let depends_on = depends_on(reader, &mut section);
    let lifecycle = match name.mode {
        Mode::Managed => lifecycle(reader, &mut section, schema),
        Mode::Data => LifecycleBlock::default(),
    };
    let timeouts = timeouts(reader, &mut section, name.mode);
    let kind = reader.table(section.table, Strings::Templates);
    let block = Block {
        name,
        at: section.at,
        provider,
        repetition,
        depends_on,
        lifecycle,
        timeouts,
        arguments: Node { at: section.at, kind },
        known: schema.is_some(),
    };
    if let (Some(schema), NodeKind::Table(entries)) = (schema, &block.arguments.kind) {
        let mut arguments = check::Arguments {
            damaged: reader.damaged,
            partial: false,
            diagnostics: &mut reader.diagnostics,
        };
        let more = meta_arguments(block.name.mode);
        arguments.check(&section.what, section.at, &schema.attributes, entries, more);
    }
    block
}

/// What every block of a mode takes beside its type's arguments.
fn meta_arguments(mode: Mode) -> &'static [&'static str] {
    match mode {
        Mode::Managed => &["count", "for_each", "provider", "depends_on", "lifecycle", "timeouts"],
        Mode::Data => &["count", "for_each", "provider", "depends_on", "timeouts"],
    }
}

/// The provider configuration: the one that is named, else the type's provider. A type that
/// nobody knows has the provider that its prefix names.
fn provider(
    reader: &mut Reader<'_>,
    name: &BlockName,
    section: &mut Section,
    schemas: &Schemas,
) -> Arc<str> {
    let known = schemas.of_block(name).map(|known| known.provider.name.clone());
    let prefix = || name.kind.split('_').next().unwrap_or_default().into();
    let owner = known.clone().unwrap_or_else(prefix);
    let Some(chosen) = section.text(reader, "provider") else { return owner };
    let of = chosen.value.split('.').next().unwrap_or_default();
    if known.is_some_and(|known| &*known != of) {
        let message = format!("`{}` is of the provider `{owner}`, not `{of}`", name.kind);
        reader.report(
            Diagnostic::error("spec::wrong_provider", message)
                .at(chosen.at, "another provider")
                .help(format!("name a configuration such as `{owner}` or `{owner}.NAME`")),
        );
        return owner;
    }
    chosen.value
}

fn repetition(reader: &mut Reader<'_>, section: &mut Section) -> Repetition {
    let count = section.take_field("count");
    let for_each = section.take_field("for_each");
    if let (Some(count), Some(for_each)) = (&count, &for_each) {
        let message = format!("{} has both `count` and `for_each`", section.what);
        reader.report(
            Diagnostic::error("spec::count_and_for_each", message)
                .at(later(count, for_each), "the second of them")
                .help("keep one of them"),
        );
    }
    match (for_each, count) {
        (Some(field), _) => Repetition::ForEach(for_each_node(reader, section, field.value)),
        (None, Some(field)) => Repetition::Count(count_node(reader, section, field.value)),
        (None, None) => Repetition::Once,
    }
}

fn later(left: &Field, right: &Field) -> Place {
    left.key.max(right.key)
}

fn count_node(reader: &mut Reader<'_>, section: &Section, item: Item) -> Node {
    let node = reader.node(item.clone(), Strings::Templates);
    let fits = match &node.kind {
        NodeKind::Literal(value) => value.as_i64().is_some_and(|count| count >= 0),
        NodeKind::Expression(_) | NodeKind::Invalid => true,
        NodeKind::Array(_) | NodeKind::Table(_) => false,
    };
    checked(reader, section, node, fits, &item, ("count", "a whole number from 0 or an expression"))
}

fn for_each_node(reader: &mut Reader<'_>, section: &Section, item: Item) -> Node {
    let node = reader.node(item.clone(), Strings::Templates);
    let fits = !matches!(&node.kind, NodeKind::Literal(_));
    checked(reader, section, node, fits, &item, ("for_each", "a table, a list or an expression"))
}

fn checked(
    reader: &mut Reader<'_>,
    section: &Section,
    node: Node,
    fits: bool,
    item: &Item,
    (key, wanted): (&str, &str),
) -> Node {
    if fits {
        return node;
    }
    reader.wrong(item, &section.of(key), wanted);
    Node::invalid(item.at)
}

fn depends_on(reader: &mut Reader<'_>, section: &mut Section) -> Vec<Located<BlockName>> {
    let texts = section.texts(reader, "depends_on");
    texts.into_iter().filter_map(|text| block_name(reader, text)).collect()
}

fn block_name(reader: &mut Reader<'_>, text: Located<Arc<str>>) -> Option<Located<BlockName>> {
    let name = text.value.parse().ok();
    if name.is_none() {
        let message = format!("`{}` does not name a block", text.value);
        reader.report(
            Diagnostic::error("spec::block_name", message)
                .at(text.at, "not a block's name")
                .help("write `TYPE.NAME` or `data.TYPE.NAME`, without `${}` and index"),
        );
    }
    name.map(|value| Located { value, at: text.at })
}
