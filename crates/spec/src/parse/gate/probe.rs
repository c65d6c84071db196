//! What a gate asks: one question, and the keys that go with it.

use greenroom_model::address::{BlockName, Mode};
use greenroom_model::gate::{MinHealthy, Probe};

use super::{cloudwatch, prometheus, traffic};
use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::parse::item::{Field, Item, ItemKind};
use crate::parse::reader::{Reader, Strings};
use crate::parse::section::Section;
use crate::source::{Located, Place};

/// The status of a healthy answer, unless `expect` says otherwise.
const OK: u16 = 200;

/// Keys that ask something.
const QUESTIONS: [&str; 7] =
    ["http", "tcp", "command", "target_health", "prometheus", "metric", "cloudwatch"];

/// Keys that go with some of the questions.
const DETAILS: [(&str, &[&str]); 11] = [
    ("expect", &["http"]),
    ("min_healthy", &["target_health"]),
    ("max", &["prometheus", "metric", "cloudwatch"]),
    ("min", &["prometheus", "metric", "cloudwatch"]),
    ("missing", &["prometheus", "cloudwatch"]),
    ("companion", &["prometheus", "cloudwatch"]),
    ("quantile", &["metric"]),
    ("max_over_live", &["metric"]),
    ("min_samples", &["metric"]),
    ("window", &["metric"]),
    ("provider", &["cloudwatch"]),
];

/// The one probe of a gate, with the place of its question; none if there is none, or more.
pub(super) fn read(reader: &mut Reader<'_>, section: &mut Section) -> Option<Located<Probe<Node>>> {
    let mut asked: Vec<(&str, Field)> = Vec::new();
    for key in QUESTIONS {
        asked.extend(section.take_field(key).map(|field| (key, field)));
    }
    let Ok([(question, field)]) = <[_; 1]>::try_from(asked).map_err(|asked| {
        not_one(reader, section, &asked);
        DETAILS.iter().for_each(|(key, _)| drop(section.take(key)));
    }) else {
        return None;
    };
    let others = DETAILS.iter().filter(|(_, with)| !with.contains(&question));
    for (key, with) in others {
        misplaced(reader, section, key, &format!("only with {}", listed(with, "or")));
    }
    let at = field.value.at;
    let what = section.of(question);
    let value = match question {
        "http" => {
            let url = string(reader, field.value, &what);
            let Expected { status, body } = expected(reader, section);
            Probe::Http { url, status: status.unwrap_or(OK), body }
        }
        "tcp" => Probe::Tcp { endpoint: string(reader, field.value, &what) },
        "command" => argv(reader, field.value, &what)?,
        "target_health" => target_health(reader, section, field.value, &what)?,
        "prometheus" => Probe::Prometheus(prometheus::read(reader, section, field.value)?),
        "metric" => Probe::Traffic(traffic::read(reader, section, field.value)?),
        _ => Probe::Cloudwatch(cloudwatch::read(reader, section, field.value)?),
    };
    Some(Located { value, at })
}

fn not_one(reader: &mut Reader<'_>, section: &Section, asked: &[(&str, Field)]) {
    if asked.is_empty() && reader.damaged {
        return;
    }
    let questions = listed(&QUESTIONS, "and");
    let message = format!("{} needs exactly one of {questions}", section.what);
    let (place, label) = match asked {
        [_, (_, second), ..] => (second.key, "one more"),
        _ => (section.at, "none of them"),
    };
    reader.report(Diagnostic::error("spec::gate_probe", message).at(place, label));
}

/// Takes a key that has no meaning here, and says so.
pub(super) fn misplaced(
    reader: &mut Reader<'_>,
    section: &mut Section,
    key: &'static str,
    why: &str,
) {
    if let Some(field) = section.take_field(key) {
        let message = format!("{} has no meaning here", section.of(key));
        reader.report(Diagnostic::error("spec::gate_probe", message).at(field.key, why));
    }
}

/// Says that something is not what the key asks for.
pub(super) fn wrong(reader: &mut Reader<'_>, at: Place, message: String, label: &str) {
    reader.report(Diagnostic::error("spec::gate_probe", message).at(at, label));
}

pub(super) fn listed(keys: &[&str], last: &str) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    match quoted.split_last() {
        Some((end, rest)) if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// What `expect` says.
#[derive(Default)]
struct Expected {
    status: Option<u16>,
    body: Option<Node>,
}

fn expected(reader: &mut Reader<'_>, gate: &mut Section) -> Expected {
    let what = gate.of("expect");
    let section = gate.take("expect").and_then(|item| Section::open(reader, what, item));
    let Some(mut section) = section else { return Expected::default() };
    let status = section.take("status").and_then(|item| {
        let wanted = "a status from 100 to 599";
        reader.integer(item, &section.of("status"), wanted, 100..=599)
    });
    let body = section.take("body").map(|item| string(reader, item, &section.of("body")));
    section.close(reader);
    Expected { status: status.and_then(|status| u16::try_from(status.value).ok()), body }
}

/// A text with expressions in it.
pub(super) fn string(reader: &mut Reader<'_>, item: Item, what: &str) -> Node {
    if matches!(item.kind, ItemKind::Text(_)) {
        return reader.node(item, Strings::Templates);
    }
    reader.wrong(&item, what, "a string");
    Node::invalid(item.at)
}

/// A text with expressions in it, which must be there.
pub(super) fn required_string(
    reader: &mut Reader<'_>,
    section: &mut Section,
    key: &'static str,
) -> Option<Node> {
    match section.take(key) {
        Some(item) => Some(string(reader, item, &section.of(key))),
        None => {
            section.missing(reader, key);
            None
        }
    }
}

/// A program with its arguments.
pub(in crate::parse) fn argv(
    reader: &mut Reader<'_>,
    item: Item,
    what: &str,
) -> Option<Probe<Node>> {
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

fn target_health(
    reader: &mut Reader<'_>,
    section: &mut Section,
    item: Item,
    what: &str,
) -> Option<Probe<Node>> {
    let min_healthy = section.take("min_healthy").map(|item| {
        let what = section.of("min_healthy");
        min_healthy(reader, item, &what)
    });
    let Located { value, at } = reader.text(item, what)?;
    let block = value.parse::<BlockName>().ok().filter(|it| it.mode == Mode::Managed);
    if block.is_none() {
        let message = format!("{what} cannot be `{value}`");
        reader.report(
            Diagnostic::error("spec::gate_probe", message)
                .at(at, "no block")
                .help("name a block of the template, as in `local_target_group.web`"),
        );
    }
    let min_healthy = min_healthy.unwrap_or(Some(MinHealthy::Percent(100)))?;
    Some(Probe::TargetHealth { block: block?, min_healthy })
}

fn min_healthy(reader: &mut Reader<'_>, item: Item, what: &str) -> Option<MinHealthy> {
    let wanted = "a whole number of at least 1, or a whole percentage such as \"80%\"";
    if !matches!(item.kind, ItemKind::Text(_)) {
        let number = reader.integer(item, what, wanted, 1..=i64::from(u32::MAX))?;
        return u32::try_from(number.value).ok().map(MinHealthy::Targets);
    }
    let Located { value, at } = reader.text(item, what)?;
    let percent = value.strip_suffix('%').and_then(|it| it.trim_end().parse::<u8>().ok());
    match percent.filter(|it| (1..=100).contains(it)) {
        Some(percent) => Some(MinHealthy::Percent(percent)),
        None => {
            wrong(reader, at, format!("{what} must be {wanted}, not `{value}`"), "not that");
            None
        }
    }
}
