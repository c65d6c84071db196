//! `aws_route53_zone`: a zone of the DNS, public or of VPCs.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
use aws_sdk_route53::types::{
    Change as RecordChange, ChangeAction, ChangeBatch, HostedZone, HostedZoneConfig, RrType,
    TagResourceType, Vpc, VpcRegion,
};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use super::route53::{self, bare_id, normal_name};
use super::route53_record::list;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, Condition, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;
use crate::tags::{self, Tags};

mod vpcs;

/// The type `aws_route53_zone`.
pub(crate) struct Zone;

/// How many zones are asked for one by one; of more, all pages are read.
const FEW: usize = 3;

/// How many records `force_destroy` deletes at a time (Route 53 Developer Guide, "Quotas").
const CHUNK: usize = 500;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    name: String,
    comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_set_id: Option<Option<String>>,
    #[serde(skip_serializing)]
    force_destroy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc: Option<Option<BTreeSet<ZoneVpc>>>,
    arn: String,
    zone_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_servers: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_name_server: Option<Option<String>>,
}

/// A VPC in which a private zone is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(default)]
struct ZoneVpc {
    vpc_id: String,
    /// None for the provider's own.
    vpc_region: Option<String>,
}

#[async_trait]
impl Resource for Zone {
    fn schema(&self) -> TypeSchema {
        TypeSchema::new("aws_route53_zone", "A zone of the DNS, public or of VPCs.", attributes())
    }

    fn tagging(&self) -> Tagging {
        Tagging::Route53(TagResourceType::Hostedzone)
    }

    fn propose(&self, draft: &mut Draft) {
        propose(draft);
    }

    fn named_like_id(&self) -> Option<&'static str> {
        Some("zone_id")
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let found = match sought {
            Sought::Ids(ids) if ids.len() <= FEW => {
                let mut found = Vec::new();
                for id in ids {
                    found.extend(get(aws, id).await?.map(|it| seen(aws, it)));
                }
                found
            }
            Sought::Ids(ids) => {
                let mut found = all(aws).await?;
                found.retain(|it| ids.iter().any(|id| **id == *bare_id(it.id())));
                found.into_iter().map(|it| seen_bare(aws, it)).collect()
            }
            _ => all(aws).await?.into_iter().map(|it| seen_bare(aws, it)).collect(),
        };
        let mut found = route53::with_tags(aws, TagResourceType::Hostedzone, found).await?;
        if let Sought::Uids(uids) = sought {
            let is_one = |it: &Seen| {
                let uid = it.tags.get(tags::UID);
                uids.iter().any(|wanted| uid.is_some_and(|uid| **uid == *wanted.0))
            };
            found.retain(is_one);
        }
        let pending = aws.batches.changes.pending(aws, found.iter().map(|it| &it.id)).await?;
        let with_condition = |it: Seen| match pending.contains(&it.id) {
            true => it.but(Condition::Pending("PENDING".to_owned())),
            false => it,
        };
        Ok(found.into_iter().map(with_condition).collect())
    }

    async fn look_closer(&self, aws: &Aws, seen: &mut Seen) -> Result<(), Failure> {
        let Some(found) = get(aws, &seen.id).await? else { return Ok(()) };
        let servers = name_servers(aws, &found).await?;
        let closer = Attributes {
            primary_name_server: Some(servers.first().cloned()),
            name_servers: Some(servers.into_iter().collect()),
            ..read(aws, &found)
        };
        seen.add(&closer, &self.schema());
        Ok(())
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let vpc = wanted.vpcs().first().map(|it| it.written(aws));
        let config = HostedZoneConfig::builder()
            .set_comment(wanted.comment.clone().filter(|it| !it.is_empty()))
            .private_zone(vpc.is_some())
            .build();
        let reference = route53::reference(new);
        let answer = patiently(aws.pace, "route53:CreateHostedZone", || {
            let call = aws.again.route53.create_hosted_zone().name(&wanted.name);
            call.caller_reference(&reference)
                .hosted_zone_config(config.clone())
                .set_vpc(vpc.clone())
                .set_delegation_set_id(wanted.delegation_set_id.clone().flatten())
                .send()
        })
        .await?;
        let id = answer.hosted_zone.map(|it| bare_id(&it.id).to_owned());
        let id = ec2::given(id, "route53:CreateHostedZone")?;
        if let Some(change) = answer.change_info {
            aws.batches.changes.note(&id, change.id.as_str().into());
        }
        Ok(id)
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        route53::tag(aws, TagResourceType::Hostedzone, object).await?;
        let wanted: Attributes = typed(&object.attributes)?;
        let others = wanted.vpcs();
        match others.len() {
            0 | 1 => Ok(()),
            _ => vpcs::become_those(aws, &object.id, &others).await,
        }
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        if change.of("comment") {
            let call = aws.again.route53.update_hosted_zone_comment().id(&*change.object.id);
            let call = call.comment(wanted.comment.clone().unwrap_or_default()).send();
            call.await.map_err(at("route53:UpdateHostedZoneComment"))?;
        }
        if change.of("vpc") {
            vpcs::become_those(aws, &change.object.id, &wanted.vpcs()).await?;
        }
        Ok(())
    }

    fn takes_along(&self) -> &'static [&'static str] {
        &["force_destroy"]
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        if object.attributes.get("force_destroy").and_then(Value::as_bool) == Some(true) {
            empty(aws, &object.id).await?;
        }
        let call = aws.again.route53.delete_hosted_zone().id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("route53:DeleteHostedZone")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let Some(found) = get(aws, &object.id).await? else { return Ok(Vec::new()) };
        let count = found.hosted_zone.and_then(|it| it.resource_record_set_count);
        // Its own two, which tell of the zone, go with it.
        let others = count.unwrap_or_default().saturating_sub(2);
        let text = format!("{others} records in it; `force_destroy` would delete them");
        Ok((others > 0).then_some(text).into_iter().collect())
    }
}

fn attributes() -> [(&'static str, Attribute); 9] {
    let text = || Type::String;
    let vpc = Type::object([
        ("vpc_id", Attribute::required(text(), "The VPC.")),
        ("vpc_region", Attribute::optional(text(), "Its region, if not the provider's.")),
    ]);
    [
        ("name", Attribute::required(text(), "Its name, such as `example.com`.").replaces()),
        ("comment", Attribute::optional(text(), "What it is for.").default("Managed by Greenroom")),
        (
            "delegation_set_id",
            Attribute::optional(text(), "A set of name servers to take.").replaces().single(),
        ),
        (
            "force_destroy",
            Attribute::optional(Type::Bool, "Whether its records are deleted with it.")
                .default(false)
                .write_only(),
        ),
        (
            "vpc",
            Attribute::optional(Type::set(vpc), "The VPCs in which a private zone is seen.")
                .needs_exists()
                .single(),
        ),
        ("arn", Attribute::computed(text(), "Its ARN.")),
        ("zone_id", Attribute::computed(text(), "Its id.")),
        (
            "name_servers",
            Attribute::computed(Type::list(text()), "Its name servers, sorted.").single(),
        ),
        (
            "primary_name_server",
            Attribute::computed(text(), "The first of its name servers.").single(),
        ),
    ]
}

fn propose(draft: &mut Draft) {
    if let Some(name) = draft.given("name").and_then(Value::as_str) {
        let name = normal_name(name);
        let fits = name.len() <= 255 && name.split('.').all(|it| (1..=63).contains(&it.len()));
        draft.expect(fits, "name", "a name has at most 255 characters, 1 to 63 between two dots");
        draft.set("name", name);
    }
    let comment = draft.given("comment").and_then(Value::as_str);
    let fits = comment.is_none_or(|it| it.chars().count() <= 256);
    draft.expect(fits, "comment", "it has at most 256 characters");
    if draft.known("vpc").and_then(Value::as_list).is_some_and(<[Value]>::is_empty) {
        draft.set("vpc", Value::Null);
    }
    let is_private = |it: Option<&Value>| it.is_some_and(|it| !it.is_null());
    let now = is_private(draft.planned("vpc"));
    let before = draft.prior().map(|prior| is_private(prior.get("vpc")));
    if before.is_some_and(|before| before != now) {
        draft.replaces("vpc");
    }
    let set = is_private(draft.planned("delegation_set_id"));
    draft.expect(!(now && set), "delegation_set_id", "a private zone has none");
}

async fn all(aws: &Aws) -> Result<Vec<HostedZone>, Failure> {
    let pages = aws.again.route53.list_hosted_zones().into_paginator().items();
    let zones = pages.send().collect::<Result<Vec<_>, _>>().await;
    Ok(zones.map_err(at("route53:ListHostedZones"))?)
}

/// A zone with all that is known of it; `None` if there is none.
async fn get(aws: &Aws, id: &str) -> Result<Option<GetHostedZoneOutput>, Failure> {
    let answer = aws.again.route53.get_hosted_zone().id(id).send().await;
    match answer.map_err(at("route53:GetHostedZone")) {
        Err(error) if error.is_not_found() => Ok(None),
        answer => Ok(Some(answer?)),
    }
}

fn seen(aws: &Aws, found: GetHostedZoneOutput) -> Seen {
    let attributes = read(aws, &found);
    let reference = found.hosted_zone.map(|it| it.caller_reference).unwrap_or_default();
    let tags = route53::with_reference(Tags::new(), &reference);
    Seen::ready(attributes.zone_id.clone(), tags, &attributes)
}

fn seen_bare(aws: &Aws, zone: HostedZone) -> Seen {
    let attributes = read_bare(aws, &zone);
    let tags = route53::with_reference(Tags::new(), &zone.caller_reference);
    Seen::ready(attributes.zone_id.clone(), tags, &attributes)
}

fn read(aws: &Aws, found: &GetHostedZoneOutput) -> Attributes {
    let vpcs: BTreeSet<ZoneVpc> = found.vpcs().iter().map(|it| ZoneVpc::read(aws, it)).collect();
    // A set that is the zone's alone has no id, or an empty one.
    let set = found.delegation_set().and_then(|it| it.id()).filter(|it| !it.is_empty());
    Attributes {
        vpc: Some((!vpcs.is_empty()).then_some(vpcs)),
        delegation_set_id: Some(set.map(|it| bare_id(it).to_owned())),
        ..found.hosted_zone().map(|it| read_bare(aws, it)).unwrap_or_default()
    }
}

fn read_bare(aws: &Aws, zone: &HostedZone) -> Attributes {
    let id = bare_id(&zone.id).to_owned();
    let comment = zone.config().and_then(|it| it.comment()).unwrap_or_default();
    Attributes {
        name: normal_name(&zone.name),
        comment: Some(comment.to_owned()),
        arn: format!("arn:{}:route53:::hostedzone/{id}", aws.partition()),
        zone_id: id,
        ..Attributes::default()
    }
}

/// The name servers of a zone; a private one says them only in its record.
async fn name_servers(aws: &Aws, found: &GetHostedZoneOutput) -> Result<Vec<String>, Failure> {
    if let Some(set) = found.delegation_set() {
        return Ok(set.name_servers().iter().map(|it| normal_name(it)).collect());
    }
    let Some(zone) = found.hosted_zone() else { return Ok(Vec::new()) };
    let call = aws.again.route53.list_resource_record_sets().hosted_zone_id(zone.id());
    let call = call.start_record_name(zone.name()).start_record_type(RrType::Ns).max_items(1);
    let answer = call.send().await.map_err(at("route53:ListResourceRecordSets"))?;
    let record = answer.resource_record_sets.into_iter().find(|it| it.r#type == RrType::Ns);
    let values = record.and_then(|it| it.resource_records).unwrap_or_default();
    Ok(values.iter().map(|it| normal_name(it.value())).collect())
}

/// Deletes all records of a zone but the two that tell of the zone itself.
async fn empty(aws: &Aws, id: &str) -> Result<(), Failure> {
    let Some(name) = aws.batches.zone_names.one(id).await? else { return Ok(()) };
    let mut sets = list::sets(&aws.again.route53, id).await?;
    sets.retain(|it| {
        !(normal_name(it.name()) == *name && matches!(it.r#type(), RrType::Soa | RrType::Ns))
    });
    for chunk in sets.chunks(CHUNK) {
        let deletes = chunk.iter().map(|set| {
            let change = RecordChange::builder().action(ChangeAction::Delete);
            let change = change.resource_record_set(set.clone()).build();
            change.expect("a change with action and record is complete")
        });
        let batch = ChangeBatch::builder().set_changes(Some(deletes.collect())).build();
        let batch = batch.expect("a batch with changes is complete");
        patiently(aws.pace, "route53:ChangeResourceRecordSets", || {
            let call = aws.again.route53.change_resource_record_sets().hosted_zone_id(id);
            call.change_batch(batch.clone()).send()
        })
        .await?;
    }
    Ok(())
}

impl Attributes {
    fn vpcs(&self) -> Vec<ZoneVpc> {
        self.vpc.iter().flatten().flatten().cloned().collect()
    }
}

impl ZoneVpc {
    fn read(aws: &Aws, vpc: &Vpc) -> ZoneVpc {
        let region = vpc.vpc_region().map(|it| it.as_str().to_owned());
        ZoneVpc {
            vpc_id: vpc.vpc_id().unwrap_or_default().to_owned(),
            vpc_region: region.filter(|it| it != aws.region()),
        }
    }

    fn written(&self, aws: &Aws) -> Vpc {
        let region = self.vpc_region.as_deref().unwrap_or_else(|| aws.region());
        Vpc::builder().vpc_id(&self.vpc_id).vpc_region(VpcRegion::from(region)).build()
    }
}
