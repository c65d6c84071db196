//! What cannot be right of several planned objects beside each other: ports and records that two
//! of them want.

use std::collections::BTreeMap;

use greenroom_model::value::{Path, Step, Value};
use greenroom_provider::{CheckRequest, WrongArgument};

use crate::runtime::dns::{self, Face, RecordKind};

/// Checks all objects that are planned together; the answers come in their order.
pub(crate) fn check(planned: &[CheckRequest]) -> Vec<Vec<WrongArgument>> {
    let mut wrong: Vec<Vec<WrongArgument>> = planned.iter().map(|_| Vec::new()).collect();
    check_ports(planned, &mut wrong);
    check_records(planned, &mut wrong);
    wrong
}

/// Two objects cannot both have a port of one address, whatever this machine says now.
fn check_ports(planned: &[CheckRequest], wrong: &mut [Vec<WrongArgument>]) {
    let balancers = texts_by_id(planned, "local_load_balancer", "address");
    let mut owners: BTreeMap<(&str, i64), &CheckRequest> = BTreeMap::new();
    for (it, wrong) in planned.iter().zip(wrong) {
        let Some(port) = it.planned.get("port").and_then(Value::as_i64) else { continue };
        let address = match &*it.kind {
            "local_instance" | "local_dns_zone" => Some("127.0.0.1"),
            "local_listener" => text(it, "load_balancer").map(|id| match balancers.get(id) {
                Some(address) if *address != "own" => *address,
                // An address of its own, or one that is not planned here.
                _ => id,
            }),
            _ => None,
        };
        let Some(address) = address else { continue };
        if let Some(other) = owners.insert((address, port), it) {
            let message = format!("port {port} is also that of `{}`", other.address);
            let help = "leave `port` out to get a free one";
            wrong.push(mistake("port", message, Some(help)));
        }
    }
}

/// Records that cannot be in one zone, as far as their names are known.
fn check_records(planned: &[CheckRequest], wrong: &mut [Vec<WrongArgument>]) {
    let zones = texts_by_id(planned, "local_dns_zone", "name");
    let mut earlier: BTreeMap<(&str, String), Vec<(Face, &CheckRequest)>> = BTreeMap::new();
    for (it, wrong) in planned.iter().zip(wrong) {
        let Some((zone, face)) = face(it, &zones) else { continue };
        let known_zone = zones.get(zone).and_then(|name| dns::name(name).ok());
        if let Some(why) = known_zone.and_then(|name| dns::misplaced(&face, &name)) {
            wrong.push(mistake("type", why.to_owned(), None));
        }
        let beside = earlier.entry((zone, dns::shown(&face.name))).or_default();
        for (other, address) in beside.iter().map(|(face, it)| (face, &it.address)) {
            if let Some(why) = dns::conflict(&face, other) {
                wrong.push(mistake("name", format!("{why} `{address}`"), None));
                break;
            }
        }
        beside.push((face, it));
    }
}

/// What a record says to others, and the id of its zone; `None` if that is not known yet.
fn face<'a>(record: &'a CheckRequest, zones: &BTreeMap<&str, &str>) -> Option<(&'a str, Face)> {
    if &*record.kind != "local_dns_record" {
        return None;
    }
    let zone = text(record, "zone_id")?;
    // Of a zone that is not planned here the name is not known; any will do to compare by.
    let zone_name = dns::name(zones.get(zone).unwrap_or(&"invalid")).ok()?;
    let kind = text(record, "type")?;
    let set_identifier = record.planned.get("set_identifier")?;
    if set_identifier.has_pending() {
        return None;
    }
    let face = Face {
        name: dns::name_in(&zone_name, text(record, "name")?).ok()?,
        kind: RecordKind::ALL.into_iter().find(|it| it.name() == kind)?,
        set_identifier: set_identifier.as_str().map(str::to_owned),
    };
    Some((zone, face))
}

/// A text of all objects of a kind, by their ids.
fn texts_by_id<'a>(
    planned: &'a [CheckRequest],
    kind: &str,
    name: &str,
) -> BTreeMap<&'a str, &'a str> {
    let of_kind = planned.iter().filter(|it| &*it.kind == kind);
    of_kind.filter_map(|it| Some((text(it, "id")?, text(it, name)?))).collect()
}

fn text<'a>(it: &'a CheckRequest, name: &str) -> Option<&'a str> {
    it.planned.get(name).and_then(Value::as_str)
}

fn mistake(name: &str, message: String, help: Option<&str>) -> WrongArgument {
    let path = Path(vec![Step::Key(name.into())]);
    WrongArgument { path, message, help: help.map(str::to_owned) }
}
