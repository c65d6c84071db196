//! Requests to the object storage: every one with a time-out, repeated until its answer is clear.
//!
//! A write is conditional, and whether one without a clear answer took effect is settled by
//! repeating the same bytes under the same condition. That is safe because no two objects are
//! alike: who is refused and finds his own bytes there has written them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion,
};
use tokio::time::{Instant, sleep, timeout};

use crate::error::{OnDisk, StoreError};

/// An object, and what a conditional write of it names.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) bytes: Bytes,
    pub(crate) version: UpdateVersion,
}

/// What must hold for a write to take effect.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// There is no such object.
    Absent,
    /// It is the one that was read, or written.
    Still(UpdateVersion),
}

/// Why a conditional write did not take effect.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Something else is there; `None` if the object to replace is gone.
    Other(Option<Found>),
    /// The storage failed.
    Failed(StoreError),
}

/// The object storage, as far as a state needs it.
#[derive(Clone)]
pub(crate) struct Objects {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// What stands before keys when a person reads them.
    pub(crate) place: Arc<str>,
    /// How long one request may take.
    pub(crate) request: Duration,
    /// How long a read, or the taking of a lease, is tried.
    pub(crate) look: Duration,
    /// How long the holder of a lease tries to write.
    pub(crate) hold: Duration,
}

/// How many requests are under way at once when there are many to send.
const CONCURRENT: usize = 32;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Objects {
    /// The object, if there is one.
    pub(crate) async fn get(&self, key: &Path) -> Result<Option<Found>, StoreError> {
        let get = || async {
            let found = self.store.get_opts(key, GetOptions::default()).await?;
            let version = version_of(&found.meta);
            Ok(Found { bytes: found.bytes().await?, version })
        };
        found(self.repeat("read", key, get).await)
    }

    /// What a conditional write of the object would name, if there is one.
    pub(crate) async fn version(&self, key: &Path) -> Result<Option<UpdateVersion>, StoreError> {
        let head = || async { Ok(version_of(&self.store.head(key).await?)) };
        found(self.repeat("look for", key, head).await)
    }

    /// The objects in order, `None` for those that are gone.
    pub(crate) async fn get_all(
        &self,
        keys: Vec<Path>,
    ) -> Result<Vec<(Path, Option<Found>)>, StoreError> {
        let gets = keys.into_iter().map(|key| async move {
            let found = self.get(&key).await?;
            Ok((key, found))
        });
        stream::iter(gets).buffered(CONCURRENT).try_collect().await
    }

    /// All keys below `prefix`, past `offset`, in order.
    pub(crate) async fn list(
        &self,
        prefix: &Path,
        offset: Option<&Path>,
    ) -> Result<Vec<Path>, StoreError> {
        let list = || async {
            let listed = match offset {
                None => self.store.list(Some(prefix)),
                Some(offset) => self.store.list_with_offset(Some(prefix), offset),
            };
            let mut keys: Vec<Path> = listed.map_ok(|it| it.location).try_collect().await?;
            keys.sort_unstable();
            Ok(keys)
        };
        self.repeat("list", prefix, list).await.map_err(|failed| failed.error)
    }

    /// Deletes the objects. Those that are gone already are no error.
    pub(crate) async fn delete(&self, keys: Vec<Path>) -> Result<(), StoreError> {
        let deletes = keys.into_iter().map(|key| async move {
            let delete = || async { self.store.delete(&key).await };
            match self.repeat("delete", &key, delete).await {
                Err(failed) if !failed.is_missing => Err(failed.error),
                _ => Ok(()),
            }
        });
        stream::iter(deletes).buffer_unordered(CONCURRENT).try_collect().await
    }

    /// Writes the object if `condition` holds. `bytes` must be like no object before.
    pub(crate) async fn write(
        &self,
        key: &Path,
        condition: &Condition,
        bytes: &Bytes,
        patience: Duration,
    ) -> Result<UpdateVersion, Refused> {
        let mut tries = Tries::new(patience);
        let mut on_disk = OnDisk::Nothing;
        loop {
            let source = match self.try_to_write(key, condition, bytes).await {
                Attempt::Written(version) => return Ok(version),
                Attempt::Other(found) => return Err(Refused::Other(found)),
                Attempt::Never(source) => {
                    return Err(Refused::Failed(self.failed("write", key, on_disk, source)));
                }
                Attempt::WithoutEffect(source) => source,
                Attempt::Unclear(source) => {
                    on_disk = OnDisk::Maybe;
                    source
                }
            };
            if !tries.again().await {
                return Err(Refused::Failed(self.failed("write", key, on_disk, source)));
            }
        }
    }

    async fn try_to_write(&self, key: &Path, condition: &Condition, bytes: &Bytes) -> Attempt {
        match timeout(self.request, self.put(key, condition, bytes)).await {
            Ok(Ok(version)) if version.e_tag.is_some() => Attempt::Written(version),
            Ok(Ok(_)) => {
                let source = std::io::Error::other("the answer has no ETag");
                self.compare(key, condition, bytes, source).await
            }
            Ok(Err(error)) if is_condition(&error, condition) => {
                self.compare(key, condition, bytes, error.into()).await
            }
            Ok(Err(error)) if is_final(&error) => Attempt::Never(error.into()),
            Ok(Err(error)) => Attempt::Unclear(error.into()),
            Err(_) => Attempt::Unclear(self.late()),
        }
    }

    /// Whether the object that is there is the one that was to be written.
    async fn compare(
        &self,
        key: &Path,
        condition: &Condition,
        bytes: &Bytes,
        refusal: std::io::Error,
    ) -> Attempt {
        match (self.get(key).await, condition) {
            (Err(error), _) => Attempt::Unclear(std::io::Error::other(error)),
            (Ok(Some(found)), _) if found.bytes == *bytes => Attempt::Written(found.version),
            // A conflict with another request may be answered as if the condition did not hold.
            (Ok(None), Condition::Absent) => Attempt::WithoutEffect(refusal),
            (Ok(Some(found)), Condition::Still(before)) if found.version.e_tag == before.e_tag => {
                Attempt::WithoutEffect(refusal)
            }
            (Ok(found), _) => Attempt::Other(found),
        }
    }

    async fn put(
        &self,
        key: &Path,
        condition: &Condition,
        bytes: &Bytes,
    ) -> Result<UpdateVersion, object_store::Error> {
        let mode = match condition {
            Condition::Absent => PutMode::Create,
            Condition::Still(version) => PutMode::Update(version.clone()),
        };
        let options = PutOptions::from(mode);
        Ok(self.store.put_opts(key, bytes.clone().into(), options).await?.into())
    }

    /// Asks until there is an answer, or time is up.
    async fn repeat<T, F>(
        &self,
        action: &'static str,
        key: &Path,
        ask: impl Fn() -> F,
    ) -> Result<T, Failed>
    where
        F: Future<Output = Result<T, object_store::Error>>,
    {
        let mut tries = Tries::new(self.look);
        loop {
            let (is_over, is_missing, source) = match timeout(self.request, ask()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => (is_final(&error), is_missing(&error), error.into()),
                Err(_) => (false, false, self.late()),
            };
            if is_over || is_missing || !tries.again().await {
                let error = self.failed(action, key, OnDisk::Nothing, source);
                return Err(Failed { is_missing, error });
            }
        }
    }

    fn failed(
        &self,
        action: &'static str,
        key: &Path,
        on_disk: OnDisk,
        source: std::io::Error,
    ) -> StoreError {
        StoreError::Io { action, file: self.name(key), on_disk, source: Arc::new(source) }
    }

    /// A key as a person knows it.
    pub(crate) fn name(&self, key: &Path) -> String {
        format!("{}/{key}", self.place)
    }

    fn late(&self) -> std::io::Error {
        let message = format!("no answer within {:?}", self.request);
        std::io::Error::new(std::io::ErrorKind::TimedOut, message)
    }
}

/// What came of one attempt to write.
enum Attempt {
    Written(UpdateVersion),
    /// Something else is there.
    Other(Option<Found>),
    /// It had no effect, nor would the same again.
    Never(std::io::Error),
    /// It had no effect; the same again may.
    WithoutEffect(std::io::Error),
    /// Nobody knows.
    Unclear(std::io::Error),
}

/// A request that had no success.
struct Failed {
    is_missing: bool,
    error: StoreError,
}

fn found<T>(result: Result<T, Failed>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(failed) if failed.is_missing => Ok(None),
        Err(failed) => Err(failed.error),
    }
}

fn version_of(meta: &ObjectMeta) -> UpdateVersion {
    UpdateVersion { e_tag: meta.e_tag.clone(), version: meta.version.clone() }
}

/// Whether the answer says that there is no such object, in a bucket that there is.
fn is_missing(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. }) && !says_no_bucket(error)
}

/// Whether the answer says that the condition of a write does not hold.
fn is_condition(error: &object_store::Error, condition: &Condition) -> bool {
    use object_store::Error::{AlreadyExists, Precondition};
    match error {
        AlreadyExists { .. } | Precondition { .. } => true,
        error => is_missing(error) && matches!(condition, Condition::Still(_)),
    }
}

/// Whether asking again would be answered the same.
fn is_final(error: &object_store::Error) -> bool {
    use object_store::Error::{
        InvalidPath, NotFound, NotImplemented, NotSupported, PermissionDenied, Unauthenticated,
        UnknownConfigurationKey,
    };
    matches!(
        error,
        InvalidPath { .. }
            | NotFound { .. }
            | NotImplemented { .. }
            | NotSupported { .. }
            | PermissionDenied { .. }
            | Unauthenticated { .. }
            | UnknownConfigurationKey { .. }
    )
}

/// The error has no kind for it; its text holds S3's code for it.
fn says_no_bucket(error: &object_store::Error) -> bool {
    error.to_string().contains("NoSuchBucket")
}

/// When to try once more.
struct Tries {
    until: Instant,
    pause: Duration,
}

impl Tries {
    fn new(patience: Duration) -> Tries {
        Tries { until: Instant::now() + patience, pause: FIRST_PAUSE }
    }

    /// Waits a while, longer each time; false if there is no time left.
    async fn again(&mut self) -> bool {
        if Instant::now() + self.pause > self.until {
            return false;
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}
