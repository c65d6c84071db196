//! Reading records of a zone.

use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use futures::future::try_join_all;
use greenroom_provider::Failure;

use super::record::Record;
use crate::aws::Aws;
use crate::error::{ApiError, at};

/// The record with the name, type and identifier of `key`, as it is.
pub(super) async fn one(aws: &Aws, zone: &str, key: &Record) -> Result<Option<Record>, Failure> {
    let call = aws.again.route53.list_resource_record_sets().hosted_zone_id(zone);
    let call = call
        .start_record_name(&key.name)
        .start_record_type(RrType::from(key.kind.as_str()))
        .set_start_record_identifier(key.set_identifier.clone())
        .max_items(1);
    let answer = call.send().await.map_err(at("route53:ListResourceRecordSets"));
    let sets = match answer {
        Err(error) if error.is_not_found() => return Ok(None),
        answer => answer?.resource_record_sets,
    };
    // It starts with the first one behind, if there is none.
    Ok(sets.into_iter().map(Record::read).find(|it| it.key() == key.key()))
}

/// Those of `keys` that exist.
pub(super) async fn few(aws: &Aws, zone: &str, keys: &[Record]) -> Result<Vec<Record>, Failure> {
    let found = try_join_all(keys.iter().map(|key| one(aws, zone, key))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// All records of a zone; none if there is no such zone.
pub(super) async fn all(aws: &Aws, zone: &str) -> Result<Vec<Record>, Failure> {
    match sets(aws, zone).await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        answer => Ok(answer?.into_iter().map(Record::read).collect()),
    }
}

/// All record sets of a zone as AWS has them, page by page.
pub(in super::super) async fn sets(
    aws: &Aws,
    zone: &str,
) -> Result<Vec<ResourceRecordSet>, ApiError> {
    let first = aws.again.route53.list_resource_record_sets().hosted_zone_id(zone).max_items(300);
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
