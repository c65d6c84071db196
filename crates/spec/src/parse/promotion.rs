//! Reads `[stage.NAME.promotion]`.

use greenroom_model::plan::AtLimit;

use super::item::{Item, ItemKind};
use super::reader::Reader;
use super::section::Section;
use crate::diagnostic::Diagnostic;
use crate::near;
use crate::promotion::{Drain, Pause, Promotion, Soak, Step};
use crate::source::{Located, Place};

/// The word for a pause that lasts until somebody approves.
const APPROVAL: &str = "approval";
/// How much of what could be copied must have been, unless `coverage` says otherwise.
const COVERAGE: u8 = 90;

pub(super) fn read(reader: &mut Reader<'_>, stage: &mut Section) -> Option<Promotion> {
    let what = format!("the promotion of {}", stage.what);
    let item = stage.take("promotion")?;
    let mut section = Section::open(reader, what, item)?;
    let promotion = Promotion {
        soak: soak(reader, &mut section),
        steps: steps(reader, &mut section),
        pause: pause(reader, &mut section),
        gates: section.texts(reader, "gates"),
        watch: section.duration(reader, "watch"),
        drain: drain(reader, &mut section),
        retain: section.duration(reader, "retain"),
        require: section.given_texts(reader, "require"),
        max_age: section.duration(reader, "max_age"),
    };
    section.close(reader);
    Some(promotion)
}

/// `soak = "10m"`, or a table.
fn soak(reader: &mut Reader<'_>, section: &mut Section) -> Option<Soak> {
    let what = section.of("soak");
    let item = section.take("soak")?;
    if !matches!(item.kind, ItemKind::Table(_)) {
        let time = reader.duration(item, &what)?;
        return Some(Soak { time, mirror: 100, coverage: COVERAGE });
    }
    let mut section = Section::open(reader, what, item)?;
    if !section.table.contains_key("time") {
        section.missing(reader, "time");
    }
    let time = section.duration(reader, "time");
    let mirror = percent(reader, &mut section, "mirror", 0).unwrap_or(100);
    let coverage = percent(reader, &mut section, "coverage", 0).unwrap_or(COVERAGE);
    section.close(reader);
    Some(Soak { time: time?, mirror, coverage })
}

fn percent(
    reader: &mut Reader<'_>,
    section: &mut Section,
    key: &'static str,
    least: i64,
) -> Option<u8> {
    let item = section.take(key)?;
    let wanted = format!("a percentage from {least} to 100");
    let found = reader.integer(item, &section.of(key), &wanted, least..=100)?;
    u8::try_from(found.value).ok()
}

fn pause(reader: &mut Reader<'_>, section: &mut Section) -> Option<Pause> {
    let what = section.of("pause");
    let item = section.take("pause")?;
    match &item.kind {
        ItemKind::Text(text) if &**text == APPROVAL => Some(Pause::Approval),
        _ => reader.duration(item, &what).map(|it| Pause::For(it.value)),
    }
}

/// A list of weights, or a table that says how to make one.
fn steps(reader: &mut Reader<'_>, section: &mut Section) -> Vec<Step> {
    let what = section.of("steps");
    let Some(item) = section.take("steps") else { return Vec::new() };
    match item.kind {
        ItemKind::Array(items) => listed(reader, &what, item.at, items),
        ItemKind::Table(_) => made(reader, what, item),
        _ => {
            reader.wrong(&item, &what, "a list of weights such as `[5, 25, 100]`");
            Vec::new()
        }
    }
}

/// `[5, { weight = 25, pause = "approval" }, 100]`
fn listed(reader: &mut Reader<'_>, what: &str, at: Place, items: Vec<Item>) -> Vec<Step> {
    let complete = items.len();
    let steps: Vec<(Step, Place)> = items
        .into_iter()
        .filter_map(|item| {
            let place = item.at;
            Some((step(reader, what, item)?, place))
        })
        .collect();
    if steps.len() == complete {
        let falls = steps.windows(2).find(|pair| pair[0].0.weight >= pair[1].0.weight);
        let wrong = falls.map(|pair| (pair[1].1, "not more than the one before")).or_else(|| {
            let last = steps.last();
            (last.is_none_or(|(last, _)| last.weight != 100))
                .then(|| (last.map_or(at, |(_, at)| *at), "the last must be 100"))
        });
        if let Some((at, label)) = wrong {
            reader.report(
                Diagnostic::error("spec::weights", format!("{what} must rise to 100"))
                    .at(at, label)
                    .help("weights are percentages, such as `[5, 25, 50, 100]`"),
            );
        }
    }
    steps.into_iter().map(|(step, _)| step).collect()
}

fn step(reader: &mut Reader<'_>, what: &str, item: Item) -> Option<Step> {
    if !matches!(item.kind, ItemKind::Table(_)) {
        let weight = reader.integer(item, what, "weights from 1 to 100", 1..=100)?;
        return Some(Step { weight: u8::try_from(weight.value).ok()?, pause: None });
    }
    let mut section = Section::open(reader, format!("a step in {what}"), item)?;
    if !section.table.contains_key("weight") {
        section.missing(reader, "weight");
    }
    let weight = percent(reader, &mut section, "weight", 1);
    let pause = pause(reader, &mut section);
    section.close(reader);
    Some(Step { weight: weight?, pause })
}

/// `{ linear = 20 }` is 20, 40, 60, 80, 100; `{ canary = 5 }` is 5, 100.
fn made(reader: &mut Reader<'_>, what: String, item: Item) -> Vec<Step> {
    let Some(mut section) = Section::open(reader, what, item) else { return Vec::new() };
    let linear = percent(reader, &mut section, "linear", 1);
    let canary = percent(reader, &mut section, "canary", 1);
    let (what, at) = (section.what.clone(), section.at);
    section.close(reader);
    let weights: Vec<u8> = match (linear, canary) {
        (Some(each), None) => {
            (1..=100 / each).map(|n| n * each).filter(|it| *it < 100).chain([100]).collect()
        }
        (None, Some(first)) => [first].into_iter().filter(|it| *it < 100).chain([100]).collect(),
        _ => {
            reader.report(
                Diagnostic::error("spec::weights", format!("{what} needs one way to rise"))
                    .at(at, "one of `linear` and `canary`")
                    .help("write `{ linear = 20 }`, `{ canary = 5 }`, or the weights themselves"),
            );
            Vec::new()
        }
    };
    weights.into_iter().map(|weight| Step { weight, pause: None }).collect()
}

fn drain(reader: &mut Reader<'_>, section: &mut Section) -> Drain {
    let what = section.of("drain");
    let Some(item) = section.take("drain") else { return Drain::default() };
    if !matches!(item.kind, ItemKind::Table(_)) {
        let limit = reader.duration(item, &what);
        return Drain { limit, ..Drain::default() };
    }
    let Some(mut section) = Section::open(reader, what, item) else { return Drain::default() };
    let drain = Drain {
        quiet: section.duration(reader, "quiet"),
        limit: section.duration(reader, "limit"),
        at_limit: at_limit(reader, &mut section),
    };
    section.close(reader);
    drain
}

fn at_limit(reader: &mut Reader<'_>, section: &mut Section) -> AtLimit {
    let Some(Located { value, at }) = section.text(reader, "at_limit") else {
        return AtLimit::default();
    };
    match &*value {
        "halt" => AtLimit::Halt,
        "proceed" => AtLimit::Proceed,
        "roll_back" => AtLimit::RollBack,
        other => {
            let what = section.of("at_limit");
            let words = ["halt", "proceed", "roll_back"];
            reader.report(
                Diagnostic::error("spec::at_limit", format!("{what} cannot be `{other}`"))
                    .at(at, "not known here")
                    .maybe_help(near::suggestion(other, words)),
            );
            AtLimit::default()
        }
    }
}
