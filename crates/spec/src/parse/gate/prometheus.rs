//! `prometheus`.

use greenroom_model::gate::Prometheus;

use super::bounds::{Unit, bounds, some_bound};
use super::companion::companion;
use super::probe::{required_string, string};
use crate::node::Node;
use crate::parse::item::Item;
use crate::parse::reader::Reader;
use crate::parse::section::Section;

pub(super) fn read(
    reader: &mut Reader<'_>,
    gate: &mut Section,
    item: Item,
) -> Option<Prometheus<Node>> {
    some_bound(reader, gate, item.at, &["max", "min"]);
    let bounds = bounds(reader, gate, Unit::Plain);
    let companion = companion(reader, gate).map(|item| string(reader, item, &gate.of("companion")));
    let mut section = Section::open(reader, gate.of("prometheus"), item)?;
    let url = required_string(reader, &mut section, "url");
    let query = required_string(reader, &mut section, "query");
    section.close(reader);
    Some(Prometheus { url: url?, query: query?, bounds, companion })
}
