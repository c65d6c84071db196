//! Reading records of zones.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use futures::FutureExt;
use futures::future::{join_all, try_join_all};
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure};

use super::record::{Key, Record};
use crate::aws::{Clients, Pace};
use crate::error::{ApiError, at};

/// How many records of a zone are asked for one by one; of more, all pages are read.
const FEW: usize = 4;

/// A record that is looked for: its zone and its key.
pub(crate) type Wanted = (Arc<str>, Key);

/// Gathers looks at records right before they are changed, so that the changes that follow come
/// together, too.
pub(crate) fn looks(clients: &Clients) -> Coalescer<Wanted, Option<Record>> {
    let client = clients.route53.clone();
    Coalescer::new(Pace::tick(), move |wanted| look(client.clone(), wanted).boxed())
}

async fn look(client: Client, wanted: Vec<Wanted>) -> Answers<Wanted, Option<Record>> {
    let mut zones: BTreeMap<Arc<str>, Vec<Key>> = BTreeMap::new();
    for (zone, key) in wanted {
        zones.entry(zone).or_default().push(key);
    }
    let client = &client;
    let answers = zones.into_iter().map(|(zone, keys)| async move {
        let found = those(client, &zone, &keys).await;
        let answer = |key: Key| {
            let answer = found.as_ref().map(|found| found.get(&key).cloned());
            ((zone.clone(), key), answer.map_err(Failure::clone))
        };
        keys.into_iter().map(answer).collect::<Vec<_>>()
    });
    join_all(answers).await.into_iter().flatten().collect()
}

/// Those of `keys` that a zone has; none if there is no such zone.
pub(super) async fn those(
    client: &Client,
    zone: &str,
    keys: &[Key],
) -> Result<BTreeMap<Key, Record>, Failure> {
    let found = match keys.len() <= FEW {
        true => try_join_all(keys.iter().map(|key| one(client, zone, key))).await,
        false => sets(client, zone).await.map(|it| vec![it]),
    };
    let found = match found {
        Err(error) if error.is_not_found() => return Ok(BTreeMap::new()),
        found => found?.into_iter().flatten().map(Record::read),
    };
    Ok(found.map(|it| (it.key(), it)).filter(|(key, _)| keys.contains(key)).collect())
}

/// The first record set from `key` on: that of the key, or another one if there is none.
async fn one(client: &Client, zone: &str, key: &Key) -> Result<Vec<ResourceRecordSet>, ApiError> {
    let call = client.list_resource_record_sets().hosted_zone_id(zone);
    let call = call
        .start_record_name(&key.name)
        .start_record_type(RrType::from(key.kind.as_str()))
        .set_start_record_identifier(key.set_identifier.clone())
        .max_items(1);
    let answer = call.send().await.map_err(at("route53:ListResourceRecordSets"))?;
    Ok(answer.resource_record_sets)
}

/// All record sets of a zone as AWS has them, page by page.
pub(in super::super) async fn sets(
    client: &Client,
    zone: &str,
) -> Result<Vec<ResourceRecordSet>, ApiError> {
    let first = client.list_resource_record_sets().hosted_zone_id(zone).max_items(300);
    let mut call = first.clone();
    let mut sets = Vec::new();
    loop {
        let answer = call.send().await.map_err(at("route53:ListResourceRecordSets"))?;
        sets.extend(answer.resource_record_sets);
        if !answer.is_truncated {
            return Ok(sets);
        }
        call = first
            .clone()
            .set_start_record_name(answer.next_record_name)
            .set_start_record_type(answer.next_record_type)
            .set_start_record_identifier(answer.next_record_identifier);
    }
}
