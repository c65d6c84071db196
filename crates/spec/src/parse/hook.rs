//! Reads `[hook.promoted]` and `[hook.demoted]`.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_model::gate::{Gate, Hook, OnInconclusive, Pace};

use super::gate::probe::argv;
use super::reader::Reader;
use super::section::{Named, Section};
use crate::diagnostic::Diagnostic;
use crate::near;
use crate::source::Place;
use crate::template::{GateBlock, TemplateKind};

/// How long a hook may take, unless `timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn read_all(
    reader: &mut Reader<'_>,
    root: &mut Section,
    kind: TemplateKind,
) -> BTreeMap<Hook, GateBlock> {
    let mut hooks = BTreeMap::new();
    for Named { name, key, item } in root.named(reader, "hook") {
        let Some(mut section) = Section::open(reader, format!("hook `{name}`"), item) else {
            continue;
        };
        let block = block(reader, &mut section, key);
        section.close(reader);
        if kind == TemplateKind::Front {
            reader.report(
                Diagnostic::error("spec::hook", "a front has no hooks")
                    .at(key, "nobody promotes a front")
                    .help("declare it in the template of the environments"),
            );
        } else if let Some(hook) = Hook::ALL.into_iter().find(|it| it.as_str() == &*name) {
            hooks.extend(block.map(|block| (hook, block)));
        } else {
            reader.report(
                Diagnostic::error("spec::hook", format!("there is no hook `{name}`"))
                    .at(key, "not known")
                    .maybe_help(near::suggestion(&name, Hook::ALL.map(Hook::as_str))),
            );
        }
    }
    hooks
}

fn block(reader: &mut Reader<'_>, section: &mut Section, at: Place) -> Option<GateBlock> {
    let timeout = section.duration(reader, "timeout").map_or(TIMEOUT, |it| it.value);
    let what = section.of("command");
    let Some(item) = section.take("command") else {
        section.missing(reader, "command");
        return None;
    };
    let asked_at = item.at;
    let probe = argv(reader, item, &what)?;
    let pace = Pace { timeout, failure_limit: 0, deadline: timeout, ..Pace::default() };
    let gate = Gate { probe, pace, on_inconclusive: OnInconclusive::Fail };
    Some(GateBlock { at, asked_at, gate })
}
