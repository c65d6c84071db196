//! What the server says about files and folders.

use jiff::Timestamp;
use serde::Deserialize;

use crate::repository::Published;
use crate::repository::error::RepositoryError;

/// A file or a folder.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    created: Option<Timestamp>,
    created_by: Option<String>,
    size: Option<String>,
    checksums: Option<Checksums>,
    #[serde(default)]
    children: Vec<Child>,
}

#[derive(Debug, Deserialize)]
struct Checksums {
    sha256: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Child {
    uri: String,
    folder: bool,
}

/// An answer that is an error.
#[derive(Deserialize)]
struct Errors {
    errors: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

/// Reads what the server says about `place`.
pub(super) fn item(text: &[u8], place: &str) -> Result<Item, RepositoryError> {
    serde_json::from_slice(text).map_err(|error| RepositoryError::Damaged {
        place: place.to_owned(),
        why: format!("the server's answer cannot be read: {error}"),
    })
}

impl Item {
    /// The files in a folder, by name.
    pub(super) fn files(&self) -> Vec<String> {
        self.names(false)
    }

    /// The folders in a folder, by name.
    pub(super) fn folders(&self) -> Vec<String> {
        self.names(true)
    }

    fn names(&self, folders: bool) -> Vec<String> {
        let children = self.children.iter().filter(|it| it.folder == folders);
        children.map(|it| it.uri.trim_start_matches('/').to_owned()).collect()
    }

    /// The file as a published version; `place` is where the server told about it.
    pub(super) fn published(
        self,
        [artifact, version, file]: [&str; 3],
        place: &str,
    ) -> Result<Published, RepositoryError> {
        let lacks = |what: &str| RepositoryError::Damaged {
            place: place.to_owned(),
            why: format!("the server tells no {what}"),
        };
        let size = self.size.and_then(|size| size.parse().ok());
        let sha256 = self.checksums.and_then(|it| it.sha256);
        Ok(Published {
            artifact: artifact.to_owned(),
            version: version.to_owned(),
            file: file.to_owned(),
            bytes: size.ok_or_else(|| lacks("size"))?,
            sha256: sha256.ok_or_else(|| lacks("SHA-256"))?.to_ascii_lowercase(),
            published: self.created.ok_or_else(|| lacks("time"))?,
            by: self.created_by.unwrap_or_default(),
        })
    }
}

/// What an error of the server says, on one line and not for pages.
pub(super) fn message(text: &[u8]) -> Option<String> {
    const LONGEST: usize = 200;
    let Errors { errors } = serde_json::from_slice(text).ok()?;
    let message = errors.into_iter().next()?.message;
    let shown = message.chars().map(|it| if it.is_control() { ' ' } else { it });
    Some(shown.take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_what_it_lacks_is_named() {
        let sha256 = "AB".repeat(32);
        let text = format!(
            r#"{{"repo":"libs","path":"/a","created":"2025-04-06T09:13:04.174+02:00",
               "createdBy":"ci","size":"452","checksums":{{"sha256":"{sha256}"}}}}"#
        );
        let published = |text: &str| {
            item(text.as_bytes(), "place").unwrap().published(["app", "1", "f"], "place")
        };
        let read = published(&text).unwrap();
        assert_eq!((read.bytes, &*read.by), (452, "ci"));
        assert_eq!(read.sha256, sha256.to_lowercase());
        assert_eq!(read.published.to_string(), "2025-04-06T07:13:04.174Z");
        let lacks = published(&text.replace("sha256", "sha1")).unwrap_err().to_string();
        assert!(lacks.contains("the server tells no SHA-256"), "{lacks}");
    }

    #[test]
    fn an_error_is_one_short_line() {
        let text =
            format!(r#"{{"errors":[{{"status":403,"message":"no\n{}"}}]}}"#, "x".repeat(500));
        let said = message(text.as_bytes()).unwrap();
        assert!(said.starts_with("no x") && said.len() == 200);
        assert_eq!(message(b"<html>"), None);
    }
}
