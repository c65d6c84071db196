//! Journal: a first line, then one line for each record.
//!
//! ```text
//! greenroom-journal 1a2b3c4d {"format":1,…}
//! 9e107d9d 17 16 {"outcome":…}
//! ```
//!
//! A record is its checksum (CRC-32C of all that follows it in the line), its
//! sequence, the last sequence that was durable when it was written, and the
//! payload. The second sequence decides what damage means: a bad record that a
//! later one proves durable was acknowledged, so its loss is corruption; a bad
//! tail without such a proof is an append that never finished.

use std::collections::BTreeMap;
use std::io::Write;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::FORMAT;
use crate::format::first_line::{self, Unreadable};
use crate::position::{Lineage, Sequence, Serial};
use crate::state::Record;

pub(crate) const KIND: &str = "greenroom-journal";

/// What a journal says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct JournalHeader {
    pub(crate) format: u32,
    pub(crate) lineage: Lineage,
    /// The snapshot whose records it continues; 0 before the first.
    pub(crate) follows: Serial,
    /// The last sequence before its first record.
    pub(crate) after: Sequence,
    pub(crate) written_by: String,
    #[serde(flatten)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

/// A journal as far as it can be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scan {
    pub(crate) header: JournalHeader,
    pub(crate) records: Vec<Placed>,
    /// Where the good part ends.
    pub(crate) end: u64,
    pub(crate) tail: Option<BadTail>,
}

/// Records as far as they can be read.
pub(crate) struct Lines {
    pub(crate) records: Vec<Placed>,
    /// Where the good part ends.
    pub(crate) end: usize,
    pub(crate) tail: Option<BadTail>,
}

/// A record and where its line stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) record: Record,
}

/// What follows the last good record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BadTail {
    pub(crate) bytes: u64,
    /// The record that should stand there.
    pub(crate) expected: Sequence,
    pub(crate) problem: String,
    /// A later record that was written when the expected one was durable.
    pub(crate) proof: Option<Sequence>,
}

impl Scan {
    /// The last good record, or what came before the first.
    pub(crate) fn last(&self) -> Sequence {
        self.records.last().map_or(self.header.after, |placed| placed.record.sequence)
    }
}

/// The first line of a journal. Its format is the current one.
pub(crate) fn encode_header(header: &JournalHeader) -> Vec<u8> {
    let header = JournalHeader { format: FORMAT, ..header.clone() };
    let json = serde_json::to_vec(&header).expect("a header has string keys and no custom types");
    first_line::encode(KIND, &json)
}

/// Appends the line of a record to `lines`.
pub(crate) fn encode_record(
    lines: &mut Vec<u8>,
    sequence: Sequence,
    durable: Sequence,
    payload: &[u8],
) {
    let start = lines.len();
    lines.extend_from_slice(b"00000000 ");
    write!(lines, "{sequence} {durable} ").expect("writing to memory does not fail");
    lines.extend_from_slice(payload);
    let sum = format!("{:08x}", crc32c::crc32c(&lines[start + 9..]));
    lines[start..start + 8].copy_from_slice(sum.as_bytes());
    lines.push(b'\n');
}

/// Reads a journal up to its end or its first bad record.
pub(crate) fn scan(bytes: &Bytes) -> Result<Scan, Unreadable> {
    let (header, start) = first_line::decode::<JournalHeader>(KIND, bytes)?;
    let Lines { records, end, tail } = scan_lines(bytes, start, header.after);
    Ok(Scan { header, records, end: end as u64, tail })
}

/// Reads the records from `start` on, which follow record `after`.
pub(crate) fn scan_lines(bytes: &Bytes, start: usize, after: Sequence) -> Lines {
    let mut lines = Lines { records: Vec::new(), end: start, tail: None };
    let mut expected = after.next();
    while lines.end < bytes.len() {
        match expected_record(bytes, lines.end, expected) {
            Ok(placed) => {
                lines.end = placed.end;
                expected = expected.next();
                lines.records.push(placed);
            }
            Err(problem) => {
                lines.tail = Some(bad_tail(bytes, lines.end, expected, problem));
                break;
            }
        }
    }
    lines
}

fn expected_record(bytes: &Bytes, at: usize, expected: Sequence) -> Result<Placed, String> {
    let placed = record_at(bytes, at)?;
    let Record { sequence, durable, .. } = placed.record;
    if sequence != expected {
        return Err(format!("record {sequence} stands where {expected} should"));
    }
    if durable >= sequence {
        return Err(format!("record {sequence} claims that {durable} was durable before it"));
    }
    Ok(placed)
}

fn record_at(bytes: &Bytes, start: usize) -> Result<Placed, String> {
    let length = bytes[start..].iter().position(|&byte| byte == b'\n');
    let end = start + length.ok_or("the line does not end")?;
    let line = &bytes[start..end];
    let (sum, rest) = line.split_at_checked(9).ok_or("the line is too short")?;
    let sum = sum.strip_suffix(b" ").and_then(first_line::checksum);
    if sum != Some(crc32c::crc32c(rest)) {
        return Err("the checksum does not match".to_owned());
    }
    let (sequence, rest) = number(rest).ok_or("there is no sequence")?;
    let (durable, payload) = number(rest).ok_or("there is no durable sequence")?;
    let payload = bytes.slice(end - payload.len()..end);
    let record = Record { sequence: Sequence(sequence), durable: Sequence(durable), payload };
    Ok(Placed { start, end: end + 1, record })
}

fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|&byte| byte == b' ')?;
    let digits = std::str::from_utf8(&text[..end]).ok()?;
    Some((digits.parse().ok()?, &text[end + 1..]))
}

fn bad_tail(bytes: &Bytes, start: usize, expected: Sequence, problem: String) -> BadTail {
    // At every byte, not only at line starts: the damage may have hit a line break.
    let proof = (start..bytes.len())
        .filter(|&at| may_be_record(&bytes[at..]))
        .filter_map(|at| record_at(bytes, at).ok())
        .map(|placed| placed.record)
        .find(|record| record.durable >= expected && record.durable < record.sequence)
        .map(|record| record.sequence);
    BadTail { bytes: (bytes.len() - start) as u64, expected, problem, proof }
}

/// A cheap look, so that the search through a long tail stays linear.
fn may_be_record(text: &[u8]) -> bool {
    let Some((sum, rest)) = text.split_at_checked(9) else { return false };
    sum[8] == b' '
        && rest.first().is_some_and(u8::is_ascii_digit)
        && first_line::checksum(&sum[..8]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> JournalHeader {
        JournalHeader {
            format: FORMAT,
            lineage: Lineage("ab12".into()),
            follows: Serial(3),
            after: Sequence(10),
            written_by: "greenroom 9".into(),
            unknown: BTreeMap::from([("mood".into(), Value::from("calm"))]),
        }
    }

    /// Records 11 and 12 in one write, then 13, then 14.
    fn sample() -> Bytes {
        let mut bytes = encode_header(&header());
        for (sequence, durable) in [(11, 10), (12, 10), (13, 12), (14, 13)] {
            let payload = format!("{{\"n\":{sequence}}}");
            encode_record(&mut bytes, Sequence(sequence), Sequence(durable), payload.as_bytes());
        }
        bytes.into()
    }

    fn sequences(scan: &Scan) -> Vec<u64> {
        scan.records.iter().map(|placed| placed.record.sequence.0).collect()
    }

    #[test]
    fn a_journal_reads_back_with_the_fields_that_nobody_knows() {
        let bytes = sample();
        let scan = scan(&bytes).unwrap();
        assert_eq!(scan.header, header());
        assert_eq!(sequences(&scan), [11, 12, 13, 14]);
        assert_eq!(&scan.records[2].record.payload[..], br#"{"n":13}"#);
        assert_eq!((scan.end, scan.tail), (bytes.len() as u64, None));
    }

    #[test]
    fn a_changed_byte_is_refused_unless_nothing_later_proves_its_record_durable() {
        let good = sample();
        let sound = scan(&good).unwrap();
        let last = sound.records[3].start;
        for at in 0..good.len() {
            for flip in [1_u8, 0x20, 0x80] {
                let mut bad = good.to_vec();
                bad[at] ^= flip;
                match scan(&bad.into()) {
                    Err(Unreadable::Damaged { .. }) => assert!(at < sound.records[0].start),
                    Err(newer) => panic!("byte {at}: {newer:?}"),
                    Ok(scan) => {
                        let tail = scan.tail.expect("damage is noticed");
                        assert_eq!(tail.proof.is_none(), at >= last, "byte {at}: {tail:?}");
                        let hit = sound.records.iter().position(|placed| at < placed.end).unwrap();
                        assert_eq!(tail.expected, sound.records[hit].record.sequence);
                    }
                }
            }
        }
    }

    #[test]
    fn every_cut_leaves_the_whole_records_before_it() {
        let good = sample();
        let sound = scan(&good).unwrap();
        for length in sound.records[0].start..good.len() {
            let cut = scan(&good.slice(..length)).unwrap();
            let whole = sound.records.iter().filter(|placed| placed.end <= length).count();
            assert_eq!(cut.records[..], sound.records[..whole]);
            assert_eq!(cut.tail.is_some(), cut.end != length as u64);
            assert!(cut.tail.is_none_or(|tail| tail.proof.is_none()));
        }
    }

    #[test]
    fn a_missing_record_is_corruption_if_a_later_one_proves_it_and_a_torn_write_if_not() {
        let good = sample();
        let sound = scan(&good).unwrap();
        let without = |lost: usize| {
            let Placed { start, end, .. } = sound.records[lost];
            Bytes::from([&good[..start], &good[end..]].concat())
        };
        let proof = |lost| scan(&without(lost)).unwrap().tail.unwrap().proof;
        assert_eq!(proof(0), Some(Sequence(13)));
        assert_eq!(proof(2), Some(Sequence(14)));
        let unproven = without(0).slice(..sound.records[0].end + 1);
        assert_eq!(scan(&unproven).unwrap().tail.unwrap().proof, None);
    }

    #[test]
    fn a_record_within_a_payload_proves_nothing() {
        let mut inner = Vec::new();
        encode_record(&mut inner, Sequence(99), Sequence(98), b"{}");
        let quoted = serde_json::to_vec(&String::from_utf8(inner).unwrap()).unwrap();
        let mut bytes = encode_header(&header());
        encode_record(&mut bytes, Sequence(11), Sequence(10), &quoted);
        let sound = scan(&bytes.clone().into()).unwrap();
        assert_eq!(sequences(&sound), [11]);
        let digit = sound.records[0].start;
        bytes[digit] ^= 1;
        assert_eq!(scan(&bytes.into()).unwrap().tail.unwrap().proof, None);
    }
}
