//! Changes of records: those of a zone that come at about the same time take effect together.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure, FailureKind};

use crate::failure;
use crate::runtime::dns::record::{self, Change, RecordError};
use crate::runtime::{Root, Uid};
use crate::types::Context;

/// A change of a record, with its zone.
pub(crate) type ZoneChange = (Uid, Change);

/// How long more changes are waited for.
const TICK: Duration = Duration::from_millis(10);

/// Gathers changes of records.
pub(crate) fn gathered(root: Root) -> Coalescer<ZoneChange, ()> {
    Coalescer::new(TICK, move |changes| Box::pin(change(root.clone(), changes)))
}

impl Context {
    /// Makes a change, with those that it goes together with.
    pub(super) async fn change_record(&self, zone: Uid, change: Change) -> Result<(), Failure> {
        self.record_changes.one_in(self.company.as_ref(), (zone, change)).await
    }
}

async fn change(root: Root, changes: Vec<ZoneChange>) -> Answers<ZoneChange, ()> {
    let mut zones: BTreeMap<Uid, Vec<Change>> = BTreeMap::new();
    for (zone, change) in changes {
        zones.entry(zone).or_default().push(change);
    }
    let mut answers = Answers::new();
    for (zone, changes) in zones {
        let outcome = record::change(&root, &zone, &changes).await;
        let answer = |change: &Change| match &outcome {
            Ok(refused) => refused.get(change.uid()).map_or(Ok(()), |error| Err(failed(error))),
            Err(error) => Err(failed(error)),
        };
        let answered = changes.iter().map(|it| ((zone.clone(), it.clone()), answer(it)));
        answers.extend(answered.collect::<Vec<_>>());
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
