//! Reads that several types share, so that a plan asks AWS once for what it needs twice.

use crate::aws::Clients;
use crate::types::elb::{self, TagReads};
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
}

impl Reads {
    /// By clients that repeat what AWS could not answer.
    pub(crate) fn new(again: &Clients) -> Reads {
        Reads {
            route_tables: route_tables::reads(again),
            rules: security_rules::reads(again),
            tags: elb::reads(again),
        }
    }
}
