//! Where something lives that a project names by a URL: its states, its artifacts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::Located;

/// Where something lives.
#[derive(Clone, Debug)]
pub struct Location {
    /// A folder, relative to the project's, or a URL.
    pub url: Located<Arc<str>>,
    /// What else is needed to reach a bucket, by key: `region`, `profile`, `assume_role`,
    /// `endpoint`.
    pub settings: BTreeMap<Arc<str>, Located<Arc<str>>>,
}

/// What a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A folder by its path: `state`, `file:state`.
    Folder(&'a str),
    /// `s3://BUCKET/PREFIX`.
    Bucket {
        /// The bucket.
        name: &'a str,
        /// What the keys in it start with; may be empty.
        prefix: &'a str,
    },
    /// A server, by the whole URL: `https://…`, `http://…`.
    Server(&'a str),
    /// Something else.
    Unknown,
}

impl Location {
    /// What its URL names.
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        Target::of(&self.url.value)
    }
}

impl Target<'_> {
    /// What `url` names.
    #[must_use]
    pub fn of(url: &str) -> Target<'_> {
        let Some((scheme, rest)) = url.split_once(':') else { return Target::Folder(url) };
        // One letter is no scheme, and a path may have a colon.
        if scheme.len() < 2 || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Target::Folder(url);
        }
        let below = rest.strip_prefix("//").unwrap_or(rest);
        match scheme {
            "file" => Target::Folder(below),
            "s3" => {
                let (name, prefix) = below.split_once('/').unwrap_or((below, ""));
                Target::Bucket { name, prefix: prefix.trim_matches('/') }
            }
            "http" | "https" => Target::Server(url),
            _ => Target::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_urls() {
        for path in ["state", "../a:b/c", "c:", "/x"] {
            assert_eq!(Target::of(path), Target::Folder(path));
        }
        assert_eq!(Target::of("file:state"), Target::Folder("state"));
        assert_eq!(Target::of("file:///srv/state"), Target::Folder("/srv/state"));
        assert_eq!(Target::of("ftp://host/x"), Target::Unknown);
        assert_eq!(Target::of("https://host/x"), Target::Server("https://host/x"));
    }

    #[test]
    fn a_bucket_may_have_a_prefix() {
        let bucket = |url| match Target::of(url) {
            Target::Bucket { name, prefix } => (name, prefix),
            other => panic!("{other:?}"),
        };
        assert_eq!(bucket("s3://b"), ("b", ""));
        assert_eq!(bucket("s3://b/a/c/"), ("b", "a/c"));
    }
}
