//! The record of a published version, as it stands beside its content in a folder or a bucket.

use greenroom_store::WRITTEN_BY;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Published;
use super::error::RepositoryError;
use super::upload::Upload;

/// The file of the record beside the artifact's.
pub(super) const RECORD_FILE: &str = "artifact.json";

/// The newest format that this build reads, and the one it writes.
const FORMAT: u32 = 1;

/// What is written. Readers ignore fields that they do not know.
#[derive(Serialize, Deserialize)]
struct Record {
    format: u32,
    written_by: String,
    artifact: String,
    version: String,
    file: String,
    bytes: u64,
    sha256: String,
    sha1: String,
    md5: String,
    published: Timestamp,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    build: Option<String>,
}

/// The record of what `upload` publishes.
pub(super) fn encode(upload: &Upload) -> Vec<u8> {
    let record = Record {
        format: FORMAT,
        written_by: WRITTEN_BY.to_owned(),
        artifact: upload.artifact.clone(),
        version: upload.version.clone(),
        file: upload.file.clone(),
        bytes: upload.bytes,
        sha256: upload.digests.sha256.clone(),
        sha1: upload.digests.sha1.clone(),
        md5: upload.digests.md5.clone(),
        published: upload.at,
        by: upload.publisher.by.clone(),
        build: upload.publisher.build.clone(),
    };
    let mut text = serde_json::to_vec_pretty(&record).expect("a record has text keys");
    text.push(b'\n');
    text
}

/// What is published by the record `text`, which is at `place` and must be of this version.
pub(super) fn decode(
    text: &[u8],
    place: &str,
    artifact: &str,
    version: &str,
) -> Result<Published, RepositoryError> {
    let damaged = |why: String| RepositoryError::Damaged { place: place.to_owned(), why };
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } =
        serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
    if format > FORMAT {
        let why = format!("it has format {format}, and this build reads up to {FORMAT}");
        return Err(damaged(why));
    }
    let record: Record =
        serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
    if (&*record.artifact, &*record.version) != (artifact, version) {
        return Err(damaged(format!("it is of {} {}", record.artifact, record.version)));
    }
    if !is_file_name(&record.file) || !is_sha256(&record.sha256) {
        return Err(damaged("its file name or its checksum is none".to_owned()));
    }
    let Record { artifact, version, file, bytes, sha256, published, by, .. } = record;
    Ok(Published { artifact, version, file, bytes, sha256, published, by })
}

/// Whether a file of this name can be kept in a folder, beside its record.
pub(super) fn is_file_name(name: &str) -> bool {
    !matches!(name, "" | "." | ".." | RECORD_FILE) && !name.contains(['/', '\0'])
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Publisher;

    async fn written() -> (Upload, String) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let publisher = Publisher { by: "ann on ci".to_owned(), build: None };
        let at = Timestamp::UNIX_EPOCH;
        let upload = Upload::read("app", Some("1"), file.path(), publisher, at).await.unwrap();
        let text = String::from_utf8(encode(&upload)).unwrap();
        (upload, text)
    }

    #[tokio::test]
    async fn what_is_written_is_read_again() {
        let (upload, text) = written().await;
        let read = decode(text.as_bytes(), "place", "app", "1").unwrap();
        assert_eq!(read, upload.published());
    }

    #[tokio::test]
    async fn what_is_no_record_is_refused_with_the_reason() {
        let (upload, text) = written().await;
        let other_file = text.replace(&upload.file, "../x");
        let short = text.replace(&upload.digests.sha256, "e3b0");
        let newer = text.replace("\"format\": 1", "\"format\": 2");
        let cases = [
            (&text[..20], "app", "EOF while parsing"),
            (&*newer, "app", "it has format 2, and this build reads up to 1"),
            (&*text, "other", "it is of app 1"),
            (&*other_file, "app", "its file name or its checksum is none"),
            (&*short, "app", "its file name or its checksum is none"),
        ];
        for (text, artifact, why) in cases {
            let refused = decode(text.as_bytes(), "place", artifact, "1").unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
