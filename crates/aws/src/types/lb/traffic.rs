//! Who is connected to a load balancer. What it serves is counted by its target groups.

use greenroom_model::traffic::Traffic;
use greenroom_provider::Failure;

use super::elb;
use crate::aws::Aws;
use crate::cloudwatch::Metric;

/// What is connected, to an application or a network load balancer; its connections to targets
/// count, too, as AWS does not tell them from those of clients.
pub(super) async fn of(aws: &Aws, arn: &str) -> Result<Traffic, Failure> {
    let cloudwatch = &aws.reads.cloudwatch;
    let suffix = elb::suffix(arn, ":loadbalancer/");
    let dimensions = [("LoadBalancer", &*suffix)];
    let metric = match suffix.split('/').next() {
        Some("app") => Metric::sum("AWS/ApplicationELB", "ActiveConnectionCount", &dimensions),
        Some("net") => Metric::most("AWS/NetworkELB", "ActiveFlowCount", &dimensions),
        _ => return Ok(Traffic::default()),
    };
    let connections = Some(cloudwatch.lately(metric).await?);
    let (epoch, late) = (cloudwatch.epoch().into(), cloudwatch.late());
    Ok(Traffic { epoch, late, connections, ..Traffic::default() })
}
