//! `metric`: what has gone through the environment.

use greenroom_model::gate::{Measure, TrafficProbe};
use greenroom_model::value::Number;

use super::bounds::{Unit, bounds, number, some_bound};
use super::probe::misplaced;
use crate::diagnostic::Diagnostic;
use crate::near;
use crate::parse::item::Item;
use crate::parse::reader::Reader;
use crate::parse::section::Section;

/// Of which share of the answers the latency is, unless `quantile` says otherwise.
const QUANTILE: f64 = 0.95;
/// How many requests there must be, unless `min_samples` says otherwise.
const SAMPLES: u32 = 100;

pub(super) fn read(
    reader: &mut Reader<'_>,
    gate: &mut Section,
    item: Item,
) -> Option<TrafficProbe> {
    let at = item.at;
    let measure = measure(reader, gate, item);
    let unit = match measure {
        Some(Measure::ErrorRate) => Unit::Percent,
        _ => Unit::Plain,
    };
    if measure == Some(Measure::Requests) {
        misplaced(reader, gate, "max_over_live", "requests follow the weights");
        misplaced(reader, gate, "min_samples", "`min` says it");
    }
    let may_have: &[_] = match measure {
        Some(Measure::Requests) => &["max", "min"],
        _ => &["max", "min", "max_over_live"],
    };
    some_bound(reader, gate, at, may_have);
    let bounds = bounds(reader, gate, unit);
    let max_over_live = gate.take("max_over_live").and_then(|item| {
        number(reader, item, &gate.of("max_over_live"), "a number above 0", |it| it > 0.0)
    });
    let min_samples = gate.number(reader, "min_samples", 1).map_or(SAMPLES, |it| it.value);
    let window = gate.duration(reader, "window").map(|it| it.value);
    Some(TrafficProbe { measure: measure?, bounds, max_over_live, min_samples, window })
}

fn measure(reader: &mut Reader<'_>, gate: &mut Section, item: Item) -> Option<Measure> {
    let word = reader.text(item, &gate.of("metric"));
    let measure = word.as_ref().map(|it| &*it.value);
    if measure != Some("latency") {
        let measure = match measure {
            Some("error_rate") => Some(Measure::ErrorRate),
            Some("requests") => Some(Measure::Requests),
            _ => None,
        };
        if let (Some(word), None) = (&word, measure) {
            let message = format!("{} cannot be `{}`", gate.of("metric"), word.value);
            let known = ["error_rate", "latency", "requests"];
            reader.report(
                Diagnostic::error("spec::gate_probe", message)
                    .at(word.at, "not known here")
                    .maybe_help(near::suggestion(&word.value, known)),
            );
        }
        misplaced(reader, gate, "quantile", "only with `metric = \"latency\"`");
        return measure;
    }
    let given = gate.take("quantile").map(|item| {
        let wanted = "a number from 0.5 to 0.999";
        number(reader, item, &gate.of("quantile"), wanted, |it| (0.5..=0.999).contains(&it))
    });
    let usual = || Some(Number::try_from(QUANTILE).expect("it is finite"));
    Some(Measure::Latency { quantile: given.unwrap_or_else(usual)? })
}
