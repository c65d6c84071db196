//! The content of an upload, piece by piece.

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::Watch;
use super::digests::Passing;
use super::error::RepositoryError;
use super::upload::Upload;

/// How much is held in memory at a time, a few times over.
const PIECE: usize = 1 << 20;

/// The content of `upload`. The last piece comes only if all of it is what the upload was prepared
/// from: who receives an error instead has not received the whole.
pub(super) fn pieces<'a>(
    upload: &'a Upload,
    watch: &'a dyn Watch,
) -> impl Stream<Item = Result<Bytes, RepositoryError>> + Send + 'a {
    stream::try_unfold(None, move |reading: Option<Reading<'a>>| async move {
        let mut reading = match reading {
            Some(reading) => reading,
            None => Reading::open(upload).await?,
        };
        let piece = reading.next().await?;
        Ok(piece.map(|piece| {
            reading.sent += piece.len() as u64;
            watch.sent(reading.sent, upload.bytes);
            (piece, Some(reading))
        }))
    })
}

struct Reading<'a> {
    upload: &'a Upload,
    file: File,
    read: Passing,
    /// The last piece that was read, held back until it is known that more follows or all is well.
    held: Option<Bytes>,
    sent: u64,
}

impl<'a> Reading<'a> {
    async fn open(upload: &'a Upload) -> Result<Reading<'a>, RepositoryError> {
        let file = File::open(&upload.path).await.map_err(unreadable(upload))?;
        Ok(Reading { upload, file, read: Passing::default(), held: None, sent: 0 })
    }

    /// The next piece to send; `None` after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, RepositoryError> {
        loop {
            let mut piece = BytesMut::with_capacity(PIECE);
            self.file.read_buf(&mut piece).await.map_err(unreadable(self.upload))?;
            self.read.update(&piece);
            let is_over = piece.is_empty();
            if self.read.bytes > self.upload.bytes || (is_over && !self.is_whole()) {
                return Err(RepositoryError::Changed { path: self.upload.path.clone() });
            }
            if is_over {
                return Ok(self.held.take());
            }
            if let Some(ready) = self.held.replace(piece.freeze()) {
                return Ok(Some(ready));
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.read.sha256() == self.upload.digests.sha256
    }
}

fn unreadable(upload: &Upload) -> impl FnOnce(std::io::Error) -> RepositoryError {
    |source| RepositoryError::Unreadable {
        artifact: upload.artifact.clone(),
        path: upload.path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, TryStreamExt};
    use jiff::Timestamp;

    use super::*;
    use crate::repository::{Publisher, Unwatched};

    async fn upload(folder: &tempfile::TempDir, content: &[u8]) -> Upload {
        let path = folder.path().join("app");
        std::fs::write(&path, content).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        Upload::read("app", None, &path, Publisher::default(), at).await.unwrap()
    }

    #[tokio::test]
    async fn pieces_are_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        for length in [0, 1, PIECE, 2 * PIECE + 7] {
            let content: Vec<u8> = (0_u8..=250).cycle().take(length).collect();
            let upload = upload(&folder, &content).await;
            let pieces: Vec<Bytes> = pieces(&upload, &Unwatched).try_collect().await.unwrap();
            assert_eq!(pieces.concat(), content);
            assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
        }
    }

    #[tokio::test]
    async fn a_file_that_was_changed_is_never_sent_whole() {
        let folder = tempfile::tempdir().unwrap();
        let before = vec![1; 2 * PIECE + 7];
        let upload = upload(&folder, &before).await;
        let same_length = {
            let mut it = before.clone();
            it[9] = 2;
            it
        };
        for after in [same_length, before[1..].to_vec(), [&*before, &[1]].concat()] {
            std::fs::write(&upload.path, after).unwrap();
            let sent: Vec<_> = pieces(&upload, &Unwatched).collect().await;
            let length: usize = sent.iter().flatten().map(Bytes::len).sum();
            assert!(length < before.len());
            assert!(matches!(sent.last(), Some(Err(RepositoryError::Changed { .. }))));
        }
    }
}
