//! Ledger: a first line, then the content to the end of the file or the object.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::format::first_line::{self, Unreadable};
use crate::holder::random_id;
use crate::{FORMAT, WRITTEN_BY};

pub(crate) const KIND: &str = "greenroom-ledger";

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    written_by: String,
    /// Tells this writing from any other, also of the same content.
    nonce: String,
    content_bytes: u64,
    content_blake3: String,
}

/// A writing of `content` that is like no other.
pub(crate) fn encode(content: &[u8]) -> Bytes {
    let header = Header {
        format: FORMAT,
        written_by: WRITTEN_BY.to_owned(),
        nonce: random_id(),
        content_bytes: content.len() as u64,
        content_blake3: blake3::hash(content).to_hex().to_string(),
    };
    let json = serde_json::to_vec(&header).expect("a header has string keys and no custom types");
    let mut bytes = first_line::encode(KIND, &json);
    bytes.extend_from_slice(content);
    bytes.into()
}

/// The nonce and the content of what was written.
pub(crate) fn decode(bytes: &Bytes) -> Result<(String, Bytes), Unreadable> {
    let (header, start) = first_line::decode::<Header>(KIND, bytes)?;
    let content =
        first_line::content(bytes, start, "content", header.content_bytes, &header.content_blake3)?;
    Ok((header.nonce, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &[u8] = b"{\"a\":\n1}";

    #[test]
    fn what_was_written_reads_back_and_no_two_writings_are_alike() {
        let (first, second) = (encode(CONTENT), encode(CONTENT));
        let (nonce, content) = decode(&first).unwrap();
        assert_eq!(content, CONTENT);
        assert_ne!(decode(&second).unwrap().0, nonce);
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let good = encode(CONTENT);
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
}
