//! Reads `lifecycle` and `timeouts` of a block.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Mode;
use greenroom_model::expr::Node as Part;
use greenroom_model::schema::TypeSchema;
use greenroom_model::value::{Path, Step};

use super::item::ItemKind;
use super::reader::Reader;
use super::section::Section;
use crate::diagnostic::Diagnostic;
use crate::near;
use crate::node::{Node, NodeKind};
use crate::source::Located;
use crate::template::{IgnoreChanges, LifecycleBlock};

pub(super) fn lifecycle(
    reader: &mut Reader<'_>,
    section: &mut Section,
    schema: Option<&TypeSchema>,
) -> LifecycleBlock {
    let what = section.of("lifecycle");
    let Some(mut section) =
        section.take("lifecycle").and_then(|it| Section::open(reader, what, it))
    else {
        return LifecycleBlock::default();
    };
    let lifecycle = LifecycleBlock {
        create_before_destroy: section.flag(reader, "create_before_destroy"),
        prevent_destroy: section.flag(reader, "prevent_destroy").is_some_and(|flag| flag.value),
        ignore_changes: ignore_changes(reader, &mut section, schema),
        replace_triggered_by: triggers(reader, &mut section),
    };
    section.close(reader);
    lifecycle
}

fn ignore_changes(
    reader: &mut Reader<'_>,
    section: &mut Section,
    schema: Option<&TypeSchema>,
) -> IgnoreChanges {
    let what = section.of("ignore_changes");
    let Some(item) = section.take("ignore_changes") else { return IgnoreChanges::None };
    if matches!(&item.kind, ItemKind::Text(text) if &**text == "all") {
        return IgnoreChanges::All;
    }
    if !matches!(item.kind, ItemKind::Array(_)) {
        reader.wrong(&item, &what, "`\"all\"` or a list of arguments");
        return IgnoreChanges::None;
    }
    let texts = reader.texts(item, &what);
    let paths = texts.into_iter().filter_map(|text| ignored(reader, text, schema));
    IgnoreChanges::Paths(paths.collect())
}

fn ignored(
    reader: &mut Reader<'_>,
    text: Located<Arc<str>>,
    schema: Option<&TypeSchema>,
) -> Option<Path> {
    let path: Option<Path> = text.value.parse().ok();
    let first = path.as_ref().and_then(|path| match path.0.first()? {
        Step::Key(key) => Some(key.clone()),
        Step::Index(_) => None,
    });
    let known = |name: &str| schema.is_none_or(|schema| schema.attributes.contains_key(name));
    if first.as_deref().is_some_and(known) {
        return path;
    }
    let names = schema.into_iter().flat_map(|schema| &schema.attributes);
    let arguments = names.filter(|(_, it)| it.is_argument()).map(|(name, _)| &**name);
    let name = first.as_deref().unwrap_or(&text.value);
    reader.report(
        Diagnostic::error(
            "spec::unknown_argument",
            format!("`ignore_changes` names `{name}`, which is no argument"),
        )
        .at(text.at, "no such argument")
        .maybe_help(near::suggestion(name, arguments)),
    );
    None
}

fn triggers(reader: &mut Reader<'_>, section: &mut Section) -> Vec<Node> {
    let texts = section.texts(reader, "replace_triggered_by");
    texts.into_iter().filter_map(|text| trigger(reader, text)).collect()
}

fn trigger(reader: &mut Reader<'_>, text: Located<Arc<str>>) -> Option<Node> {
    let node = Node { at: text.at, kind: reader.reference(&text.value, text.at) };
    let is_reference = match &node.kind {
        NodeKind::Expression(expression) => {
            matches!(expression.expr.node(), Part::Reference { .. } | Part::Splat { .. })
        }
        kind => matches!(kind, NodeKind::Invalid),
    };
    if !is_reference {
        let message = format!("`{}` is not a reference to a resource", text.value);
        reader.report(
            Diagnostic::error("spec::block_name", message)
                .at(text.at, "not a reference")
                .help("write `TYPE.NAME` or `TYPE.NAME.ATTRIBUTE`"),
        );
    }
    is_reference.then_some(node)
}

pub(super) fn timeouts(
    reader: &mut Reader<'_>,
    section: &mut Section,
    mode: Mode,
) -> BTreeMap<Arc<str>, Duration> {
    let what = section.of("timeouts");
    let Some(mut section) = section.take("timeouts").and_then(|it| Section::open(reader, what, it))
    else {
        return BTreeMap::new();
    };
    let keys: &[&'static str] = match mode {
        Mode::Managed => &["create", "read", "update", "delete"],
        Mode::Data => &["read"],
    };
    let mut timeouts = BTreeMap::new();
    for key in keys {
        if let Some(duration) = section.duration(reader, key) {
            timeouts.insert(Arc::from(*key), duration.value);
        }
    }
    section.close(reader);
    timeouts
}
