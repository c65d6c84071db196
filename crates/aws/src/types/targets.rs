//! Targets of target groups: those of a group come and go together.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealthStateEnum};
use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::Coalescer;
use greenroom_provider::coalesce::Answers;

use crate::aws::{Clients, Pace};
use crate::batches::together;
use crate::error::{ApiError, at};
use crate::send::patiently;

/// The most targets of a call: a bound of ours, as a target group has up to 1000.
pub(crate) const MOST: usize = 100;

/// A target of a target group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// The ARN of the group.
    pub(crate) group: Arc<str>,
    /// The instance, address, function or load balancer.
    pub(crate) id: String,
    /// Its port; the group's if there is none.
    pub(crate) port: Option<i32>,
    /// Its availability zone, or `all`, for addresses.
    pub(crate) zone: Option<String>,
}

impl Target {
    /// As AWS takes it.
    pub(crate) fn written(&self) -> TargetDescription {
        TargetDescription::builder()
            .id(&self.id)
            .set_port(self.port)
            .set_availability_zone(self.zone.clone())
            .build()
    }
}

/// Gathers registrations.
pub(crate) fn registrations(clients: &Clients, pace: Pace) -> Coalescer<Target, ()> {
    let elb = clients.elb.clone();
    Coalescer::new(Pace::tick(), move |targets| {
        let elb = elb.clone();
        by_group(targets, move |targets| register(elb.clone(), pace, targets)).boxed()
    })
}

/// Gathers deregistrations.
pub(crate) fn deregistrations(clients: &Clients) -> Coalescer<Target, ()> {
    let elb = clients.elb.clone();
    Coalescer::new(Pace::tick(), move |targets| {
        let elb = elb.clone();
        by_group(targets, move |targets| deregister(elb.clone(), targets)).boxed()
    })
}

/// Sends the targets of each group in calls of their own.
async fn by_group<F>(targets: Vec<Target>, send: impl Fn(Vec<Target>) -> F) -> Answers<Target, ()>
where
    F: Future<Output = Result<(), ApiError>>,
{
    let mut groups: BTreeMap<Arc<str>, Vec<Target>> = BTreeMap::new();
    for target in targets {
        groups.entry(target.group.clone()).or_default().push(target);
    }
    let chunks = groups.values().flat_map(|targets| targets.chunks(MOST));
    let sent = chunks.map(|targets| together(targets.to_vec(), &send));
    join_all(sent).await.into_iter().flatten().collect()
}

async fn register(elb: Client, pace: Pace, targets: Vec<Target>) -> Result<(), ApiError> {
    let (group, targets) = parts(&targets);
    patiently(pace, "elasticloadbalancing:RegisterTargets", || {
        let call = elb.register_targets().target_group_arn(&group);
        call.set_targets(Some(targets.clone())).send()
    })
    .await
    .map(drop)
}

async fn deregister(elb: Client, targets: Vec<Target>) -> Result<(), ApiError> {
    let (group, mut targets) = parts(&targets);
    loop {
        let call = elb.deregister_targets().target_group_arn(&group);
        let answer = call.set_targets(Some(targets.clone())).send().await;
        match answer.map_err(at("elasticloadbalancing:DeregisterTargets")) {
            // Something does not exist any more. What is no target is done already.
            Err(error) if error.has_code("InvalidTarget") => {
                let listed = list(&elb, &group).await?;
                let before = targets.len();
                targets.retain(|it| listed.iter().any(|listed| listed.stays(it)));
                match targets.len() {
                    0 => return Ok(()),
                    left if left == before => return Err(error),
                    _ => {}
                }
            }
            answer => return answer.map(drop),
        }
    }
}

/// A target as its group lists it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) target: TargetDescription,
    /// Whether it is deregistered, and only its requests run on.
    pub(crate) is_leaving: bool,
}

impl Listed {
    /// Whether it is one that `wanted` stands for: without a port, any of its id.
    pub(crate) fn is(&self, wanted: &TargetDescription) -> bool {
        let same_port = wanted.port.is_none() || wanted.port == self.target.port;
        self.target.id == wanted.id && same_port
    }

    fn stays(&self, wanted: &TargetDescription) -> bool {
        self.is(wanted) && !self.is_leaving
    }
}

/// The targets of a group; none if there is no such group.
pub(crate) async fn list(elb: &Client, group: &str) -> Result<Vec<Listed>, ApiError> {
    let answer = elb.describe_target_health().target_group_arn(group).send().await;
    let answer = match answer.map_err(at("elasticloadbalancing:DescribeTargetHealth")) {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        answer => answer?,
    };
    let listed = answer.target_health_descriptions.unwrap_or_default().into_iter();
    Ok(listed
        .filter_map(|it| {
            let state = it.target_health.and_then(|it| it.state);
            let is_leaving = state == Some(TargetHealthStateEnum::Draining);
            Some(Listed { target: it.target?, is_leaving })
        })
        .collect())
}

fn parts(targets: &[Target]) -> (String, Vec<TargetDescription>) {
    let group = targets.first().map(|it| it.group.to_string()).unwrap_or_default();
    (group, targets.iter().map(Target::written).collect())
}
