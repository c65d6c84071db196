//! Reads `greenroom.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::schema::ProviderSchema;

use super::item::{Field, Item, ItemKind, Table};
use super::reader::{Reader, Strings};
use super::section::{Named, Section};
use super::{image, stage};
use crate::check;
use crate::diagnostic::Diagnostic;
use crate::location::Location;
use crate::near;
use crate::node::{Node, NodeKind};
use crate::project::{Artifact, Project, ProviderBlock};
use crate::schemas::Schemas;
use crate::source::{Located, Place};
use crate::version::check_version;

pub(super) fn read(reader: &mut Reader<'_>, root: Table, schemas: &Schemas) -> Project {
    let mut root = Section::new("the project", reader.start(), root);
    let Head { name, max_environments, signing_key, trusted_keys } = head(reader, &mut root);
    let project = Project {
        file: reader.file,
        name,
        max_environments,
        state: location(reader, &mut root, "state"),
        repository: location(reader, &mut root, "repository"),
        signing_key,
        trusted_keys,
        providers: providers(reader, root.take("provider"), schemas),
        artifacts: artifacts(reader, &mut root),
        images: image::read_all(reader, &mut root),
        stages: stage::read_all(reader, &mut root, schemas),
    };
    unknown_sections(reader, root);
    project
}

/// What `[project]` says.
struct Head {
    name: Located<Arc<str>>,
    max_environments: Option<Located<u32>>,
    signing_key: Option<Located<Arc<str>>>,
    trusted_keys: Vec<Located<Arc<str>>>,
}

fn head(reader: &mut Reader<'_>, root: &mut Section) -> Head {
    let nameless = Located { value: "".into(), at: reader.start() };
    let empty = Head {
        name: nameless.clone(),
        max_environments: None,
        signing_key: None,
        trusted_keys: Vec::new(),
    };
    let Some(item) = root.take("project") else {
        if !reader.damaged {
            reader.report(
                Diagnostic::error("spec::missing_key", "the project has no name")
                    .at(nameless.at, "`[project]` is missing")
                    .help("start with `[project]` and `name = \"…\"`"),
            );
        }
        return empty;
    };
    let Some(mut section) = Section::open(reader, "`[project]`", item) else { return empty };
    let name = section.required_text(reader, "name");
    let max_environments = section.number(reader, "max_environments", 1);
    let signing_key = section.text(reader, "signing_key");
    let trusted_keys = section.texts(reader, "trusted_keys");
    section.close(reader);
    let name = name.filter(|name| reader.check_name(&name.value, name.at)).unwrap_or(nameless);
    Head { name, max_environments, signing_key, trusted_keys }
}

/// What a bucket is reached with.
const BUCKET_SETTINGS: [&str; 4] = ["region", "profile", "assume_role", "endpoint"];

fn location(reader: &mut Reader<'_>, root: &mut Section, name: &'static str) -> Option<Location> {
    let item = root.take(name)?;
    let mut section = Section::open(reader, format!("`[{name}]`"), item)?;
    let url = section.required_text(reader, "url");
    let settings = BUCKET_SETTINGS.into_iter().filter_map(|key| {
        let value = section.text(reader, key)?;
        Some((Arc::from(key), value))
    });
    let settings = settings.collect();
    section.close(reader);
    Some(Location { url: url?, settings })
}

fn artifacts(reader: &mut Reader<'_>, root: &mut Section) -> BTreeMap<Arc<str>, Artifact> {
    let mut artifacts = BTreeMap::new();
    for Named { name, key: _, item } in root.named(reader, "artifact") {
        let Some(mut section) = Section::open(reader, format!("artifact `{name}`"), item) else {
            continue;
        };
        // An artifact without its path is kept, so that who names it is not blamed.
        let at = section.at;
        let path = section.required_text(reader, "path");
        let version = version(reader, &mut section);
        section.close(reader);
        let path = path.unwrap_or(Located { value: "".into(), at });
        artifacts.insert(name, Artifact { path, version });
    }
    artifacts
}

fn version(reader: &mut Reader<'_>, section: &mut Section) -> Option<Located<Arc<str>>> {
    let version = section.text(reader, "version")?;
    if let Err(wrong) = check_version(&version.value) {
        reader.report(
            Diagnostic::error("spec::version", format!("`{}` cannot be a version", version.value))
                .at(version.at, "not a version")
                .help(wrong.to_string()),
        );
    }
    Some(version)
}

/// Reads `[provider.NAME]` tables.
pub(super) fn providers(
    reader: &mut Reader<'_>,
    item: Option<Item>,
    schemas: &Schemas,
) -> BTreeMap<Arc<str>, ProviderBlock> {
    let Some(item) = item else { return BTreeMap::new() };
    let ItemKind::Table(table) = item.kind else {
        reader.wrong(&item, "`provider`", "tables such as `[provider.NAME]`");
        return BTreeMap::new();
    };
    let mut blocks = BTreeMap::new();
    for (name, Field { key, value }) in table {
        if let Some(block) = provider(reader, &name, key, value, schemas) {
            blocks.insert(name, block);
        }
    }
    blocks
}

fn provider(
    reader: &mut Reader<'_>,
    configuration: &str,
    key: Place,
    item: Item,
    schemas: &Schemas,
) -> Option<ProviderBlock> {
    let (name, alias) = match configuration.split_once('.') {
        Some((name, alias)) => (name, Some(alias)),
        None => (configuration, None),
    };
    if !alias.is_none_or(|alias| reader.check_name(alias, key)) {
        return None;
    }
    let section = Section::open(reader, format!("provider `{configuration}`"), item)?;
    let settings = Node { at: section.at, kind: reader.table(section.table, Strings::Plain) };
    match schemas.provider(name) {
        Some(schema) => check_settings(reader, &settings, configuration, schema),
        None => reader.report(
            Diagnostic::error("spec::unknown_provider", format!("unknown provider `{name}`"))
                .at(key, "no such provider")
                .maybe_help(near::suggestion(name, schemas.providers().map(|it| &*it.name))),
        ),
    }
    let provider = Located { value: name.into(), at: key };
    Some(ProviderBlock { provider, settings })
}

fn check_settings(
    reader: &mut Reader<'_>,
    settings: &Node,
    configuration: &str,
    schema: &ProviderSchema,
) {
    let mut arguments = check::Arguments {
        damaged: reader.damaged,
        // A stage's settings only add to the project's, so none is required in one place.
        partial: true,
        diagnostics: &mut reader.diagnostics,
    };
    let what = format!("provider `{configuration}`");
    let NodeKind::Table(entries) = &settings.kind else { return };
    for (name, entry) in entries {
        let is_alias =
            !schema.settings.contains_key(name) && matches!(entry.value.kind, NodeKind::Table(_));
        if is_alias {
            arguments.report(
                Diagnostic::error(
                    "spec::unknown_argument",
                    format!("unknown argument `{name}` in {what}"),
                )
                .at(entry.key, "not known here")
                .help(format!("a second configuration is `[provider.\"{configuration}.{name}\"]`")),
            );
        } else {
            arguments.check_one(&what, &schema.settings, name, entry, &[]);
        }
    }
}

fn unknown_sections(reader: &mut Reader<'_>, root: Section) {
    const OF_TEMPLATES: [&str; 6] = ["variable", "local", "resource", "data", "output", "gate"];
    let known = ["project", "state", "repository", "provider", "artifact", "image", "stage"];
    unknown(reader, &root.table, &known, &OF_TEMPLATES, "this belongs into a template");
}

/// Reports every section that is left, with where it belongs if that is elsewhere.
pub(super) fn unknown(
    reader: &mut Reader<'_>,
    left: &Table,
    known: &[&str],
    elsewhere: &[&str],
    belongs: &str,
) {
    for (name, field) in left {
        let help = match elsewhere.contains(&&**name) {
            true => Some(belongs.to_owned()),
            false => near::suggestion(name, known.iter().copied()),
        };
        reader.report(
            Diagnostic::error("spec::unknown_section", format!("unknown section `{name}`"))
                .at(field.key, "not known here")
                .maybe_help(help),
        );
    }
}
