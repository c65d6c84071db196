//! Reads `[image.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::item::{Field, ItemKind};
use super::reader::Reader;
use super::section::{Named, Section};
use crate::diagnostic::Diagnostic;
use crate::image::{AmiBase, AmiBuilder, BAKE_TIMEOUT, Builder, CommandBuilder, Image, OciBuilder};
use crate::near;
use crate::source::Located;

const BUILDERS: [&str; 4] = ["local", "ami", "oci", "command"];

pub(super) fn read_all(reader: &mut Reader<'_>, root: &mut Section) -> BTreeMap<Arc<str>, Image> {
    let mut images = BTreeMap::new();
    for Named { name, key: _, item } in root.named(reader, "image") {
        if let Some(section) = Section::open(reader, format!("image `{name}`"), item) {
            images.insert(name, read(reader, section));
        }
    }
    images
}

fn read(reader: &mut Reader<'_>, mut section: Section) -> Image {
    let at = section.at;
    let id = section.text(reader, "id");
    let word = section.text(reader, "builder");
    if let (Some(id), Some(word)) = (&id, &word) {
        reader.report(
            Diagnostic::error(
                "spec::image_of_two_kinds",
                format!("{} is there already, and is to be baked", section.what),
            )
            .at(word.at, "this bakes it")
            .at(id.at, "this one is there already")
            .help("leave one of the two out"),
        );
    }
    let Some(word) = word else {
        section.close(reader);
        let timeout = BAKE_TIMEOUT;
        let (artifacts, files) = (Vec::new(), Vec::new());
        return Image { at, id, builder: None, artifacts, files, timeout };
    };
    let artifacts = section.texts(reader, "artifacts");
    let files = section.texts(reader, "files");
    let timeout = section.duration(reader, "timeout").map_or(BAKE_TIMEOUT, |it| it.value);
    let builder = builder(reader, &mut section, &word);
    if let (Some(Builder::Ami(_)), Some(file)) = (&builder, files.first()) {
        reader.report(
            Diagnostic::error("spec::image_files", format!("{} takes no files", section.what))
                .at(file.at, "a machine fetches artifacts alone")
                .help("put it into an artifact, or into a script of `provision`"),
        );
    }
    section.close(reader);
    Image { at, id, builder, artifacts, files, timeout }
}

fn builder(
    reader: &mut Reader<'_>,
    section: &mut Section,
    word: &Located<Arc<str>>,
) -> Option<Builder> {
    match &*word.value {
        "local" => Some(Builder::Local),
        "ami" => ami(reader, section).map(|it| Builder::Ami(Box::new(it))),
        "oci" => oci(reader, section).map(Builder::Oci),
        "command" => command(reader, section).map(Builder::Command),
        other => {
            // What else stands there belongs to a builder that is not known.
            section.table.clear();
            let message = format!("there is no builder `{other}`");
            reader.report(
                Diagnostic::error("spec::unknown_builder", message)
                    .at(word.at, "not known here")
                    .maybe_help(near::suggestion(other, BUILDERS)),
            );
            None
        }
    }
}

fn ami(reader: &mut Reader<'_>, section: &mut Section) -> Option<AmiBuilder> {
    let provider = section.text(reader, "provider");
    let (instance_type, base) =
        (section.required_text(reader, "instance_type"), base(reader, section));
    let builder = AmiBuilder {
        provider: provider.unwrap_or(Located { value: "aws".into(), at: section.at }),
        provision: section.texts(reader, "provision"),
        subnet_id: section.text(reader, "subnet_id"),
        security_group_ids: section.texts(reader, "security_group_ids"),
        iam_instance_profile: section.text(reader, "iam_instance_profile"),
        root_volume_size: section.number(reader, "root_volume_size", 1),
        tags: pairs(reader, section, "tags"),
        regions: section.texts(reader, "regions"),
        accounts: section.texts(reader, "accounts"),
        instance_type: instance_type?,
        base: base?,
    };
    Some(builder)
}

fn base(reader: &mut Reader<'_>, image: &mut Section) -> Option<AmiBase> {
    let what = image.of("base");
    if !image.table.contains_key("base") {
        image.missing(reader, "base");
    }
    let mut section = Section::open(reader, what, image.take("base")?)?;
    let base = AmiBase {
        at: section.at,
        id: section.text(reader, "id"),
        owners: section.texts(reader, "owners"),
        most_recent: section.flag(reader, "most_recent").is_some_and(|it| it.value),
        filters: filters(reader, &mut section),
    };
    let chooses = !base.owners.is_empty() || !base.filters.is_empty() || base.most_recent;
    if base.id.is_some() == chooses {
        reader.report(
            Diagnostic::error(
                "spec::base_image",
                format!("{} names one image, or says how to choose one", section.what),
            )
            .at(base.at, "this says both, or neither")
            .help("write `id`; or `owners`, `filter` and `most_recent`"),
        );
    }
    section.close(reader);
    Some(base)
}

/// Filters with one value or several.
fn filters(reader: &mut Reader<'_>, section: &mut Section) -> BTreeMap<Arc<str>, Vec<Arc<str>>> {
    let what = section.of("filter");
    let Some(section) = section.take("filter").and_then(|it| Section::open(reader, &*what, it))
    else {
        return BTreeMap::new();
    };
    let mut filters = BTreeMap::new();
    for (name, Field { key: _, value }) in section.table {
        let values = match value.kind {
            ItemKind::Text(_) => reader.text(value, &what).into_iter().collect(),
            _ => reader.texts(value, &what),
        };
        filters.insert(name, values.into_iter().map(|it| it.value).collect());
    }
    filters
}

fn oci(reader: &mut Reader<'_>, section: &mut Section) -> Option<OciBuilder> {
    let mut words = |key| section.texts(reader, key).into_iter().map(|it| it.value).collect();
    let (entrypoint, command) = (words("entrypoint"), words("command"));
    let mut text = |key| section.text(reader, key).map(|it| it.value);
    let (working_dir, user) = (text("working_dir"), text("user"));
    let platform = text("platform").unwrap_or_else(|| "linux/amd64".into());
    let repository = section.required_text(reader, "repository");
    let builder = OciBuilder {
        base: section.text(reader, "base"),
        folder: folder(reader, section),
        environment: pairs(reader, section, "environment"),
        labels: pairs(reader, section, "labels"),
        repository: repository?,
        entrypoint,
        command,
        working_dir,
        user,
        platform,
    };
    Some(builder)
}

fn folder(reader: &mut Reader<'_>, section: &mut Section) -> Arc<str> {
    let Some(folder) = section.text(reader, "folder") else { return "/".into() };
    if !folder.value.starts_with('/') {
        let message = format!("{} must be an absolute path", section.of("folder"));
        let relative = Diagnostic::error("spec::image_folder", message);
        reader.report(relative.at(folder.at, "it does not begin with `/`"));
    }
    folder.value
}

fn command(reader: &mut Reader<'_>, section: &mut Section) -> Option<CommandBuilder> {
    Some(CommandBuilder {
        exists: section.text(reader, "exists"),
        remove: section.text(reader, "remove"),
        version: section.text(reader, "version"),
        command: section.required_text(reader, "command")?,
    })
}

/// A table of strings.
fn pairs(
    reader: &mut Reader<'_>,
    section: &mut Section,
    key: &'static str,
) -> BTreeMap<Arc<str>, Arc<str>> {
    let what = section.of(key);
    let Some(section) = section.take(key).and_then(|it| Section::open(reader, &*what, it)) else {
        return BTreeMap::new();
    };
    let entries = section.table.into_iter();
    entries
        .filter_map(|(name, Field { key: _, value })| {
            Some((name, reader.text(value, &what)?.value))
        })
        .collect()
}
