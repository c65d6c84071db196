//! Checksums of content.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::hex::hex;

/// The checksums of a content, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256: what a content is known by.
    pub sha256: String,
    /// SHA-1, by which servers know content, too.
    pub sha1: String,
    /// MD5, likewise.
    pub md5: String,
}

/// Takes all checksums of a content in one pass.
#[derive(Default)]
pub(super) struct Hashers {
    sha256: Sha256,
    sha1: Sha1,
    md5: Md5,
}

impl Hashers {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha1.update(bytes);
        self.md5.update(bytes);
    }

    pub(super) fn finish(self) -> Digests {
        Digests {
            sha256: hex(&self.sha256.finalize()),
            sha1: hex(&self.sha1.finalize()),
            md5: hex(&self.md5.finalize()),
        }
    }
}

/// Counts and hashes a content that passes by.
#[derive(Clone, Default)]
pub(super) struct Passing {
    pub(super) bytes: u64,
    sha256: Sha256,
}

impl Passing {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.sha256.update(bytes);
    }

    /// The SHA-256 of what has passed so far.
    pub(super) fn sha256(&self) -> String {
        hex(&self.sha256.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_that_others_take() {
        let mut hashers = Hashers::default();
        hashers.update(b"ab");
        hashers.update(b"c");
        let digests = hashers.finish();
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digests.sha256, sha256);
        assert_eq!(digests.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
        let mut passing = Passing::default();
        passing.update(b"abc");
        assert_eq!((passing.bytes, passing.sha256()), (3, sha256.to_owned()));
    }
}
