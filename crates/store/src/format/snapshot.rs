//! Snapshot: a first line, then the body to the end of the file.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::FORMAT;
use crate::format::first_line::{self, Unreadable};
use crate::position::{Lineage, Sequence, Serial};
use crate::state::SnapshotHeader;

pub(crate) const KIND: &str = "greenroom-snapshot";

/// The header as it stands in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Header {
    format: u32,
    lineage: Lineage,
    serial: Serial,
    folded: Sequence,
    written_by: String,
    body_bytes: u64,
    body_blake3: String,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

/// The first line of the snapshot with this header and `body`. Its format is the current one.
pub(crate) fn first_line(header: &SnapshotHeader, body: &[u8]) -> Vec<u8> {
    let header = Header {
        format: FORMAT,
        lineage: header.lineage.clone(),
        serial: header.serial,
        folded: header.folded,
        written_by: header.written_by.clone(),
        body_bytes: body.len() as u64,
        body_blake3: blake3::hash(body).to_hex().to_string(),
        unknown: header.unknown.clone(),
    };
    let json = serde_json::to_vec(&header).expect("a header has string keys and no custom types");
    first_line::encode(KIND, &json)
}

/// The header and body of the snapshot file `bytes`.
pub(crate) fn decode(bytes: &Bytes) -> Result<(SnapshotHeader, Bytes), Unreadable> {
    let (header, start) = first_line::decode::<Header>(KIND, bytes)?;
    let body = first_line::content(bytes, start, "body", header.body_bytes, &header.body_blake3)?;
    Ok((header.into(), body))
}

/// The header alone, from the start of the file; says nothing of the body.
pub(crate) fn decode_header(start: &[u8]) -> Result<SnapshotHeader, Unreadable> {
    first_line::decode::<Header>(KIND, start).map(|(header, _)| header.into())
}

impl From<Header> for SnapshotHeader {
    fn from(header: Header) -> SnapshotHeader {
        let Header { format, lineage, serial, folded, written_by, unknown, .. } = header;
        SnapshotHeader { format, lineage, serial, folded, written_by, unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (SnapshotHeader, Bytes) {
        let header = SnapshotHeader {
            format: FORMAT,
            lineage: Lineage("ab12".into()),
            serial: Serial(3),
            folded: Sequence(17),
            written_by: "greenroom 9".into(),
            unknown: BTreeMap::from([("mood".into(), Value::from("calm"))]),
        };
        (header, Bytes::from_static(b"{\"a\":\n1}"))
    }

    fn file(header: &SnapshotHeader, body: &[u8]) -> Bytes {
        [&first_line(header, body)[..], body].concat().into()
    }

    #[test]
    fn a_snapshot_reads_back_with_the_fields_that_nobody_knows() {
        let (header, body) = sample();
        assert_eq!(decode(&file(&header, &body)), Ok((header, body)));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let (header, body) = sample();
        let good = file(&header, &body);
        for at in 0..good.len() {
            for flip in [1_u8, 0x20, 0x80] {
                let mut bad = good.to_vec();
                bad[at] ^= flip;
                let refused = decode(&bad.into());
                assert!(matches!(refused, Err(Unreadable::Damaged { .. })), "byte {at}");
            }
            assert!(decode(&good.slice(..at)).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_newer_format_is_told_from_damage_whatever_else_it_holds() {
        let line = first_line::encode(KIND, br#"{"format":2,"written_by":"greenroom 7.1"}"#);
        let newer = Unreadable::Newer { format: 2, written_by: "greenroom 7.1".into() };
        assert_eq!(decode(&line.into()), Err(newer));
    }
}
