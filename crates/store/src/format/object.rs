//! The objects of a state on object storage: lease, slots of the journal, snapshot, requests.
//!
//! Each starts with a first line like a file's, and has a nonce in it, so that no two objects are
//! alike and an object that was written is known again by its bytes.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::format::first_line::{self, Unreadable};
use crate::format::journal::{self, encode_record};
use crate::holder::{Holder, random_id};
use crate::position::{Lineage, Sequence};
use crate::state::Record;
use crate::{FORMAT, WRITTEN_BY};

/// What the objects of one kind say of themselves.
pub(crate) trait Header: Serialize + DeserializeOwned {
    /// The first word of the object.
    const KIND: &str;
}

/// What every object says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Marked<H> {
    format: u32,
    written_by: String,
    nonce: String,
    #[serde(flatten)]
    header: H,
}

/// The claim on a state. It outlives the state, because its epoch must never go back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LeaseHeader {
    /// The fencing number: rises with every taking.
    pub(crate) epoch: u64,
    /// Every epoch below it has ended for good: nobody can write under it any more.
    pub(crate) ended_below: u64,
    /// Who holds it; nobody after it was given back.
    pub(crate) holder: Option<Holder>,
    /// How long it counts after it was renewed, in milliseconds.
    pub(crate) ttl_ms: u64,
    /// When it was renewed, by its holder's clock; for people only.
    pub(crate) renewed: Timestamp,
    /// The state, once something is about to be written to it.
    pub(crate) lineage: Option<Lineage>,
    /// A state whose removal has begun and not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) removing: Option<Lineage>,
    /// Whether somebody whose lease was taken from him may still send what he had decided on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) strayed: bool,
    #[serde(flatten)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

/// One object of the journal: the records of one commit, or the end of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SlotHeader {
    pub(crate) lineage: Lineage,
    #[serde(flatten)]
    pub(crate) at: Slot,
    /// The last record before it.
    pub(crate) after: Sequence,
    /// Whether it is the end of its epoch, set by a later holder, without records.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) fence: bool,
}

/// Where in the journal an object stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(crate) struct Slot {
    pub(crate) epoch: u64,
    pub(crate) slot: u64,
}

/// What stands before the bytes of a snapshot, which are those of a snapshot file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SnapshotMark {
    /// The epoch in which it was written.
    #[serde(rename = "epoch")]
    pub(crate) written_in: u64,
    /// The last object of the journal that is wholly in it; absent if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) through: Option<Slot>,
}

/// What stands before the payload of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RequestMark {}

impl LeaseHeader {
    /// How long it counts after it was renewed.
    pub(crate) fn ttl(&self) -> Duration {
        Duration::from_millis(self.ttl_ms)
    }
}

impl Header for LeaseHeader {
    const KIND: &str = "greenroom-lease";
}

impl Header for SlotHeader {
    const KIND: &str = "greenroom-slot";
}

impl Header for SnapshotMark {
    const KIND: &str = "greenroom-stored-snapshot";
}

impl Header for RequestMark {
    const KIND: &str = "greenroom-request";
}

/// The object with this header, a nonce of its own, and `content`.
pub(crate) fn encode<H: Header>(header: H, content: &[&[u8]]) -> Bytes {
    let (format, written_by, nonce) = (FORMAT, WRITTEN_BY.to_owned(), random_id());
    let marked = Marked { format, written_by, nonce, header };
    let json = serde_json::to_vec(&marked).expect("a header has string keys and no custom types");
    let mut bytes = first_line::encode(H::KIND, &json);
    content.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes.into()
}

/// The header and the content of an object.
pub(crate) fn decode<H: Header>(bytes: &Bytes) -> Result<(H, Bytes), Unreadable> {
    let (marked, start) = first_line::decode::<Marked<H>>(H::KIND, bytes)?;
    Ok((marked.header, bytes.slice(start..)))
}

/// The lines of records that follow record `after`, all of which are durable together.
pub(crate) fn encode_records<'a>(
    after: Sequence,
    payloads: impl Iterator<Item = &'a Bytes>,
) -> (Vec<u8>, Sequence) {
    let (mut lines, mut last) = (Vec::new(), after);
    for payload in payloads {
        last = last.next();
        encode_record(&mut lines, last, after, payload);
    }
    (lines, last)
}

/// The records of a slot, all of them: an object is there wholly or not at all.
pub(crate) fn decode_records(
    header: &SlotHeader,
    content: &Bytes,
) -> Result<Vec<Record>, Unreadable> {
    let lines = journal::scan_lines(content, 0, header.after);
    if let Some(tail) = lines.tail {
        let problem = format!("record {}: {}", tail.expected, tail.problem);
        return Err(Unreadable::Damaged { offset: lines.end as u64, problem });
    }
    Ok(lines.records.into_iter().map(|placed| placed.record).collect())
}

fn is_false(value: &bool) -> bool {
    !value
}
