//! Digests of content, in the form `sha256:HEX`.

use std::io::{self, Read, Write};

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The digest of some bytes.
pub(crate) fn of(bytes: &[u8]) -> String {
    text(Sha256::new_with_prefix(bytes))
}

fn text(hasher: Sha256) -> String {
    format!("sha256:{:x}", Bytes::copy_from_slice(&hasher.finalize()))
}

/// A reader or writer that digests and counts what goes through it.
pub(crate) struct Digesting<T> {
    inner: T,
    hasher: Sha256,
    size: u64,
}

impl<T> Digesting<T> {
    pub(crate) fn new(inner: T) -> Digesting<T> {
        Digesting { inner, hasher: Sha256::new(), size: 0 }
    }

    /// What is inside, with the digest and the length of all that went through.
    pub(crate) fn finish(self) -> (T, String, u64) {
        (self.inner, text(self.hasher), self.size)
    }

    fn note(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.note(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.note(&buffer[..read]);
        Ok(read)
    }
}
