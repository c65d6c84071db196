//! What an image runs on.

use std::env::consts;
use std::fmt;
use std::str::FromStr;

use oci_client::manifest::ImageIndexEntry;

/// What an image runs on, such as `linux/amd64` or `linux/arm/v7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The operating system.
    pub os: String,
    /// The processor's architecture.
    pub architecture: String,
    /// Which of its variants; any if left out.
    pub variant: Option<String>,
}

impl Platform {
    /// This machine.
    #[must_use]
    pub fn here() -> Platform {
        let os = if consts::OS == "macos" { "darwin" } else { consts::OS };
        let architecture = match consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            other => other,
        };
        Platform { os: os.to_owned(), architecture: architecture.to_owned(), variant: None }
    }

    /// Whether an image that is made for `other` is what is wanted here.
    pub(crate) fn takes(&self, other: &Platform) -> bool {
        let same = (&self.os, &self.architecture) == (&other.os, &other.architecture);
        same && (self.variant.is_none() || self.variant == other.variant)
    }

    /// What an entry of an index is made for.
    pub(crate) fn of_entry(entry: &ImageIndexEntry) -> Option<Platform> {
        let platform = entry.platform.as_ref()?;
        Some(Platform {
            os: platform.os.to_string(),
            architecture: platform.architecture.to_string(),
            variant: platform.variant.clone(),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = ();

    fn from_str(text: &str) -> Result<Platform, ()> {
        let parts: Vec<String> = text.split('/').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) {
            return Err(());
        }
        match parts.as_slice() {
            [os, architecture, variant @ ..] if variant.len() < 2 => Ok(Platform {
                os: os.clone(),
                architecture: architecture.clone(),
                variant: variant.first().cloned(),
            }),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn a_platform_is_two_or_three_words() {
        for text in ["linux/amd64", "linux/arm/v7"] {
            assert_eq!(platform(text).to_string(), text);
        }
        for text in ["linux", "linux/", "/amd64", "a/b/c/d", ""] {
            assert_eq!(text.parse::<Platform>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_variant_that_is_not_asked_for_may_be_any() {
        assert!(platform("linux/arm").takes(&platform("linux/arm/v7")));
        assert!(!platform("linux/arm/v6").takes(&platform("linux/arm/v7")));
        assert!(!platform("linux/arm").takes(&platform("linux/arm64")));
    }
}
