//! `local_target_group`: targets that serve the same, and how their health is found out.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use greenroom_provider::{Failure, FailureKind, Health, Proposal, ProposeRequest};
use serde::{Deserialize, Serialize};

use super::arguments::{self, ACTIVE, Draft, Seconds};
use super::{Context, ResourceType, World};
use crate::failure;
use crate::measure::{Answers, Counts, GroupHealth};
use crate::runtime::balancer::{HealthCheck, Matcher, TargetAddress, TargetGroupConfig};
use crate::runtime::target_group::{self, TargetGroup, TargetGroupError};
use crate::runtime::{ObjectType, Owner, Uid};

/// The type `local_target_group`.
pub(crate) struct LocalTargetGroup;

const DELAY: Seconds = Seconds::whole(30);

#[derive(Deserialize)]
struct Arguments {
    targets: Option<Vec<TargetTable>>,
    health_check: Option<HealthCheckTable>,
    deregistration_delay: Option<Seconds>,
}

/// An entry of the argument `targets`.
#[derive(Clone, Deserialize, Serialize)]
struct TargetTable {
    address: Option<String>,
    port: u16,
}

/// The argument `health_check`.
#[derive(Clone, Default, Deserialize, Serialize)]
struct HealthCheckTable {
    enabled: Option<bool>,
    path: Option<String>,
    matcher: Option<String>,
    interval: Option<Seconds>,
    timeout: Option<Seconds>,
    healthy_threshold: Option<u32>,
    unhealthy_threshold: Option<u32>,
}

#[async_trait]
impl ResourceType for LocalTargetGroup {
    fn schema(&self) -> TypeSchema {
        let target = Type::object([
            (
                "address",
                Attribute::optional(Type::String, "Its IPv4 address; 127.0.0.1 if left out."),
            ),
            ("port", Attribute::required(Type::Number, "Its port.")),
        ]);
        TypeSchema::new(
            "local_target_group",
            "Targets that serve the same. A listener of a load balancer shares requests out among \
             the healthy ones.",
            [
                (
                    "targets",
                    Attribute::optional(Type::set(target), "The targets.")
                        .default(Value::from(Vec::<Value>::new())),
                ),
                (
                    "protocol",
                    Attribute::optional(Type::String, "What the targets speak: `http`.")
                        .default("http"),
                ),
                (
                    "health_check",
                    Attribute::optional_computed(
                        health_check_type(),
                        "How the targets' health is found out.",
                    ),
                ),
                (
                    "deregistration_delay",
                    Attribute::optional(
                        Type::Number,
                        "How long the requests of a target that leaves may go on, in seconds.",
                    )
                    .default(30),
                ),
                ("id", Attribute::computed(Type::String, "The target group's uid.")),
                (
                    "state",
                    Attribute::computed(
                        Type::String,
                        "`active`; or `stale`: a load balancer runs with other settings, which the \
                         next apply repairs.",
                    ),
                ),
            ],
        )
        .measures_traffic()
        .reports_health()
    }

    fn object_type(&self) -> ObjectType {
        ObjectType::TargetGroup
    }

    fn propose(&self, _: &Context, request: ProposeRequest) -> Proposal {
        let uid = request.uid.clone();
        let mut draft = Draft::new(request);
        let protocol: Option<String> = draft.typed("protocol");
        let http = protocol.is_none_or(|protocol| protocol.eq_ignore_ascii_case("http"));
        draft.expect(http, "protocol", "only `http` is spoken");
        let complete =
            |table: Vec<TargetTable>| table.into_iter().map(TargetTable::complete).collect();
        if let Some(targets) = draft.normalise::<Vec<TargetTable>>("targets", complete) {
            check_targets(&mut draft, &targets);
        }
        let defaults = arguments::value(&HealthCheckTable::default().complete());
        draft.set_if_unknown("health_check", defaults);
        if let Some(table) = draft.normalise("health_check", HealthCheckTable::complete) {
            check_health_check(&mut draft, &table);
        }
        draft.typed::<Seconds>("deregistration_delay");
        draft.set("id", &*uid.0);
        draft.set("state", ACTIVE);
        draft.finish()
    }

    async fn read(
        &self,
        context: &Context,
        uid: &Uid,
        world: &World,
    ) -> Result<Option<Value>, Failure> {
        let group = target_group::look(&context.root, uid, &world.balancers)
            .map_err(|error| failure::file(&error))?;
        Ok(group.map(|group| attributes(&group)))
    }

    async fn create(
        &self,
        context: &Context,
        owner: &Owner,
        planned: &Value,
    ) -> Result<bool, Failure> {
        target_group::create(&context.root, owner, &config(planned)?)
            .map(|()| true)
            .map_err(|error| failure::file(&error))
    }

    async fn update(&self, context: &Context, uid: &Uid, planned: &Value) -> Result<(), Failure> {
        target_group::update(&context.root, uid, &config(planned)?)
            .await
            .map_err(|error| failed(&error))
    }

    async fn delete(&self, context: &Context, uid: &Uid) -> Result<(), Failure> {
        target_group::delete(&context.root, uid).map_err(|error| failed(&error))
    }

    fn traffic(&self, context: &Context, uid: &Uid, counts: &Counts) -> Result<Traffic, Failure> {
        counts.balancers.of_group(&context.root, uid)
    }

    fn health(
        &self,
        context: &Context,
        uid: &Uid,
        health: &Answers<GroupHealth>,
    ) -> Result<Health, Failure> {
        let config = target_group::config(&context.root, uid).map_err(|it| failure::file(&it))?;
        let targets = config.get(uid.as_str()).map_or(&[][..], |config| &config.targets);
        health.of_group(&context.root, uid, targets)
    }
}

fn health_check_type() -> Type {
    let number = |doc| Attribute::optional(Type::Number, doc);
    let text = |doc| Attribute::optional(Type::String, doc);
    Type::object([
        (
            "enabled",
            Attribute::optional(
                Type::Bool,
                "If false, every target counts as healthy; true if left out.",
            ),
        ),
        ("path", text("What is asked for with GET; `/` if left out.")),
        ("matcher", text("Statuses of the healthy, like `200,300-302`; `200` if left out.")),
        ("interval", number("Seconds between two checks; 2 if left out.")),
        ("timeout", number("Seconds that an answer may take; 1 if left out.")),
        (
            "healthy_threshold",
            number(
                "Successes in a row that make an unhealthy target healthy; 2 if left out. A new one needs one.",
            ),
        ),
        (
            "unhealthy_threshold",
            number("Failures in a row that make a healthy target unhealthy; 2 if left out."),
        ),
    ])
}

impl TargetTable {
    fn complete(self) -> TargetTable {
        TargetTable { address: self.address.or_else(|| Some("127.0.0.1".to_owned())), ..self }
    }

    fn address(&self) -> Option<TargetAddress> {
        let address = match &self.address {
            Some(address) => address.parse().ok()?,
            None => Ipv4Addr::LOCALHOST,
        };
        Some(TargetAddress { address, port: self.port })
    }
}

impl HealthCheckTable {
    /// With what was left out.
    fn complete(self) -> HealthCheckTable {
        HealthCheckTable {
            enabled: self.enabled.or(Some(true)),
            path: self.path.or_else(|| Some("/".to_owned())),
            matcher: self.matcher.or_else(|| Some("200".to_owned())),
            interval: self.interval.or(Some(Seconds::whole(2))),
            timeout: self.timeout.or(Some(Seconds::whole(1))),
            healthy_threshold: self.healthy_threshold.or(Some(2)),
            unhealthy_threshold: self.unhealthy_threshold.or(Some(2)),
        }
    }

    fn health_check(self) -> Result<HealthCheck, String> {
        let whole = self.complete();
        Ok(HealthCheck {
            enabled: whole.enabled.unwrap_or(true),
            path: whole.path.unwrap_or_default(),
            matcher: whole.matcher.unwrap_or_default().parse()?,
            interval_ms: whole.interval.map_or(0, |interval| interval.0),
            timeout_ms: whole.timeout.map_or(0, |timeout| timeout.0),
            healthy_threshold: whole.healthy_threshold.unwrap_or(1),
            unhealthy_threshold: whole.unhealthy_threshold.unwrap_or(1),
        })
    }

    fn from_health_check(check: &HealthCheck) -> HealthCheckTable {
        HealthCheckTable {
            enabled: Some(check.enabled),
            path: Some(check.path.clone()),
            matcher: Some(check.matcher.clone().into()),
            interval: Some(Seconds(check.interval_ms)),
            timeout: Some(Seconds(check.timeout_ms)),
            healthy_threshold: Some(check.healthy_threshold),
            unhealthy_threshold: Some(check.unhealthy_threshold),
        }
    }
}

fn check_targets(draft: &mut Draft, targets: &[TargetTable]) {
    let mut seen = BTreeSet::new();
    for target in targets {
        let text = target.address.as_deref().unwrap_or_default();
        draft.expect(target.port > 0, "targets", "0 is no port");
        match target.address() {
            None => {
                let message = format!("`{text}` is no IPv4 address");
                draft.wrong("targets", message, Some("this machine is 127.0.0.1"));
            }
            Some(address) => {
                draft.expect(seen.insert(address), "targets", format!("{address} is there twice"));
            }
        }
    }
}

fn check_health_check(draft: &mut Draft, table: &HealthCheckTable) {
    let path = table.path.as_deref().unwrap_or_default();
    let message = format!("`{path}` is no path: it does not begin with `/`");
    draft.expect(super::instance::is_path(path), "health_check.path", message);
    let matcher = table.matcher.as_deref().unwrap_or_default().parse::<Matcher>();
    if let Err(message) = matcher {
        draft.wrong("health_check.matcher", message, Some("like `200`, `200,202` or `200-399`"));
    }
    let positive = [
        ("health_check.interval", table.interval.is_some_and(|interval| interval.0 > 0)),
        ("health_check.timeout", table.timeout.is_some_and(|timeout| timeout.0 > 0)),
        ("health_check.healthy_threshold", table.healthy_threshold != Some(0)),
        ("health_check.unhealthy_threshold", table.unhealthy_threshold != Some(0)),
    ];
    for (name, holds) in positive {
        draft.expect(holds, name, "it is not greater than 0");
    }
}

fn config(planned: &Value) -> Result<TargetGroupConfig, Failure> {
    let arguments: Arguments = arguments::typed(planned)?;
    let wrong = |message: String| Failure::new(FailureKind::Argument, message);
    let address = |target: TargetTable| {
        let text = target.address.clone().unwrap_or_default();
        target.address().ok_or_else(|| wrong(format!("`{text}` is no IPv4 address")))
    };
    let targets = arguments.targets.unwrap_or_default();
    Ok(TargetGroupConfig {
        targets: targets.into_iter().map(address).collect::<Result<_, _>>()?,
        health_check: arguments.health_check.unwrap_or_default().health_check().map_err(wrong)?,
        deregistration_delay_ms: arguments.deregistration_delay.unwrap_or(DELAY).0,
    })
}

fn attributes(group: &TargetGroup) -> Value {
    let config = &group.config;
    let target = |target: &TargetAddress| TargetTable {
        address: Some(target.address.to_string()),
        port: target.port,
    };
    let targets: Vec<TargetTable> = config.targets.iter().map(target).collect();
    let state = if group.is_active { ACTIVE } else { "stale" };
    let health_check = HealthCheckTable::from_health_check(&config.health_check);
    Value::object([
        ("targets", arguments::value(&targets)),
        ("protocol", Value::from("http")),
        ("health_check", arguments::value(&health_check)),
        ("deregistration_delay", arguments::value(&Seconds(config.deregistration_delay_ms))),
        ("id", Value::from(group.owner.uid.as_str())),
        ("state", Value::from(state)),
    ])
}

fn failed(error: &TargetGroupError) -> Failure {
    match error {
        TargetGroupError::Missing { .. } => failure::with(FailureKind::NotFound, error),
        TargetGroupError::Held { .. } => failure::with(FailureKind::Held, error),
        TargetGroupError::Balancer(error) => failure::balancer(error),
        TargetGroupError::File(error) => failure::file(error),
    }
}
