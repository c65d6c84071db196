//! Randomness of the system.

use std::io;

use crate::hex::hex;

/// `BYTES` random bytes in hexadecimal digits.
pub(crate) fn digits<const BYTES: usize>() -> io::Result<String> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(hex(&bytes))
}
