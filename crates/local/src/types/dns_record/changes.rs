//! Changes of records: those of a zone that come at about the same time take effect together.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Company, Failure, FailureKind};

use crate::failure;
use crate::runtime::dns::record::{self, Change, Extent, RecordError};
use crate::runtime::{Root, Uid};
use crate::types::Context;

/// A change of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ZoneChange {
    zone: Uid,
    /// The company that it is made in, or not at all.
    company: Option<u64>,
    change: Change,
}

/// How long more changes are waited for.
const TICK: Duration = Duration::from_millis(10);

/// Gathers changes of records.
pub(crate) fn gathered(root: Root) -> Coalescer<ZoneChange, ()> {
    Coalescer::new(TICK, move |changes| Box::pin(change(root.clone(), changes)))
}

impl Context {
    /// Makes a change, with those that it goes together with.
    pub(super) async fn change_record(&self, zone: Uid, change: Change) -> Result<(), Failure> {
        let company = self.company.as_ref();
        let change = ZoneChange { zone, company: company.map(Company::id), change };
        self.record_changes.one_in(company, change).await
    }
}

async fn change(root: Root, changes: Vec<ZoneChange>) -> Answers<ZoneChange, ()> {
    let mut batches: BTreeMap<(Uid, Option<u64>), Vec<Change>> = BTreeMap::new();
    for ZoneChange { zone, company, change } in changes {
        batches.entry((zone, company)).or_default().push(change);
    }
    let mut answers = Answers::new();
    for ((zone, company), changes) in batches {
        let extent = if company.is_some() { Extent::AllOrNone } else { Extent::Each };
        let outcome = record::change(&root, &zone, &changes, extent).await;
        let answer = |change: &Change| match &outcome {
            Err(error) => Err(failed(error)),
            Ok(refused) => match refused.get(change.uid()) {
                Some(error) => Err(failed(error)),
                None if refused.is_empty() || extent == Extent::Each => Ok(()),
                None => Err(Company::apart()),
            },
        };
        for change in &changes {
            let (zone, change) = (zone.clone(), change.clone());
            let answer = answer(&change);
            answers.insert(ZoneChange { zone, company, change }, answer);
        }
    }
    answers
}

pub(super) fn failed(error: &RecordError) -> Failure {
    match error {
        RecordError::Missing { .. } => failure::with(FailureKind::NotFound, error),
        RecordError::NoZone { .. } | RecordError::Misplaced(_) => {
            failure::with(FailureKind::Argument, error)
        }
        RecordError::Zone(error) => failure::zone(error),
        RecordError::File(error) => failure::file(error),
    }
}
