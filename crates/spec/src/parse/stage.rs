//! Reads `[stage.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::item::{Field, ItemKind};
use super::project::providers;
use super::promotion;
use super::reader::{Reader, Strings};
use super::section::{Named, Section};
use crate::diagnostic::Diagnostic;
use crate::near;
use crate::node::Node;
use crate::project::{IMAGES_STAGE, OnFailure, Stage, Timeouts};
use crate::schemas::Schemas;
use crate::source::{Located, Place};

pub(super) fn read_all(
    reader: &mut Reader<'_>,
    root: &mut Section,
    schemas: &Schemas,
) -> BTreeMap<Arc<str>, Stage> {
    let mut stages = BTreeMap::new();
    for Named { name, key, item } in root.named(reader, "stage") {
        if &*name == IMAGES_STAGE {
            reserved(reader, &name, key);
        }
        if let Some(section) = Section::open(reader, format!("stage `{name}`"), item) {
            let located = Located { value: name.clone(), at: key };
            stages.insert(name, read(reader, located, section, schemas));
        }
    }
    stages
}

fn reserved(reader: &mut Reader<'_>, name: &str, key: Place) {
    reader.report(
        Diagnostic::error("spec::reserved_stage", format!("no stage can be named `{name}`"))
            .at(key, "reserved")
            .help("the states of images that are baked are under this name"),
    );
}

fn read(
    reader: &mut Reader<'_>,
    name: Located<Arc<str>>,
    mut section: Section,
    schemas: &Schemas,
) -> Stage {
    let lacks = ["template", "front"].map(|key| (key, !section.table.contains_key(key)));
    let stage = Stage {
        name,
        needs: section.texts(reader, "needs"),
        template: section.text(reader, "template"),
        front: section.text(reader, "front"),
        front_of: section.text(reader, "front_of"),
        ttl: section.duration(reader, "ttl"),
        max_environments: section.number(reader, "max_environments", 1),
        timeouts: timeouts(reader, &mut section),
        on_failure: on_failure(reader, &mut section),
        attest: section.flag(reader, "attest"),
        trusted_keys: section.given_texts(reader, "trusted_keys"),
        run: section.texts(reader, "run"),
        publish: section.texts(reader, "publish"),
        bake: section.texts(reader, "bake"),
        variables: variables(reader, &mut section),
        matrix: matrix(reader, &mut section),
        providers: providers(reader, section.take("provider"), schemas),
        promotion: promotion::read(reader, &mut section),
    };
    one_front(reader, &stage, &section);
    limits_something(reader, &stage, &section, lacks[0].1);
    attests_something(reader, &stage, &section, lacks[0].1);
    for (key, _) in lacks.into_iter().filter(|(_, lacks)| *lacks && stage.promotion.is_some()) {
        section.missing(reader, key);
    }
    section.close(reader);
    stage
}

fn variables(reader: &mut Reader<'_>, section: &mut Section) -> BTreeMap<Arc<str>, Node> {
    let what = section.of("variables");
    let Some(section) = section.take("variables").and_then(|it| Section::open(reader, what, it))
    else {
        return BTreeMap::new();
    };
    let fields = section.table.into_iter();
    fields
        .map(|(name, Field { key: _, value })| (name, reader.node(value, Strings::Plain)))
        .collect()
}

/// Values for variables; each a list that is not empty.
fn matrix(reader: &mut Reader<'_>, section: &mut Section) -> BTreeMap<Arc<str>, Vec<Node>> {
    let what = section.of("matrix");
    let Some(section) = section.take("matrix").and_then(|it| Section::open(reader, &*what, it))
    else {
        return BTreeMap::new();
    };
    let mut matrix = BTreeMap::new();
    for (name, Field { key: _, value }) in section.table {
        match value.kind {
            ItemKind::Array(items) if !items.is_empty() => {
                let values = items.into_iter().map(|it| reader.node(it, Strings::Plain));
                matrix.insert(name, values.collect());
            }
            _ => {
                reader.wrong(&value, &format!("`{name}` in {what}"), "a list of one value or more")
            }
        }
    }
    matrix
}

fn timeouts(reader: &mut Reader<'_>, stage: &mut Section) -> Timeouts {
    let what = stage.of("timeouts");
    let Some(mut section) = stage.take("timeouts").and_then(|it| Section::open(reader, what, it))
    else {
        return Timeouts::default();
    };
    let mut time = |key| Some(section.duration(reader, key)?.value);
    let timeouts = Timeouts { up: time("up"), run: time("run"), down: time("down") };
    section.close(reader);
    timeouts
}

fn on_failure(reader: &mut Reader<'_>, section: &mut Section) -> OnFailure {
    let Some(word) = section.text(reader, "on_failure") else { return OnFailure::default() };
    match &*word.value {
        "destroy" => OnFailure::Destroy,
        "keep" => OnFailure::Keep,
        "resume" => OnFailure::Resume,
        other => {
            let what = section.of("on_failure");
            let words = ["destroy", "keep", "resume"];
            reader.report(
                Diagnostic::error("spec::on_failure", format!("{what} cannot be `{other}`"))
                    .at(word.at, "not known here")
                    .maybe_help(near::suggestion(other, words)),
            );
            OnFailure::default()
        }
    }
}

fn one_front(reader: &mut Reader<'_>, stage: &Stage, section: &Section) {
    let (Some(front), Some(front_of)) = (&stage.front, &stage.front_of) else { return };
    let message = format!("{} has both `front` and `front_of`", section.what);
    reader.report(
        Diagnostic::error("spec::two_fronts", message)
            .at(front_of.at, "another stage's front")
            .at(front.at, "its own front")
            .help("keep the one that its environments shall stand behind"),
    );
}

/// Refuses a limit on environments in a stage that has none which come and go.
fn limits_something(reader: &mut Reader<'_>, stage: &Stage, section: &Section, no_template: bool) {
    let Some(limit) = &stage.max_environments else { return };
    let (why, help) = if stage.promotion.is_some() {
        ("promotes", "its promotions say how many environments it has: leave the limit out")
    } else if no_template && !reader.damaged {
        ("has no template", "only a stage with a `template` has environments")
    } else {
        return;
    };
    let message = format!("{} {why}, but has `max_environments`", section.what);
    reader.report(
        Diagnostic::error("spec::no_environments", message)
            .at(limit.at, "a limit on nothing")
            .help(help),
    );
}

/// Refuses to demand attestations of a stage that has no environments to attest.
fn attests_something(reader: &mut Reader<'_>, stage: &Stage, section: &Section, no_template: bool) {
    let Some(attest) = stage.attest.as_ref().filter(|it| it.value) else { return };
    if !no_template || reader.damaged {
        return;
    }
    let message = format!("{} has no template, but has `attest`", section.what);
    reader.report(
        Diagnostic::error("spec::no_environments", message)
            .at(attest.at, "nothing to attest")
            .help("what is attested is an environment that passed: give the stage a `template`"),
    );
}
