//! Route tables as three types read them: tables themselves, their routes, their associations.
//! What these ask for within a tick goes in one call.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, RouteTable};
use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure};

use super::ec2;
use crate::aws::{Aws, Clients, Pace};
use crate::error::at;

/// Route tables by what they are asked for by; `None` if there is no such table.
pub(crate) type TableReads = Coalescer<TableOf, Option<Arc<RouteTable>>>;

/// What a table is asked for by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TableOf {
    /// Its own id.
    Id(String),
    /// The id of one of its associations.
    Association(String),
    /// A subnet that is associated with it.
    Subnet(String),
    /// A gateway that is associated with it.
    Gateway(String),
}

impl TableOf {
    /// The name of the filter that finds it, and the filter's value.
    fn filter(&self) -> (&'static str, &str) {
        match self {
            TableOf::Id(id) => ("route-table-id", id),
            TableOf::Association(id) => ("association.route-table-association-id", id),
            TableOf::Subnet(id) => ("association.subnet-id", id),
            TableOf::Gateway(id) => ("association.gateway-id", id),
        }
    }

    /// All that a table can be asked for by.
    fn all_of(table: &RouteTable) -> Vec<TableOf> {
        let id = table.route_table_id.clone().map(TableOf::Id);
        let associations = table.associations.iter().flatten().flat_map(|it| {
            [
                it.route_table_association_id.clone().map(TableOf::Association),
                it.subnet_id.clone().map(TableOf::Subnet),
                it.gateway_id.clone().map(TableOf::Gateway),
            ]
        });
        std::iter::once(id).chain(associations).flatten().collect()
    }
}

/// What reads route tables.
pub(crate) fn reads(again: &Clients) -> TableReads {
    let ec2 = again.ec2.clone();
    Coalescer::new(Pace::tick(), move |asked| answer(ec2.clone(), asked).boxed())
}

/// The tables with these ids that exist.
pub(crate) async fn by_ids(
    aws: &Aws,
    ids: impl IntoIterator<Item = String>,
) -> Result<Vec<Arc<RouteTable>>, Failure> {
    of(aws, ids.into_iter().map(TableOf::Id)).await
}

/// The tables that exist of those that are asked for, each once.
pub(crate) async fn of(
    aws: &Aws,
    asked: impl Iterator<Item = TableOf>,
) -> Result<Vec<Arc<RouteTable>>, Failure> {
    let mut tables = Vec::new();
    for answer in aws.reads.route_tables.all(asked.collect()).await {
        tables.extend(answer?);
    }
    tables.sort_by(|one: &Arc<RouteTable>, other| one.route_table_id.cmp(&other.route_table_id));
    tables.dedup_by(|one, other| one.route_table_id == other.route_table_id);
    Ok(tables)
}

/// Answers a batch: tables by their ids first, as the associations that are asked for are most
/// often theirs; what these do not answer takes a call for each kind of filter.
async fn answer(ec2: Client, asked: Vec<TableOf>) -> Answers<TableOf, Option<Arc<RouteTable>>> {
    let (by_id, others): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|it| matches!(it, TableOf::Id(_)));
    let mut found = Found::default();
    found.ask(&ec2, &by_id).await;
    let open = others.iter().filter(|it| !found.tables.contains_key(*it)).cloned();
    found.ask(&ec2, &open.collect::<Vec<_>>()).await;
    let all = by_id.into_iter().chain(others);
    all.map(|it| (it.clone(), found.answer(&it))).collect()
}

/// What calls found until now.
#[derive(Default)]
struct Found {
    tables: BTreeMap<TableOf, Arc<RouteTable>>,
    failures: BTreeMap<TableOf, Failure>,
}

impl Found {
    async fn ask(&mut self, ec2: &Client, asked: &[TableOf]) {
        let mut by_filter: BTreeMap<&str, Vec<&TableOf>> = BTreeMap::new();
        for it in asked {
            by_filter.entry(it.filter().0).or_default().push(it);
        }
        let chunks = by_filter.into_iter().flat_map(|(name, asked)| {
            asked.chunks(ec2::VALUES).map(|asked| (name, asked.to_vec())).collect::<Vec<_>>()
        });
        let calls = chunks.map(|(name, asked)| async move {
            let values: Vec<String> = asked.iter().map(|it| it.filter().1.to_owned()).collect();
            (asked, describe(ec2, ec2::filter_by_any(name, &values)).await)
        });
        for (asked, answer) in join_all(calls).await {
            match answer {
                Ok(tables) => tables.into_iter().for_each(|table| self.add(table)),
                Err(failure) => {
                    let failed = asked.into_iter().map(|it| (it.clone(), failure.clone()));
                    self.failures.extend(failed);
                }
            }
        }
    }

    fn add(&mut self, table: RouteTable) {
        let table = Arc::new(table);
        let keys = TableOf::all_of(&table).into_iter();
        self.tables.extend(keys.map(|of| (of, table.clone())));
    }

    fn answer(&self, of: &TableOf) -> Result<Option<Arc<RouteTable>>, Failure> {
        match (self.tables.get(of), self.failures.get(of)) {
            (None, Some(failure)) => Err(failure.clone()),
            (found, _) => Ok(found.cloned()),
        }
    }
}

/// All route tables that a filter finds.
pub(crate) async fn describe(ec2: &Client, filter: Filter) -> Result<Vec<RouteTable>, Failure> {
    let pages = ec2.describe_route_tables().filters(filter);
    let tables = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    Ok(tables.map_err(at("ec2:DescribeRouteTables"))?)
}
