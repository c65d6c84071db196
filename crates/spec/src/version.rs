//! Versions of artifacts: names that are a part of a path everywhere.

use std::fmt;

/// Why a text cannot be a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAVersion;

/// The longest version.
const LONGEST: usize = 100;

impl fmt::Display for NotAVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a version starts with a letter or a digit; letters, digits, `.`, `_`, `+` and `-` \
             follow, at most {LONGEST} in all"
        )
    }
}

impl std::error::Error for NotAVersion {}

/// Checks that `text` can be a version: `1.4.2`, `2026-01-02`, `v3+linux`.
///
/// # Errors
///
/// [`NotAVersion`].
pub fn check_version(text: &str) -> Result<(), NotAVersion> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts && text.len() <= LONGEST && text.bytes().all(fits) {
        Ok(())
    } else {
        Err(NotAVersion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_part_of_a_path() {
        for version in ["1", "1.4.2", "v3+linux", "2026-01-02_a"] {
            assert_eq!(check_version(version), Ok(()), "{version}");
        }
        let long = "1".repeat(101);
        for text in ["", ".", "..", ".1", "-1", "a/b", "a b", "ä", "1\n", &long] {
            assert_eq!(check_version(text), Err(NotAVersion), "{text}");
        }
    }
}
