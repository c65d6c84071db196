//! Reads `[gate.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::gate::{Gate, Pace, Probe};

use super::item::{Item, ItemKind};
use super::reader::{Reader, Strings};
use super::section::{Named, Section};
use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::template::GateBlock;

/// The status of a healthy answer, unless `expect` says otherwise.
const OK: u16 = 200;

/// What `expect` says.
#[derive(Default)]
struct Expected {
    status: Option<u16>,
    body: Option<Node>,
}

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
        let probe = probe(reader, &mut section);
        section.close(reader);
        if let Some(probe) = probe {
            gates.insert(name, GateBlock { at: key, gate: Gate { probe, pace } });
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

/// The one probe of a gate; none if there is none, or more.
fn probe(reader: &mut Reader<'_>, section: &mut Section) -> Option<Probe<Node>> {
    let http = section.take_field("http");
    let tcp = section.take_field("tcp");
    let command = section.take_field("command");
    let expect = section.take_field("expect");
    let expect_at = expect.as_ref().map(|field| field.key);
    let expected = expect.map(|field| expected(reader, section, field.value)).unwrap_or_default();
    let given: Vec<_> = [&http, &tcp, &command].into_iter().flatten().map(|it| it.key).collect();
    if given.len() != 1 {
        if given.is_empty() && reader.damaged {
            return None;
        }
        let message = format!("{} needs exactly one of `http`, `tcp` and `command`", section.what);
        let place = given.get(1).copied().unwrap_or(section.at);
        let label = if given.is_empty() { "none of them" } else { "one more" };
        reader.report(Diagnostic::error("spec::gate_probe", message).at(place, label));
        return None;
    }
    if let (None, Some(at)) = (&http, expect_at) {
        reader.report(
            Diagnostic::error(
                "spec::gate_probe",
                format!("{} expects an HTTP answer without asking for one", section.what),
            )
            .at(at, "only with `http`"),
        );
    }
    if let Some(field) = http {
        let Expected { status, body } = expected;
        let url = string(reader, field.value, &section.of("http"));
        return Some(Probe::Http { url, status: status.unwrap_or(OK), body });
    }
    if let Some(field) = tcp {
        let endpoint = string(reader, field.value, &section.of("tcp"));
        return Some(Probe::Tcp { endpoint });
    }
    command.and_then(|field| argv(reader, field.value, &section.of("command")))
}

fn expected(reader: &mut Reader<'_>, gate: &Section, item: Item) -> Expected {
    let what = gate.of("expect");
    let Some(mut section) = Section::open(reader, what, item) else { return Expected::default() };
    let status = section.take("status").and_then(|item| {
        let wanted = "a status from 100 to 599";
        reader.integer(item, &section.of("status"), wanted, 100..=599)
    });
    let body = section.take("body").map(|item| string(reader, item, &section.of("body")));
    section.close(reader);
    Expected { status: status.and_then(|status| u16::try_from(status.value).ok()), body }
}

/// A text with expressions in it.
fn string(reader: &mut Reader<'_>, item: Item, what: &str) -> Node {
    if matches!(item.kind, ItemKind::Text(_)) {
        return reader.node(item, Strings::Templates);
    }
    reader.wrong(&item, what, "a string");
    Node::invalid(item.at)
}

fn argv(reader: &mut Reader<'_>, item: Item, what: &str) -> Option<Probe<Node>> {
    match item.kind {
        ItemKind::Array(items) if !items.is_empty() => {
            let argv = items.into_iter().map(|item| string(reader, item, what)).collect();
            Some(Probe::Command { argv })
        }
        _ => {
            reader.wrong(&item, what, "a list: the program and its arguments");
            None
        }
    }
}
