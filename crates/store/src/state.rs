//! A state as it was read.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use crate::error::StoreError;
use crate::name::StateName;
use crate::position::{Lineage, Sequence, Serial};
use crate::{FORMAT, WRITTEN_BY};

/// A consistent view of a state: its snapshot and what was journalled since.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What the snapshot says of itself; with serial 0 where there is no snapshot yet.
    pub header: SnapshotHeader,
    /// The body of the snapshot; `None` where there is no snapshot yet.
    pub body: Option<Bytes>,
    /// The records that the snapshot does not contain, in order.
    pub records: Vec<Record>,
    /// What follows the last record: an append that was never acknowledged, or still runs.
    pub torn: Option<TornTail>,
}

/// What a snapshot says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotHeader {
    /// The version of the format that the snapshot is written in.
    pub format: u32,
    /// The state that it is a snapshot of.
    pub lineage: Lineage,
    /// Its number.
    pub serial: Serial,
    /// The last journal record that the body contains.
    pub folded: Sequence,
    /// The program and version that wrote it.
    pub written_by: String,
    /// Fields that this build does not know; the next snapshot repeats them.
    pub unknown: BTreeMap<String, Value>,
}

/// One record of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub sequence: Sequence,
    /// The last record known to be durable when this one was written.
    pub durable: Sequence,
    /// Its content, one JSON document.
    pub payload: Bytes,
}

/// Bytes at the end of a journal that are no record, and that nothing proves to have been one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornTail {
    /// Where in the journal they start.
    pub offset: u64,
    /// How many they are.
    pub bytes: u64,
}

impl SnapshotHeader {
    /// What a state without a snapshot says of itself.
    pub(crate) fn before_the_first(lineage: Lineage) -> SnapshotHeader {
        SnapshotHeader {
            format: FORMAT,
            lineage,
            serial: Serial(0),
            folded: Sequence(0),
            written_by: WRITTEN_BY.to_owned(),
            unknown: BTreeMap::new(),
        }
    }

    /// What the next snapshot says of itself if it contains the records up to `through`: no fewer
    /// than this one does, and none past `last`.
    pub(crate) fn next(
        &self,
        state: &StateName,
        through: Sequence,
        last: Sequence,
    ) -> Result<SnapshotHeader, StoreError> {
        if through < self.folded || through > last {
            let (state, folded) = (state.clone(), self.folded);
            return Err(StoreError::Fold { state, through, folded, last });
        }
        Ok(SnapshotHeader {
            format: FORMAT,
            serial: self.serial.next(),
            folded: through,
            written_by: WRITTEN_BY.to_owned(),
            ..self.clone()
        })
    }
}

impl Loaded {
    /// A state that nothing was written to yet.
    pub(crate) fn new(lineage: Lineage) -> Loaded {
        let header = SnapshotHeader::before_the_first(lineage);
        Loaded { header, body: None, records: Vec::new(), torn: None }
    }

    /// The last record that is in the body or among the records.
    pub fn last(&self) -> Sequence {
        self.records.last().map_or(self.header.folded, |record| record.sequence)
    }

    /// Whether nothing was ever written to this state.
    pub fn is_new(&self) -> bool {
        self.body.is_none() && self.last() == Sequence(0)
    }
}
