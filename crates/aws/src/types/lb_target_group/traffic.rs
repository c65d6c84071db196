//! What goes through a target group, as the metrics of its load balancers count it.
//!
//! Only application load balancers count requests by target group. Errors are answers of targets
//! with a status of 500 or above, and connections that a target did not take. A load balancer's own
//! answers with such a status say of no group that they are about it: where targets are too slow, or
//! break off, the health of the group shows it, and the load balancer's metrics as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::Client;
use futures::FutureExt;
use futures::future::try_join3;
use greenroom_model::traffic::Traffic;
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure, FailureKind};

use super::describe;
use super::elb::{self, Which};
use crate::aws::{Aws, Clients, Pace};
use crate::cloudwatch::Metric;

/// Gathers questions for the load balancers that use a group.
pub(crate) type BalancerReads = Coalescer<Arc<str>, BTreeSet<String>>;

/// What nobody counts begins anew when somebody does.
const NOBODY: &str = "nobody";

pub(crate) fn reads(again: &Clients) -> BalancerReads {
    let elb = again.elb.clone();
    Coalescer::new(Pace::tick(), move |groups| balancers(elb.clone(), groups).boxed())
}

/// What went through a group.
pub(super) async fn of(aws: &Aws, group: &Arc<str>) -> Result<Traffic, Failure> {
    let balancers = aws.reads.balancers.one(group.clone()).await?;
    let nothing = Traffic { requests: Some(0), errors: Some(0), ..Traffic::default() };
    let mut sum = Traffic { epoch: NOBODY.into(), late: aws.reads.cloudwatch.late(), ..nothing };
    for (at, balancer) in balancers.iter().enumerate() {
        let counted = by(aws, group, balancer).await?;
        sum = if at == 0 { counted } else { sum.and(&counted) };
    }
    Ok(sum)
}

/// What one load balancer sent to a group.
async fn by(aws: &Aws, group: &str, balancer: &str) -> Result<Traffic, Failure> {
    let suffix = elb::suffix(balancer, ":loadbalancer/");
    let cloudwatch = &aws.reads.cloudwatch;
    let epoch = format!("{} {suffix}", cloudwatch.epoch()).into();
    if !suffix.starts_with("app/") {
        return Ok(Traffic { epoch, ..Traffic::default() });
    }
    let group = group.rsplit(':').next().unwrap_or_default();
    let count = |name| cloudwatch.count(Metric::of_group(name, &suffix, group));
    let (requests, refused, failed) = try_join3(
        count("RequestCount"),
        count("TargetConnectionErrorCount"),
        count("HTTPCode_Target_5XX_Count"),
    )
    .await?;
    let errors = Some(refused.saturating_add(failed));
    let late = cloudwatch.late();
    Ok(Traffic { epoch, late, requests: Some(requests), errors, ..Traffic::default() })
}

/// The load balancers that use each of some groups.
async fn balancers(elb: Client, groups: Vec<Arc<str>>) -> Answers<Arc<str>, BTreeSet<String>> {
    let which = match groups.as_slice() {
        [group] => Which::Arn(group.to_string()),
        _ => Which::All,
    };
    let found = describe(&elb, which).await.map(|found| {
        let own = found.into_iter().filter_map(|it| {
            let balancers = it.load_balancer_arns.unwrap_or_default().into_iter().collect();
            Some((it.target_group_arn?, balancers))
        });
        own.collect::<BTreeMap<_, _>>()
    });
    let answer = |group: Arc<str>| {
        let own = found.as_ref().map_err(Failure::clone);
        let own = own.and_then(|found| found.get(&*group).cloned().ok_or_else(|| gone(&group)));
        (group, own)
    };
    groups.into_iter().map(answer).collect()
}

fn gone(group: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no target group `{group}`"))
}

impl Metric {
    fn of_group(name: &str, balancer: &str, group: &str) -> Metric {
        let dimensions = [("LoadBalancer", balancer), ("TargetGroup", group)];
        Metric::sum("AWS/ApplicationELB", name, &dimensions)
    }
}
