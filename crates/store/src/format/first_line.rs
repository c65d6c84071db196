//! The first line of a file: what it is, a checksum, and a JSON object.
//!
//! ```text
//! greenroom-journal 1a2b3c4d {"format":1,…}
//! ```
//!
//! This line is the same in all formats to come, so that every build can say
//! which format a file has and what wrote it.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::FORMAT;

/// The longest first line that is read, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024;

/// Why a first line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not what was written.
    Damaged { offset: u64, problem: String },
    /// A newer version wrote it.
    Newer { format: u32, written_by: String },
}

/// The line for a file of `kind`, with its line break.
pub(crate) fn encode(kind: &str, json: &[u8]) -> Vec<u8> {
    let mut line = format!("{kind} {:08x} ", crc32c::crc32c(json)).into_bytes();
    line.extend_from_slice(json);
    line.push(b'\n');
    line
}

/// The header in the first line of `bytes`, and where the rest starts.
pub(crate) fn decode<H: DeserializeOwned>(
    kind: &str,
    bytes: &[u8],
) -> Result<(H, usize), Unreadable> {
    let (json, end) = checked(kind, bytes)?;
    let version: Version = parse(json)?;
    if version.format > FORMAT {
        let Version { format, written_by } = version;
        return Err(Unreadable::Newer { format, written_by });
    }
    if version.format == 0 {
        return Err(damaged("there is no format 0"));
    }
    Ok((parse(json)?, end))
}

/// What follows the first line, `start` bytes from the beginning: as long as its header says, and
/// with the checksum that stands there. `what` is its name in messages.
pub(crate) fn content(
    bytes: &Bytes,
    start: usize,
    what: &str,
    length: u64,
    blake3: &str,
) -> Result<Bytes, Unreadable> {
    let content = bytes.slice(start..);
    let damaged = |problem| Err(Unreadable::Damaged { offset: start as u64, problem });
    if content.len() as u64 != length {
        let there = content.len();
        return damaged(format!("the {what} has {there} bytes, {length} were written"));
    }
    if blake3::hash(&content).to_hex().as_str() != blake3 {
        return damaged(format!("the checksum of the {what} does not match"));
    }
    Ok(content)
}

/// Reads a checksum as it is written: eight hexadecimal digits, none of them a capital.
pub(crate) fn checksum(text: &[u8]) -> Option<u32> {
    if text.len() != 8 {
        return None;
    }
    text.iter().try_fold(0, |sum, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(sum << 4 | u32::from(value))
    })
}

#[derive(Deserialize)]
struct Version {
    format: u32,
    #[serde(default)]
    written_by: String,
}

fn checked<'a>(kind: &str, bytes: &'a [u8]) -> Result<(&'a [u8], usize), Unreadable> {
    let start = &bytes[..bytes.len().min(LONGEST)];
    let end = start.iter().position(|&byte| byte == b'\n');
    let end = end.ok_or_else(|| damaged("the first line does not end"))?;
    let rest = start[..end]
        .strip_prefix(kind.as_bytes())
        .and_then(|rest| rest.strip_prefix(b" "))
        .ok_or_else(|| damaged(&format!("the file does not start with `{kind}`")))?;
    let (sum, json) = rest.split_at_checked(8).unwrap_or((rest, &[]));
    match (checksum(sum), json.strip_prefix(b" ")) {
        (Some(sum), Some(json)) if sum == crc32c::crc32c(json) => Ok((json, end + 1)),
        _ => Err(damaged("the checksum of the first line does not match")),
    }
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(json)
        .map_err(|error| damaged(&format!("the first line is not a header: {error}")))
}

fn damaged(problem: &str) -> Unreadable {
    Unreadable::Damaged { offset: 0, problem: problem.to_owned() }
}
