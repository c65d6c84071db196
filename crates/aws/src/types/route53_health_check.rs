//! `aws_route53_health_check`: whether something answers, for records to depend on.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_route53::types::{
    self as sdk, AlarmIdentifier, CloudWatchRegion, HealthCheckConfig, HealthCheckRegion,
    HealthCheckType, InsufficientDataHealthStatus, ResettableElementName, TagResourceType,
};
use greenroom_model::schema::TypeSchema;
use greenroom_provider::{Deleted, Draft, Failure, FailureKind, Object, typed};
use serde::{Deserialize, Serialize};

use super::{ec2, route53};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;
use crate::tags::{self, Tags};

mod propose;
mod schema;

/// The type `aws_route53_health_check`.
pub(crate) struct HealthCheck;

/// How many health checks are asked for one by one; of more, all pages are read.
const FEW: usize = 3;

/// Its attributes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    #[serde(rename = "type")]
    kind: String,
    fqdn: Option<String>,
    ip_address: Option<String>,
    port: Option<i32>,
    resource_path: Option<String>,
    search_string: Option<String>,
    request_interval: Option<i32>,
    failure_threshold: Option<i32>,
    measure_latency: Option<bool>,
    invert_healthcheck: Option<bool>,
    disabled: Option<bool>,
    enable_sni: Option<bool>,
    regions: Option<BTreeSet<String>>,
    child_healthchecks: Option<BTreeSet<String>>,
    child_health_threshold: Option<i32>,
    cloudwatch_alarm_name: Option<String>,
    cloudwatch_alarm_region: Option<String>,
    insufficient_data_health_status: Option<String>,
    arn: String,
}

#[async_trait]
impl Resource for HealthCheck {
    fn schema(&self) -> TypeSchema {
        TypeSchema::new(
            "aws_route53_health_check",
            "Whether something answers, for records to depend on.",
            schema::attributes(),
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Route53(TagResourceType::Healthcheck)
    }

    fn propose(&self, draft: &mut Draft) {
        propose::propose(draft);
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let found = match sought {
            Sought::Ids(ids) if ids.len() <= FEW => {
                let mut found = Vec::new();
                for id in ids {
                    found.extend(get(aws, id).await?);
                }
                found
            }
            _ => all(aws).await?,
        };
        let mut found: Vec<Seen> = found.into_iter().map(|it| seen(aws, it)).collect();
        if let Sought::Ids(ids) = sought {
            found.retain(|it| ids.contains(&it.id));
        }
        let mut found = route53::with_tags(aws, TagResourceType::Healthcheck, found).await?;
        if let Sought::Uids(uids) = sought {
            let uid = |it: &Seen| it.tags.get(tags::UID).cloned();
            found.retain(|it| uids.iter().any(|wanted| uid(it).as_deref() == Some(&*wanted.0)));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let config = typed::<Attributes>(&new.planned)?.written()?;
        let reference = route53::reference(new);
        let answer = patiently(aws.pace, "route53:CreateHealthCheck", || {
            let call = aws.again.route53.create_health_check().caller_reference(&reference);
            call.health_check_config(config.clone()).send()
        })
        .await?;
        ec2::given(answer.health_check.map(|it| it.id), "route53:CreateHealthCheck")
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        route53::tag(aws, TagResourceType::Healthcheck, object).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let resets = [
            ("fqdn", wanted.fqdn.is_none(), ResettableElementName::FullyQualifiedDomainName),
            ("resource_path", wanted.resource_path.is_none(), ResettableElementName::ResourcePath),
            ("regions", wanted.regions.is_none(), ResettableElementName::Regions),
            (
                "child_healthchecks",
                wanted.child_healthchecks.is_none(),
                ResettableElementName::ChildHealthChecks,
            ),
        ];
        let resets = resets.into_iter().filter(|(name, left_out, _)| *left_out && change.of(name));
        let resets: Vec<ResettableElementName> = resets.map(|(_, _, element)| element).collect();
        let config = wanted.written()?;
        let call = aws.again.route53.update_health_check().health_check_id(&*change.object.id);
        let call = call
            .set_ip_address(config.ip_address)
            .set_port(config.port)
            .set_resource_path(config.resource_path)
            .set_fully_qualified_domain_name(config.fully_qualified_domain_name)
            .set_search_string(config.search_string)
            .set_failure_threshold(config.failure_threshold)
            .set_inverted(config.inverted)
            .set_disabled(config.disabled)
            .set_health_threshold(config.health_threshold)
            .set_child_health_checks(config.child_health_checks)
            .set_enable_sni(config.enable_sni)
            .set_regions(config.regions)
            .set_alarm_identifier(config.alarm_identifier)
            .set_insufficient_data_health_status(config.insufficient_data_health_status)
            .set_reset_elements((!resets.is_empty()).then_some(resets));
        call.send().await.map_err(at("route53:UpdateHealthCheck"))?;
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.route53.delete_health_check().health_check_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("route53:DeleteHealthCheck")))
    }
}

async fn get(aws: &Aws, id: &str) -> Result<Option<sdk::HealthCheck>, Failure> {
    let answer = aws.again.route53.get_health_check().health_check_id(id).send().await;
    match answer.map_err(at("route53:GetHealthCheck")) {
        Err(error) if error.is_not_found() => Ok(None),
        answer => Ok(answer?.health_check),
    }
}

async fn all(aws: &Aws) -> Result<Vec<sdk::HealthCheck>, Failure> {
    let pages = aws.again.route53.list_health_checks().into_paginator().items();
    let found = pages.send().collect::<Result<Vec<_>, _>>().await;
    Ok(found.map_err(at("route53:ListHealthChecks"))?)
}

fn seen(aws: &Aws, found: sdk::HealthCheck) -> Seen {
    let arn = format!("arn:{}:route53:::healthcheck/{}", aws.partition(), found.id);
    let attributes = Attributes { arn, ..found.health_check_config.map(read).unwrap_or_default() };
    let tags = route53::with_reference(Tags::new(), &found.caller_reference);
    Seen::ready(found.id, tags, &attributes)
}

fn read(config: HealthCheckConfig) -> Attributes {
    let alarm = config.alarm_identifier;
    let regions = config.regions.unwrap_or_default().into_iter();
    let regions: BTreeSet<String> = regions.map(|it| it.as_str().to_owned()).collect();
    let children: BTreeSet<String> =
        config.child_health_checks.unwrap_or_default().into_iter().collect();
    let status = config.insufficient_data_health_status;
    let full = |it: Option<String>| it.filter(|it| !it.is_empty());
    Attributes {
        kind: config.r#type.as_str().to_owned(),
        fqdn: full(config.fully_qualified_domain_name),
        ip_address: full(config.ip_address),
        port: config.port,
        resource_path: full(config.resource_path),
        search_string: full(config.search_string),
        request_interval: config.request_interval,
        failure_threshold: config.failure_threshold,
        measure_latency: Some(config.measure_latency == Some(true)),
        invert_healthcheck: Some(config.inverted == Some(true)),
        disabled: Some(config.disabled == Some(true)),
        enable_sni: config.enable_sni,
        regions: (!regions.is_empty()).then_some(regions),
        child_health_threshold: config.health_threshold.filter(|_| !children.is_empty()),
        child_healthchecks: (!children.is_empty()).then_some(children),
        cloudwatch_alarm_region: alarm.as_ref().map(|it| it.region.as_str().to_owned()),
        cloudwatch_alarm_name: alarm.map(|it| it.name),
        insufficient_data_health_status: status.map(|it| it.as_str().to_owned()),
        arn: String::new(),
    }
    .without_foreign()
}

impl Attributes {
    fn written(&self) -> Result<HealthCheckConfig, Failure> {
        let wanted = self.clone().without_foreign();
        let alarm = wanted.cloudwatch_alarm_name.zip(wanted.cloudwatch_alarm_region);
        let alarm = alarm.map(|(name, region)| {
            let alarm = AlarmIdentifier::builder().name(name);
            alarm.region(CloudWatchRegion::from(region.as_str())).build()
        });
        let alarm = alarm.transpose().map_err(incomplete)?;
        let regions = wanted
            .regions
            .map(|regions| regions.iter().map(|it| HealthCheckRegion::from(it.as_str())).collect());
        let status = wanted.insufficient_data_health_status;
        HealthCheckConfig::builder()
            .r#type(HealthCheckType::from(wanted.kind.as_str()))
            .set_fully_qualified_domain_name(wanted.fqdn)
            .set_ip_address(wanted.ip_address)
            .set_port(wanted.port)
            .set_resource_path(wanted.resource_path)
            .set_search_string(wanted.search_string)
            .set_request_interval(wanted.request_interval)
            .set_failure_threshold(wanted.failure_threshold)
            .set_measure_latency(wanted.measure_latency.filter(|_| asks(&self.kind)))
            .set_inverted(wanted.invert_healthcheck)
            .set_disabled(wanted.disabled)
            .set_enable_sni(wanted.enable_sni)
            .set_regions(regions)
            .set_child_health_checks(wanted.child_healthchecks.map(|it| it.into_iter().collect()))
            .set_health_threshold(wanted.child_health_threshold)
            .set_alarm_identifier(alarm)
            .set_insufficient_data_health_status(
                status.as_deref().map(InsufficientDataHealthStatus::from),
            )
            .build()
            .map_err(incomplete)
    }

    /// Without what its type does not have.
    fn without_foreign(self) -> Attributes {
        let asks = asks(&self.kind);
        Attributes {
            request_interval: self.request_interval.filter(|_| asks),
            failure_threshold: self.failure_threshold.filter(|_| asks),
            enable_sni: self.enable_sni.filter(|_| self.kind.starts_with("HTTPS")),
            port: self.port.filter(|_| asks),
            ..self
        }
    }
}

/// Whether health checks of this type ask something over the network.
fn asks(kind: &str) -> bool {
    matches!(kind, "HTTP" | "HTTPS" | "HTTP_STR_MATCH" | "HTTPS_STR_MATCH" | "TCP")
}

fn incomplete(error: aws_smithy_types::error::operation::BuildError) -> Failure {
    Failure::new(FailureKind::Argument, error.to_string())
}
