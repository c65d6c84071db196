//! `cloudwatch`: an alarm, or a series of values.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::gate::Cloudwatch;
use greenroom_model::metric::{MetricQuery, Series};

use super::bounds::{Unit, bounds, some_bound};
use super::companion::companion;
use super::probe::{misplaced, required_string, string};
use crate::node::Node;
use crate::parse::item::{Field, Item, ItemKind};
use crate::parse::reader::Reader;
use crate::parse::section::Section;

/// Over what time a value is, unless `period` says otherwise.
const PERIOD: Duration = Duration::from_secs(60);
/// The provider configuration that is asked, unless `provider` says otherwise.
const PROVIDER: &str = "aws";

pub(super) fn read(
    reader: &mut Reader<'_>,
    gate: &mut Section,
    item: Item,
) -> Option<Cloudwatch<Node>> {
    let at = item.at;
    let provider = gate.text(reader, "provider").map_or(PROVIDER.into(), |it| it.value);
    let section = Section::open(reader, gate.of("cloudwatch"), item);
    let is_alarm = section.as_ref().is_some_and(|it| it.table.contains_key("alarm"));
    if is_alarm {
        for key in ["max", "min", "missing", "companion"] {
            misplaced(reader, gate, key, "an alarm has bounds of its own");
        }
    } else {
        some_bound(reader, gate, at, &["max", "min"]);
    }
    let bounds = bounds(reader, gate, Unit::Plain);
    let companion = companion(reader, gate).and_then(|item| {
        let section = Section::open(reader, gate.of("companion"), item)?;
        series(reader, section)
    });
    let query = if is_alarm { alarm(reader, section?) } else { values(reader, section?) };
    Some(Cloudwatch { provider, query: query?, bounds, companion })
}

fn alarm(reader: &mut Reader<'_>, mut section: Section) -> Option<MetricQuery<Node>> {
    let name = required_string(reader, &mut section, "alarm");
    section.close(reader);
    name.map(|name| MetricQuery::Alarm { name })
}

fn values(reader: &mut Reader<'_>, section: Section) -> Option<MetricQuery<Node>> {
    series(reader, section).map(MetricQuery::Value)
}

fn series(reader: &mut Reader<'_>, mut section: Section) -> Option<Series<Node>> {
    let namespace = required_string(reader, &mut section, "namespace");
    let metric = required_string(reader, &mut section, "metric");
    let dimensions = dimensions(reader, &mut section);
    let statistic = section.required_text(reader, "statistic").map(|it| it.value);
    let period = section.duration(reader, "period").map_or(PERIOD, |it| it.value);
    section.close(reader);
    Some(Series {
        namespace: namespace?,
        metric: metric?,
        dimensions,
        statistic: statistic?,
        period,
    })
}

fn dimensions(reader: &mut Reader<'_>, section: &mut Section) -> BTreeMap<Arc<str>, Node> {
    let what = section.of("dimensions");
    let Some(item) = section.take("dimensions") else { return BTreeMap::new() };
    let ItemKind::Table(table) = item.kind else {
        reader.wrong(&item, &what, "a table of texts");
        return BTreeMap::new();
    };
    let mut dimension = |(name, Field { value, .. }): (Arc<str>, Field)| {
        let node = string(reader, value, &format!("`{name}` of {what}"));
        (name, node)
    };
    table.into_iter().map(&mut dimension).collect()
}
