//! Single rules by their ids: what both directions ask for within a tick goes in one call.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, SecurityGroupRule};
use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure};

use crate::aws::{Clients, Pace};
use crate::error::at;
use crate::resource::Sought;
use crate::types::ec2;

/// Rules by id; `None` if there is no such rule.
pub(crate) type RuleReads = Coalescer<Arc<str>, Option<Arc<SecurityGroupRule>>>;

/// What reads rules.
pub(crate) fn reads(again: &Clients) -> RuleReads {
    let ec2 = again.ec2.clone();
    Coalescer::new(Pace::tick(), move |ids| answer(ec2.clone(), ids).boxed())
}

async fn answer(
    ec2: Client,
    ids: Vec<Arc<str>>,
) -> Answers<Arc<str>, Option<Arc<SecurityGroupRule>>> {
    let chunks = ids.chunks(ec2::VALUES).map(|ids| {
        let sought = Sought::Ids(ids.to_vec());
        let found = describe(&ec2, ec2::filter(&sought, "security-group-rule-id"));
        async move { (ids, found.await.map(by_id)) }
    });
    let of_chunk = |(ids, found): (&[Arc<str>], Result<BTreeMap<_, _>, Failure>)| {
        let of = |id: &Arc<str>| {
            let answer = found.as_ref().map(|found| found.get(&**id).cloned());
            (id.clone(), answer.map_err(Clone::clone))
        };
        ids.iter().map(of).collect::<Vec<_>>()
    };
    join_all(chunks).await.into_iter().flat_map(of_chunk).collect()
}

fn by_id(rules: Vec<SecurityGroupRule>) -> BTreeMap<String, Arc<SecurityGroupRule>> {
    let with_id = |it: SecurityGroupRule| Some((it.security_group_rule_id.clone()?, Arc::new(it)));
    rules.into_iter().filter_map(with_id).collect()
}

/// All rules that a filter finds.
pub(crate) async fn describe(
    ec2: &Client,
    filter: Filter,
) -> Result<Vec<SecurityGroupRule>, Failure> {
    let pages = ec2.describe_security_group_rules().filters(filter);
    let rules = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    Ok(rules.map_err(at("ec2:DescribeSecurityGroupRules"))?)
}
