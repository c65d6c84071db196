//! The content of artifacts: objects under their checksums.

use std::pin::pin;

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use object_store::path::Path;
use object_store::{GetResult, PutMultipartOptions, PutOptions, PutPayload, WriteMultipart};

use super::{BucketRepository, CONCURRENT};
use crate::repository::Watch;
use crate::repository::check_stored;
use crate::repository::digests::Passing;
use crate::repository::error::{Effect, RepositoryError};
use crate::repository::source::pieces;
use crate::repository::upload::Upload;

/// The size of a part, unless there would be more of them than S3 takes.
const PART: u64 = 8 << 20;
const MOST_PARTS: u64 = 9_000;

impl BucketRepository {
    /// The SHA-256 of the object, if there is one.
    async fn stored(&self, blob: &Path) -> Result<Option<String>, RepositoryError> {
        let Some(found) = self.get(blob, Effect::None).await? else { return Ok(None) };
        let mut content = pin!(self.content(blob, found));
        let mut passing = Passing::default();
        while let Some(piece) = content.try_next().await? {
            passing.update(&piece);
        }
        Ok(Some(passing.sha256()))
    }

    pub(super) fn content<'a>(
        &'a self,
        key: &'a Path,
        found: GetResult,
    ) -> impl Stream<Item = Result<Bytes, RepositoryError>> + Send + 'a {
        found.into_stream().map_err(move |error| self.failed(key, Effect::None)(error))
    }

    /// Sees to it that the content of `upload` is there, whole.
    pub(super) async fn store(
        &self,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<(), RepositoryError> {
        let sha256 = &upload.digests.sha256;
        let blob = self.blob(sha256);
        // What is there under the checksum of something else is not believed, but replaced.
        if self.stored(&blob).await?.as_ref() == Some(sha256) {
            return Ok(());
        }
        match upload.bytes <= PART {
            true => self.send_at_once(&blob, upload, watch).await?,
            false => self.send_in_parts(&blob, upload, watch).await?,
        }
        let stored = self.stored(&blob).await?;
        check_stored(self.named(&blob), stored, |it| it, sha256).map(drop)
    }

    /// Sends a small file in one request.
    async fn send_at_once(
        &self,
        blob: &Path,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<(), RepositoryError> {
        let content: PutPayload =
            pieces(upload, watch).try_collect::<Vec<Bytes>>().await?.into_iter().collect();
        // A connection that breaks is not tried again by the client; the same content may be.
        let send = || self.storage.put_opts(blob, content.clone(), PutOptions::default());
        let sent = send
            .retry(ExponentialBuilder::default())
            .when(|error| matches!(error, object_store::Error::Generic { .. }))
            .await;
        sent.map(drop).map_err(self.failed(blob, Effect::None))
    }

    async fn send_in_parts(
        &self,
        blob: &Path,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<(), RepositoryError> {
        let failed = || self.failed(blob, Effect::None);
        let options = PutMultipartOptions::default();
        let parts = self.storage.put_multipart_opts(blob, options).await.map_err(failed())?;
        let part = PART.max(upload.bytes / MOST_PARTS);
        let part = usize::try_from(part).expect("a part fits into memory");
        let mut write = WriteMultipart::new_with_chunk_size(parts, part);
        match self.feed(&mut write, blob, upload, watch).await {
            Ok(()) => write.finish().await.map(drop).map_err(failed()),
            Err(error) => {
                // Parts that stay are no object; this error says more than that one would.
                let _ = write.abort().await;
                Err(error)
            }
        }
    }

    /// Hands out the content of `upload` as it is sent.
    async fn feed(
        &self,
        write: &mut WriteMultipart,
        blob: &Path,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<(), RepositoryError> {
        let mut pieces = pin!(pieces(upload, watch));
        while let Some(piece) = pieces.try_next().await? {
            let ready = write.wait_for_capacity(CONCURRENT).await;
            ready.map_err(self.failed(blob, Effect::None))?;
            write.put(piece);
        }
        Ok(())
    }
}
