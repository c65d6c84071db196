//! `aws_lb_target_group_attachment`: a target in a target group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use greenroom_model::schema::{Attribute, Recognition, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, FailureKind, Object, typed};
use serde::{Deserialize, Serialize};

use super::elb;
use super::targets::{self, Listed, Target};
use crate::aws::Aws;
use crate::resource::{Change, Condition, New, Resource, Seen, Sent, Sought, Tagging};
use crate::tags::Tags;

/// The type `aws_lb_target_group_attachment`.
pub(crate) struct Attachment;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    target_group_arn: String,
    target_id: String,
    port: Option<i32>,
    availability_zone: Option<String>,
}

#[async_trait]
impl Resource for Attachment {
    fn schema(&self) -> TypeSchema {
        let schema = TypeSchema::new(
            "aws_lb_target_group_attachment",
            "A target in a target group.",
            attributes(),
        );
        TypeSchema { recognition: Recognition::Inside, per_call: targets::MOST, ..schema }
    }

    fn tagging(&self) -> Tagging {
        Tagging::None
    }

    fn propose(&self, draft: &mut Draft) {
        let port = draft.given("port").and_then(Value::as_i64);
        let fits = port.is_none_or(|it| (1..=65535).contains(&it));
        draft.expect(fits, "port", "a port is 1 to 65535");
    }

    /// Draining takes up to an hour, by the group's `deregistration_delay`.
    fn patience(&self) -> Duration {
        Duration::from_secs(65 * 60)
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["target_id", "target_group_arn", "port", "availability_zone"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let Sought::Ids(ids) = sought else { return Ok(Vec::new()) };
        let mut groups: BTreeMap<Arc<str>, Vec<(Arc<str>, Target)>> = BTreeMap::new();
        for id in ids {
            let Some(target) = parse(id) else { continue };
            groups.entry(target.group.clone()).or_default().push((id.clone(), target));
        }
        let seen = futures::stream::iter(groups).map(|(group, wanted)| async move {
            let listed = targets::list(&aws.again.elb, &group).await?;
            let found = wanted.into_iter().filter_map(|(id, target)| seen(id, target, &listed));
            Ok::<_, Failure>(found.collect::<Vec<_>>())
        });
        let seen: Vec<Vec<Seen>> = seen.buffered(elb::PARENTS).try_collect().await?;
        Ok(seen.into_iter().flatten().collect())
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let arguments: Attributes = typed(sent.arguments).ok()?;
        Some(Sought::Ids(vec![arguments.target().id().into()]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let target = typed::<Attributes>(&new.planned)?.target();
        let id = target.id();
        aws.batches.registrations.one(target).await?;
        Ok(id.into())
    }

    async fn update(&self, _: &Aws, change: &Change) -> Result<(), Failure> {
        let message = format!("`{}` has nothing to change", change.object.address);
        Err(Failure::new(FailureKind::Argument, message))
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let Some(target) = parse(&object.id) else { return Ok(Deleted::Gone) };
        match aws.batches.deregistrations.one(target).await {
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(Deleted::Gone),
            answer => answer.map(|()| Deleted::Accepted),
        }
    }

    /// Requests still run until AWS does not list the target any more.
    fn lingers(&self, _: &Seen) -> bool {
        true
    }
}

fn attributes() -> [(&'static str, Attribute); 4] {
    let text = || Type::String;
    [
        (
            "target_group_arn",
            Attribute::required(text(), "The target group.").replaces().needs_exists(),
        ),
        (
            "target_id",
            Attribute::required(
                text(),
                "The id of an instance, an address, or the ARN of a function or load balancer.",
            )
            .replaces(),
        ),
        (
            "port",
            Attribute::optional(Type::Number, "Its port; the group's if left out.").replaces(),
        ),
        (
            "availability_zone",
            Attribute::optional(text(), "The zone of an address outside the VPC, or `all`.")
                .replaces(),
        ),
    ]
}

/// The target as it is listed. One without a port of its own is any of its id, and rather one
/// that stays.
fn seen(id: Arc<str>, wanted: Target, listed: &[Listed]) -> Option<Seen> {
    let asked = wanted.written();
    let found = listed.iter().filter(|it| it.is(&asked)).min_by_key(|it| it.is_leaving)?;
    let attributes = Attributes {
        target_group_arn: wanted.group.to_string(),
        target_id: wanted.id,
        port: wanted.port,
        availability_zone: wanted.zone,
    };
    let seen = Seen::ready(id, Tags::new(), &attributes);
    Some(if found.is_leaving { seen.but(Condition::Going) } else { seen })
}

impl Attributes {
    fn target(&self) -> Target {
        Target {
            group: self.target_group_arn.as_str().into(),
            id: self.target_id.clone(),
            port: self.port,
            zone: self.availability_zone.clone(),
        }
    }
}

impl Target {
    /// `GROUP,TARGET`, then `,PORT` and `,ZONE` as far as they are given.
    fn id(&self) -> String {
        let mut id = format!("{},{}", self.group, self.id);
        if self.port.is_some() || self.zone.is_some() {
            id.push_str(&format!(",{}", self.port.map(|it| it.to_string()).unwrap_or_default()));
        }
        if let Some(zone) = &self.zone {
            id.push_str(&format!(",{zone}"));
        }
        id
    }
}

/// The target of an id.
fn parse(id: &str) -> Option<Target> {
    let mut parts = id.split(',');
    let (group, target) = (parts.next()?, parts.next()?);
    let port = match parts.next() {
        None | Some("") => None,
        Some(port) => Some(port.parse().ok()?),
    };
    let zone = parts.next().map(str::to_owned);
    Some(Target { group: group.into(), id: target.to_owned(), port, zone })
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::TargetDescription;

    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for (port, zone) in
            [(None, None), (Some(80), None), (Some(80), Some("all")), (None, Some("all"))]
        {
            let target = Target {
                group: "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/0a".into(),
                id: "i-1".to_owned(),
                port,
                zone: zone.map(str::to_owned),
            };
            assert_eq!(parse(&target.id()), Some(target));
        }
    }

    #[test]
    fn a_target_that_drains_is_on_its_way_out() {
        let listed = |is_leaving| {
            let target = TargetDescription::builder().id("i-1").port(80).build();
            [Listed { target, is_leaving }]
        };
        let wanted = || parse("arn,i-1").expect("an id");
        let condition =
            |listed: &[Listed]| seen("x".into(), wanted(), listed).map(|it| it.condition);
        assert_eq!(condition(&listed(false)), Some(Condition::Ready));
        assert_eq!(condition(&listed(true)), Some(Condition::Going));
        assert_eq!(condition(&[]), None);
    }
}
