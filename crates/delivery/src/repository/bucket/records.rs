//! The records of versions: what has one is published.

use std::time::Duration;

use bytes::Bytes;
use object_store::{PutMode, PutOptions};
use tokio::time::sleep;

use super::BucketRepository;
use crate::repository::error::{Effect, RepositoryError};
use crate::repository::upload::Upload;
use crate::repository::{Publication, Published, record, settle};

/// How often a record is written whose refusal nothing explains.
const CLAIMS: u32 = 5;
/// How long to wait before the first of them; longer before each further one.
const PAUSE: Duration = Duration::from_millis(100);

impl BucketRepository {
    /// Makes the record, unless there is one.
    pub(super) async fn claim(&self, upload: &Upload) -> Result<Publication, RepositoryError> {
        let Upload { artifact, version, .. } = upload;
        let key = self.record(artifact, version);
        let record = Bytes::from(record::encode(upload));
        let mut claims = 1;
        loop {
            let options = PutOptions::from(PutMode::Create);
            let refusal = match self.storage.put_opts(&key, record.clone().into(), options).await {
                Ok(_) => return Ok(Publication::New(upload.published())),
                Err(refusal) => refusal,
            };
            if !may_be_there(&refusal) || claims == CLAIMS {
                return Err(self.failed(&key, Effect::Unknown)(refusal));
            }
            if let Some(found) = self.read(artifact, version, Effect::Unknown).await? {
                return compare(found, upload);
            }
            // A conflict with another request may be answered as if there were a record; and a
            // request that was lost has made none.
            sleep(PAUSE * claims).await;
            claims += 1;
        }
    }

    pub(super) async fn read(
        &self,
        artifact: &str,
        version: &str,
        effect: Effect,
    ) -> Result<Option<Published>, RepositoryError> {
        let key = self.record(artifact, version);
        let Some(found) = self.get(&key, effect).await? else { return Ok(None) };
        let text = found.bytes().await.map_err(self.failed(&key, effect))?;
        record::decode(&text, &self.named(&key), artifact, version).map(Some)
    }
}

/// Whether there may be a record after this: of somebody else, or ours, whose answer was lost.
fn may_be_there(refusal: &object_store::Error) -> bool {
    use object_store::Error::{AlreadyExists, Generic};
    matches!(refusal, AlreadyExists { .. } | Generic { .. })
}

/// What the record that is there makes of `upload`.
fn compare(found: Published, upload: &Upload) -> Result<Publication, RepositoryError> {
    // An attempt before this one made it, and its answer was lost.
    if found == upload.published() {
        return Ok(Publication::New(found));
    }
    settle(found, upload)
}
