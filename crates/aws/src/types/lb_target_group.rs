//! `aws_lb_target_group`: targets that serve the same, and how their health is found out.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::create_target_group::builders::CreateTargetGroupFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    self as elb_types, Matcher, ProtocolEnum, TargetGroupAttribute, TargetGroupIpAddressTypeEnum,
    TargetTypeEnum,
};
use greenroom_model::schema::TypeSchema;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, Health, Object, typed};
use serde::{Deserialize, Serialize};

use super::elb::Which;
use super::{ec2, elb};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::patiently;
use crate::tags::Tags;

mod health;
mod propose;
mod schema;
mod traffic;

pub(crate) use health::{HealthReads, reads as health};
use schema::SETTINGS;
pub(crate) use traffic::{BalancerReads, reads as balancers};

/// The type `aws_lb_target_group`.
pub(crate) struct TargetGroup;

/// How many seconds a cookie lasts if nothing else is said.
const DAY: i64 = 86_400;

/// Its attributes, without settings.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    name: String,
    port: Option<i32>,
    protocol: Option<String>,
    protocol_version: Option<String>,
    vpc_id: Option<String>,
    target_type: String,
    ip_address_type: Option<String>,
    health_check: Option<Vec<HealthCheck>>,
    arn: String,
    arn_suffix: String,
    #[serde(skip_serializing)]
    stickiness: Option<Vec<Stickiness>>,
}

/// How the health of targets is found out.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct HealthCheck {
    enabled: Option<bool>,
    healthy_threshold: Option<i32>,
    interval: Option<i32>,
    matcher: Option<String>,
    path: Option<String>,
    port: Option<String>,
    protocol: Option<String>,
    timeout: Option<i32>,
    unhealthy_threshold: Option<i32>,
}

/// Which target a client comes back to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Stickiness {
    #[serde(rename = "type")]
    kind: String,
    enabled: Option<bool>,
    cookie_duration: Option<i64>,
    cookie_name: Option<String>,
}

#[async_trait]
impl Resource for TargetGroup {
    fn schema(&self) -> TypeSchema {
        schema::schema()
    }

    fn tagging(&self) -> Tagging {
        Tagging::Elb
    }

    fn propose(&self, draft: &mut Draft) {
        propose::propose(draft);
    }

    fn named_like_id(&self) -> Option<&'static str> {
        Some("arn")
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["name"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        elb::look(aws, sought, |which| async move {
            Ok(describe(&aws.again.elb, which).await?.into_iter().map(seen).collect())
        })
        .await
    }

    async fn look_closer(&self, aws: &Aws, seen: &mut Seen) -> Result<(), Failure> {
        let call = aws.again.elb.describe_target_group_attributes().target_group_arn(&*seen.id);
        let action = "elasticloadbalancing:DescribeTargetGroupAttributes";
        let answer = call.send().await.map_err(at(action))?;
        let pair = |it: TargetGroupAttribute| Some((it.key?, it.value.unwrap_or_default()));
        let all: BTreeMap<String, String> =
            answer.attributes.unwrap_or_default().into_iter().filter_map(pair).collect();
        let kind = seen.attributes.get("target_type").and_then(Value::as_str).unwrap_or_default();
        let settings = elb::read_settings(SETTINGS, kind, &all);
        seen.attributes.extend(settings);
        let stickiness = Stickiness::read(&all).map(|it| vec![it]);
        seen.attributes.insert("stickiness".into(), greenroom_provider::value(&stickiness));
        Ok(())
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let name = sent.arguments.get("name").and_then(Value::as_str)?;
        Some(Sought::Names(vec![name.to_owned()]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let taken = self.look(aws, &Sought::Names(vec![wanted.name.clone()])).await?;
        if let Some(arn) = elb::made_before(new, &taken)? {
            return Ok(arn);
        }
        let action = "elasticloadbalancing:CreateTargetGroup";
        let answer = patiently(aws.pace, action, || create(aws, &wanted, &new.tags).send()).await?;
        let made = answer.target_groups.and_then(|mut it| it.pop());
        elb::really_made(aws, new, made.and_then(|it| it.target_group_arn), action).await
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        write(aws, &object.id, &object.attributes, |_| true).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        if change.of("health_check") {
            let wanted: Attributes = typed(&change.planned)?;
            modify(aws, &change.object.id, wanted).await?;
        }
        write(aws, &change.object.id, &change.planned, |name| change.of(name)).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.elb.delete_target_group().target_group_arn(&*object.id);
        ec2::deleted(call.send().await.map_err(at("elasticloadbalancing:DeleteTargetGroup")))
    }

    async fn traffic(&self, aws: &Aws, object: &Object) -> Result<Traffic, Failure> {
        traffic::of(aws, &object.id).await
    }

    async fn health(&self, aws: &Aws, object: &Object) -> Result<Health, Failure> {
        aws.reads.health.one(object.id.clone()).await
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let groups = describe(&aws.again.elb, Which::Arn(object.id.to_string())).await?;
        let arns = groups.into_iter().filter_map(|it| it.load_balancer_arns).flatten();
        Ok(arns.map(|arn| format!("load balancer {arn}")).collect())
    }
}

/// The target group of an ARN or of a name, or all of them.
async fn describe(elb: &Client, which: Which) -> Result<Vec<elb_types::TargetGroup>, Failure> {
    let call = elb.describe_target_groups();
    let call = match which {
        Which::Arn(arn) => call.target_group_arns(arn),
        Which::Name(name) => call.names(name),
        Which::All => call,
    };
    let groups = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    match groups.map_err(at("elasticloadbalancing:DescribeTargetGroups")) {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        answer => Ok(answer?),
    }
}

fn seen(group: elb_types::TargetGroup) -> Seen {
    let arn = group.target_group_arn.clone().unwrap_or_default();
    let health_check = HealthCheck::read(&group);
    let attributes = Attributes {
        name: group.target_group_name.unwrap_or_default(),
        port: group.port,
        protocol: group.protocol.map(|it| it.as_str().to_owned()),
        protocol_version: group.protocol_version,
        vpc_id: group.vpc_id,
        target_type: group.target_type.map_or("instance".into(), |it| it.as_str().to_owned()),
        ip_address_type: group.ip_address_type.map(|it| it.as_str().to_owned()),
        health_check: Some(vec![health_check]),
        arn_suffix: arn.rsplit(':').next().unwrap_or_default().to_owned(),
        arn: arn.clone(),
        stickiness: None,
    };
    Seen::ready(arn, Tags::new(), &attributes)
}

fn create(aws: &Aws, wanted: &Attributes, tags: &Tags) -> CreateTargetGroupFluentBuilder {
    let check = wanted.health_check.iter().flatten().next().cloned().unwrap_or_default();
    let call = aws.once.elb.create_target_group();
    call.name(&wanted.name)
        .target_type(TargetTypeEnum::from(wanted.target_type.as_str()))
        .set_port(wanted.port)
        .set_protocol(wanted.protocol.as_deref().map(ProtocolEnum::from))
        .set_protocol_version(wanted.protocol_version.clone())
        .set_vpc_id(wanted.vpc_id.clone())
        .set_ip_address_type(
            wanted.ip_address_type.as_deref().map(TargetGroupIpAddressTypeEnum::from),
        )
        .set_health_check_enabled(check.enabled)
        .set_healthy_threshold_count(check.healthy_threshold)
        .set_health_check_interval_seconds(check.interval)
        .set_matcher(matcher(wanted, &check))
        .set_health_check_path(check.path)
        .set_health_check_port(check.port)
        .set_health_check_protocol(check.protocol.as_deref().map(ProtocolEnum::from))
        .set_health_check_timeout_seconds(check.timeout)
        .set_unhealthy_threshold_count(check.unhealthy_threshold)
        .set_tags(Some(elb::sdk_tags(tags)))
}

async fn modify(aws: &Aws, arn: &str, wanted: Attributes) -> Result<(), Failure> {
    let check = wanted.health_check.iter().flatten().next().cloned().unwrap_or_default();
    let call = aws.again.elb.modify_target_group().target_group_arn(arn);
    let call = call
        .set_health_check_enabled(check.enabled)
        .set_healthy_threshold_count(check.healthy_threshold)
        .set_health_check_interval_seconds(check.interval)
        .set_matcher(matcher(&wanted, &check))
        .set_health_check_path(check.path)
        .set_health_check_port(check.port)
        .set_health_check_protocol(check.protocol.as_deref().map(ProtocolEnum::from))
        .set_health_check_timeout_seconds(check.timeout)
        .set_unhealthy_threshold_count(check.unhealthy_threshold);
    call.send().await.map_err(at("elasticloadbalancing:ModifyTargetGroup"))?;
    Ok(())
}

fn matcher(wanted: &Attributes, check: &HealthCheck) -> Option<Matcher> {
    let codes = check.matcher.clone()?;
    let is_grpc = wanted.protocol_version.as_deref() == Some("GRPC");
    let matcher = Matcher::builder();
    Some(if is_grpc { matcher.grpc_code(codes) } else { matcher.http_code(codes) }.build())
}

/// Writes the settings and the stickiness that `is_wanted` picks.
async fn write(
    aws: &Aws,
    arn: &str,
    planned: &Value,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let wanted: Attributes = typed(planned)?;
    let mut all = elb::written_settings(SETTINGS, &wanted.target_type, planned, &is_wanted);
    let stickiness = wanted.stickiness.filter(|_| is_wanted("stickiness"));
    all.extend(stickiness.into_iter().flatten().flat_map(|it| it.written()));
    if all.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value)| TargetGroupAttribute::builder().key(key).value(value).build();
    let attributes: Vec<_> = all.into_iter().map(attribute).collect();
    patiently(aws.pace, "elasticloadbalancing:ModifyTargetGroupAttributes", || {
        let call = aws.again.elb.modify_target_group_attributes().target_group_arn(arn);
        call.set_attributes(Some(attributes.clone())).send()
    })
    .await?;
    Ok(())
}

impl HealthCheck {
    fn read(group: &elb_types::TargetGroup) -> HealthCheck {
        let protocol = group.health_check_protocol.as_ref().map(|it| it.as_str().to_owned());
        let matcher = group.matcher.clone();
        let matcher = matcher.and_then(|it| it.http_code.or(it.grpc_code));
        let mut check = HealthCheck {
            enabled: group.health_check_enabled,
            healthy_threshold: group.healthy_threshold_count,
            interval: group.health_check_interval_seconds,
            matcher: matcher.filter(|it| !it.is_empty()),
            path: group.health_check_path.clone().filter(|it| !it.is_empty()),
            port: group.health_check_port.clone(),
            protocol,
            timeout: group.health_check_timeout_seconds,
            unhealthy_threshold: group.unhealthy_threshold_count,
        };
        if check.protocol.as_deref().is_some_and(|it| !speaks_http(it)) {
            (check.matcher, check.path) = (None, None);
        }
        check
    }
}

/// Whether a health check by this protocol asks for a path and reads a status.
fn speaks_http(protocol: &str) -> bool {
    matches!(protocol, "HTTP" | "HTTPS")
}

impl Stickiness {
    /// The stickiness among a group's attributes; `None` where it has none to speak of.
    fn read(all: &BTreeMap<String, String>) -> Option<Stickiness> {
        let kind = all.get("stickiness.type").filter(|it| !it.is_empty())?.clone();
        let is_app = kind == "app_cookie";
        let seconds = all.get(&format!("stickiness.{kind}.duration_seconds"));
        let seconds = seconds.and_then(|it| it.parse().ok()).unwrap_or(DAY);
        let name = all.get("stickiness.app_cookie.cookie_name").filter(|_| is_app);
        Some(Stickiness {
            enabled: Some(all.get("stickiness.enabled").is_some_and(|it| it == "true")),
            cookie_duration: kind.ends_with("_cookie").then_some(seconds),
            cookie_name: name.filter(|it| !it.is_empty()).cloned(),
            kind,
        })
    }

    /// As AWS takes it.
    fn written(&self) -> BTreeMap<String, String> {
        let kind = &self.kind;
        let mut all = BTreeMap::from([
            ("stickiness.enabled".to_owned(), self.enabled.unwrap_or(true).to_string()),
            ("stickiness.type".to_owned(), kind.clone()),
        ]);
        let seconds = self.cookie_duration.filter(|_| kind.ends_with("_cookie"));
        let key = format!("stickiness.{kind}.duration_seconds");
        all.extend(seconds.map(|it| (key, it.to_string())));
        let name = self.cookie_name.clone().filter(|_| kind == "app_cookie");
        all.extend(name.map(|it| ("stickiness.app_cookie.cookie_name".to_owned(), it)));
        all
    }
}
