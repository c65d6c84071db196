//! Reads `[gate.NAME]`.

mod bounds;
mod cloudwatch;
mod companion;
pub(super) mod probe;
mod prometheus;
mod traffic;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::gate::{Gate, OnInconclusive, Pace};

use super::reader::Reader;
use super::section::{Named, Section};
use crate::diagnostic::Diagnostic;
use crate::near;
use crate::source::Located;
use crate::template::GateBlock;

pub(super) fn read_all(
    reader: &mut Reader<'_>,
    root: &mut Section,
) -> BTreeMap<Arc<str>, GateBlock> {
    let mut gates = BTreeMap::new();
    for Named { name, key, item } in root.named(reader, "gate") {
        let Some(mut section) = Section::open(reader, format!("gate `{name}`"), item) else {
            continue;
        };
        let pace = pace(reader, &mut section);
        let on_inconclusive = on_inconclusive(reader, &mut section);
        let probe = probe::read(reader, &mut section);
        section.close(reader);
        if let Some(Located { value: probe, at: asked_at }) = probe {
            let gate = Gate { probe, pace, on_inconclusive };
            gates.insert(name, GateBlock { at: key, asked_at, gate });
        }
    }
    gates
}

fn pace(reader: &mut Reader<'_>, section: &mut Section) -> Pace {
    let usual = Pace::default();
    let mut duration = |key, usual: Duration| {
        section.duration(reader, key).map_or(usual, |duration| duration.value)
    };
    let (initial_delay, interval) =
        (duration("initial_delay", usual.initial_delay), duration("interval", usual.interval));
    let (timeout, deadline) =
        (duration("timeout", usual.timeout), duration("deadline", usual.deadline));
    let mut number =
        |key, least, usual| section.number(reader, key, least).map_or(usual, |number| number.value);
    Pace {
        initial_delay,
        interval,
        timeout,
        successes: number("successes", 1, usual.successes),
        failure_limit: number("failure_limit", 0, usual.failure_limit),
        deadline,
    }
}

fn on_inconclusive(reader: &mut Reader<'_>, section: &mut Section) -> OnInconclusive {
    let Some(word) = section.text(reader, "on_inconclusive") else {
        return OnInconclusive::default();
    };
    match &*word.value {
        "halt" => OnInconclusive::Halt,
        "fail" => OnInconclusive::Fail,
        other => {
            let what = section.of("on_inconclusive");
            reader.report(
                Diagnostic::error("spec::on_inconclusive", format!("{what} cannot be `{other}`"))
                    .at(word.at, "not known here")
                    .maybe_help(near::suggestion(other, ["halt", "fail"])),
            );
            OnInconclusive::default()
        }
    }
}
