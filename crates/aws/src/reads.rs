//! Reads that several types share, so that a plan asks AWS once for what it needs twice.

use crate::aws::Clients;
use crate::cloudwatch::CloudWatch;
use crate::types::elb::{self, TagReads};
use crate::types::lb_target_group::{self, BalancerReads, HealthReads};
use crate::types::route_tables::{self, TableReads};
use crate::types::security_rules::{self, RuleReads};

/// The shared reads of one configuration.
pub(crate) struct Reads {
    /// Route tables, for tables, routes and associations.
    pub(crate) route_tables: TableReads,
    /// Single rules of security groups, for both directions.
    pub(crate) rules: RuleReads,
    /// Tags of load balancers, target groups, listeners and rules, by ARN.
    pub(crate) tags: TagReads,
    /// The load balancers that use a target group, by the group's ARN.
    pub(crate) balancers: BalancerReads,
    /// How the targets of a target group are, by its ARN.
    pub(crate) health: HealthReads,
    /// Metrics and alarms.
    pub(crate) cloudwatch: CloudWatch,
}

impl Reads {
    /// By clients that repeat what AWS could not answer.
    pub(crate) fn new(again: &Clients) -> Reads {
        Reads {
            route_tables: route_tables::reads(again),
            rules: security_rules::reads(again),
            tags: elb::reads(again),
            balancers: lb_target_group::balancers(again),
            health: lb_target_group::health(again),
            cloudwatch: CloudWatch::new(again),
        }
    }
}
