//! Whether a zone's name server answers with a record, as who asks it sees it.

use hickory_proto::rr::Name;
use tokio::time::sleep;

use super::choice::{Candidate, chances};
use super::record::{self, RecordError, full_name, zone_name};
use super::{RecordConfig, ZoneStatus, client, value};
use crate::runtime::launch::LOOK;
use crate::runtime::owner::Uid;
use crate::runtime::root::Root;

/// Waits until a zone's name server answers with a record as it is recorded. One that has no chance
/// of being chosen now is not asked for: there it counts that it is served. Looks only.
///
/// # Errors
///
/// [`RecordError::Missing`] if there is no such record any more.
pub async fn answered(root: &Root, uid: &Uid) -> Result<(), RecordError> {
    while !is_answered(root, uid).await? {
        sleep(LOOK).await;
    }
    Ok(())
}

async fn is_answered(root: &Root, uid: &Uid) -> Result<bool, RecordError> {
    let missing = || RecordError::Missing { uid: uid.clone() };
    let record = record::look(root, uid)?.ok_or_else(missing)?;
    let zone = &record.spec.zone;
    let Some(status) = super::status(root, zone).await? else { return Ok(false) };
    if !record.is_active(Some(&status.running)) {
        return Ok(false);
    }
    let name = full_name(&zone_name(root, zone)?, &record.spec.config)?;
    if !has_chance(&status, uid, &name) {
        return Ok(true);
    }
    // A question or an answer that was lost is asked again at the next look.
    let asked = client::comes_up(status.running.config.port, &name, &record.spec.config).await;
    Ok(asked.unwrap_or(false))
}

/// Whether a record can be answered with, by the weights and the health of all of its name and type.
fn has_chance(status: &ZoneStatus, uid: &Uid, name: &Name) -> bool {
    let config = &status.running.config;
    let Ok(zone) = value::name(&config.name) else { return false };
    let Some(own) = config.records.get(uid.as_str()) else { return false };
    let beside = |it: &&(&String, &RecordConfig)| {
        it.1.kind == own.kind && value::name_in(&zone, &it.1.name).is_ok_and(|it| it == *name)
    };
    let all = config.records.iter();
    let together: Vec<(&String, &RecordConfig)> = all.filter(|it| beside(&it)).collect();
    let candidate = |(uid, it): &(&String, &RecordConfig)| Candidate {
        weight: it.weighted.as_ref().map_or(0, |weighted| weighted.weight),
        healthy: status.healthy.get(*uid).copied().unwrap_or(true),
    };
    let candidates: Vec<Candidate> = together.iter().map(candidate).collect();
    let own = together.iter().position(|(it, _)| it.as_str() == uid.as_str());
    own.is_some_and(|own| chances(&candidates)[own] > 0)
}
