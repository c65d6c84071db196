//! From the records that are there, and changes, to those that are to be.

use std::collections::BTreeMap;

use hickory_proto::rr::Name;

use super::RecordConfig;
use super::record::{Change, Record, RecordError, RecordSpec, Records, Refused, full_name};
use super::rules::{Face, conflict, misplaced};
use super::value::shown;
use crate::runtime::owner::Uid;

/// The records after the changes that can be made, and why the others cannot.
pub(super) fn resolve(
    name: &Name,
    mut records: Records,
    zone: &Uid,
    changes: &[Change],
) -> (Records, Refused) {
    let mut refused = Refused::new();
    let mut faces = faces(name, &records);
    for change in changes {
        let uid = change.uid();
        let wanted = match change {
            Change::Remove(_) => {
                records.remove(uid);
                faces.remove(uid);
                continue;
            }
            Change::Make(owner, config) => Some((owner, config)),
            Change::Alter(_, config) => records.get(uid).map(|it| (&it.owner, config)),
        };
        let missing = || RecordError::Missing { uid: uid.clone() };
        let fits = wanted.ok_or_else(missing).and_then(|(owner, config)| {
            let face = face(name, config)?;
            let others = faces.iter().filter(|(it, _)| *it != uid);
            check(name, &face, others, &records)?;
            let spec = RecordSpec { zone: zone.clone(), config: config.clone() };
            Ok((face, Record { owner: owner.clone(), spec }))
        });
        match fits {
            Ok((face, record)) => {
                faces.insert(uid.clone(), face);
                records.insert(uid.clone(), record);
            }
            Err(error) => drop(refused.insert(uid.clone(), error)),
        }
    }
    (records, refused)
}

/// What of the records matters to others. One that cannot be read stands in nobody's way.
fn faces(zone: &Name, records: &Records) -> BTreeMap<Uid, Face> {
    let face = |(uid, it): (&Uid, &Record)| Some((uid.clone(), face(zone, &it.spec.config).ok()?));
    records.iter().filter_map(face).collect()
}

/// Makes sure that a record can stand in its zone beside others.
fn check<'a>(
    zone: &Name,
    own: &Face,
    mut others: impl Iterator<Item = (&'a Uid, &'a Face)>,
    records: &Records,
) -> Result<(), RecordError> {
    if let Some(why) = misplaced(own, zone) {
        return Err(RecordError::Misplaced(why.to_owned()));
    }
    let found = others.find_map(|(uid, other)| Some((uid, conflict(own, other)?)));
    let Some((other, why)) = found else { return Ok(()) };
    let (name, other) = (shown(&own.name), &records[other].owner.address);
    Err(RecordError::Misplaced(format!("`{name}`: {why} `{other}`")))
}

fn face(zone: &Name, config: &RecordConfig) -> Result<Face, RecordError> {
    Ok(Face {
        name: full_name(zone, config)?,
        kind: config.kind,
        set_identifier: config.set_identifier().map(str::to_owned),
    })
}
