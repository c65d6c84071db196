//! Numbers of gates, and between what they are to be.

use greenroom_model::gate::Bounds;
use greenroom_model::value::Number;

use super::probe::{listed, wrong};
use crate::parse::item::{Item, ItemKind};
use crate::parse::reader::Reader;
use crate::parse::section::Section;
use crate::source::Place;

/// How a kind of number is written.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    /// As a number.
    Plain,
    /// As a text such as `"1%"`, so that nobody takes a hundredth for a percentage.
    Percent,
}

/// `max` and `min`.
pub(super) fn bounds(reader: &mut Reader<'_>, section: &mut Section, unit: Unit) -> Bounds {
    let max_at = section.table.get("max").map(|field| field.value.at);
    let mut bound = |key| amount(reader, section, key, unit);
    let (max, min) = (bound("max"), bound("min"));
    if let (Some(least), Some(most), Some(at)) = (min, max, max_at)
        && most < least
    {
        let message = format!("{} lets nothing pass", section.what);
        wrong(reader, at, message, "less than `min`");
    }
    Bounds { max, min }
}

/// Says so if a gate has none of the bounds that it may have.
pub(super) fn some_bound(
    reader: &mut Reader<'_>,
    section: &Section,
    at: Place,
    bounds: &[&'static str],
) {
    let is_there = bounds.iter().any(|key| section.table.contains_key(*key));
    if !is_there && !reader.damaged {
        let message = format!("{} lets everything pass", section.what);
        wrong(reader, at, message, &format!("give it {}", listed(bounds, "or")));
    }
}

fn amount(
    reader: &mut Reader<'_>,
    section: &mut Section,
    key: &'static str,
    unit: Unit,
) -> Option<Number> {
    let item = section.take(key)?;
    let what = section.of(key);
    match unit {
        Unit::Plain => number(reader, item, &what, "a number", |_| true),
        Unit::Percent => percent(reader, &item, &what),
    }
}

/// A number that `fits`.
pub(super) fn number(
    reader: &mut Reader<'_>,
    item: Item,
    what: &str,
    wanted: &str,
    fits: impl Fn(f64) -> bool,
) -> Option<Number> {
    let found = match &item.kind {
        ItemKind::Scalar(value) => value.as_number(),
        _ => None,
    };
    match found {
        Some(number) if fits(number.as_f64()) => Some(number),
        Some(number) => {
            let message = format!("{what} must be {wanted}, not {number}");
            wrong(reader, item.at, message, "not that");
            None
        }
        None => {
            reader.wrong(&item, what, wanted);
            None
        }
    }
}

fn percent(reader: &mut Reader<'_>, item: &Item, what: &str) -> Option<Number> {
    let wanted = "a percentage as text, such as \"0.5%\"";
    let ItemKind::Text(text) = &item.kind else {
        reader.wrong(item, what, wanted);
        return None;
    };
    let number = text.strip_suffix('%').and_then(|it| it.trim_end().parse::<f64>().ok());
    let number = number.filter(|it| (0.0..=100.0).contains(it));
    if number.is_none() {
        wrong(reader, item.at, format!("{what} must be {wanted}, not `{text}`"), "not that");
    }
    number.and_then(|it| Number::try_from(it).ok())
}
