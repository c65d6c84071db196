//! One process's way to the storage.

use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::time::sleep;

use crate::life::{Life, Moment};
use crate::mishap::Luck;
use crate::objects::fault::{Fault, Request, RequestKind, Weather};

/// One process's way to the storage.
#[derive(Clone)]
pub struct Client {
    objects: Arc<InMemory>,
    /// Whether a write takes effect only if its condition holds.
    heeds_conditions: bool,
    life: Life,
    fate: Arc<Mutex<Fate>>,
}

#[derive(Default)]
struct Fate {
    requests: Vec<Request>,
    faults: BTreeMap<usize, Fault>,
    weather: Option<Weather>,
    stop: Option<Stop>,
}

#[derive(Clone, Copy)]
struct Stop {
    nth: usize,
    after_effect: bool,
}

/// What is to become of one request.
#[derive(Clone, Copy)]
struct Course {
    fault: Option<Fault>,
    stops_before: bool,
    stops_after: bool,
}

impl Client {
    pub(super) fn new(objects: Arc<InMemory>, heeds_conditions: bool) -> Client {
        Client { objects, heeds_conditions, life: Life::new(), fate: Arc::default() }
    }

    /// The same way for another process, out in a weather that it shares.
    #[must_use]
    pub fn for_process(&self, life: Life, weather: Weather) -> Client {
        let fate = Fate { weather: Some(weather), ..Fate::default() };
        Client { life, fate: Arc::new(Mutex::new(fate)), ..self.clone() }
    }

    /// The requests that were sent so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.fate().requests.clone()
    }

    /// Lets the `nth` request from now on, counted from 1, go wrong.
    pub fn fail(&self, nth: usize, fault: Fault) {
        let mut fate = self.fate();
        let at = fate.requests.len() + nth;
        fate.faults.insert(at, fault);
    }

    /// Lets `percent` of all requests go wrong, by `seed`.
    pub fn set_weather(&self, seed: u64, percent: u8) {
        self.fate().weather = Some(Weather::new(percent, Luck::new(seed)));
    }

    /// Lets nothing go wrong any more.
    pub fn calm(&self) {
        let mut fate = self.fate();
        fate.weather = None;
        fate.faults.clear();
    }

    /// Stops the process at its `nth` request from now on, before it takes effect or after.
    pub fn stop_at(&self, nth: usize, after_effect: bool) {
        let mut fate = self.fate();
        fate.stop = Some(Stop { nth: fate.requests.len() + nth, after_effect });
    }

    /// Stops the process now.
    pub fn stop(&self) {
        self.life.freeze();
    }

    /// Returns once the process stands still.
    pub async fn stopped(&self) {
        self.life.frozen().await;
    }

    /// Lets the process go on, with what it was about to do.
    pub fn go_on(&self) {
        self.fate().stop = None;
        self.life.go_on();
    }

    async fn send<T, F>(&self, kind: RequestKind, key: &Path, effect: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.life.awake().await;
        let Course { fault, stops_before, stops_after } = self.course(kind, key);
        if stops_before {
            self.stop();
        }
        if !self.life.passes(Moment::Request(kind)) {
            return self.die_over(kind, key, effect).await;
        }
        self.life.awake().await;
        let answer = self.suffer(fault, kind, key, effect).await;
        if stops_after {
            self.stop();
        }
        self.life.pass(Moment::Answer(kind)).await;
        answer
    }

    /// The process ends while it sends a request, which may arrive all the same.
    async fn die_over<T, F>(&self, kind: RequestKind, key: &Path, effect: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let weather = self.fate().weather.clone();
        if let Some(time) = weather.and_then(|it| it.landing(kind, key)) {
            tokio::spawn(sleep(time).then(|()| effect).map(drop));
        }
        pending().await
    }

    async fn suffer<T, F>(
        &self,
        fault: Option<Fault>,
        kind: RequestKind,
        key: &Path,
        effect: F,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        match fault {
            None => effect.await,
            Some(Fault::Refused | Fault::Away(_)) => Err(internal_error()),
            Some(Fault::AnswerLost) => {
                effect.await?;
                Err(internal_error())
            }
            Some(Fault::Conflict) => match conflict(kind, key) {
                Some(error) => Err(error),
                None => effect.await,
            },
            Some(Fault::Lost) => pending().await,
            Some(Fault::Late(time)) => {
                // On its way, whatever becomes of the one who sent it.
                tokio::spawn(sleep(time).then(|()| effect).map(drop));
                pending().await
            }
            Some(Fault::Slow(time)) => {
                let answer = effect.await;
                sleep(time).await;
                answer
            }
        }
    }

    fn course(&self, kind: RequestKind, key: &Path) -> Course {
        let mut fate = self.fate();
        fate.requests.push(Request { kind, key: key.clone() });
        let nth = fate.requests.len();
        let planned = fate.faults.remove(&nth);
        let fault = planned.or_else(|| fate.weather.as_ref().and_then(|it| it.next(kind, key)));
        let stop = fate.stop.filter(|stop| stop.nth == nth);
        Course {
            fault,
            stops_before: stop.is_some_and(|it| !it.after_effect),
            stops_after: stop.is_some_and(|it| it.after_effect),
        }
    }

    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.fate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn internal_error() -> Error {
    Error::Generic { store: "simulated", source: "500 Internal Server Error".into() }
}

/// How a write is told of a conflict; nothing else knows any.
fn conflict(kind: RequestKind, key: &Path) -> Option<Error> {
    let (path, source) = (key.to_string(), "409 ConditionalRequestConflict".into());
    match kind {
        RequestKind::Create => Some(Error::AlreadyExists { path, source }),
        RequestKind::Update => Some(Error::Precondition { path, source }),
        RequestKind::Get | RequestKind::List | RequestKind::Delete => None,
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simulated object storage")
    }
}

#[async_trait]
impl ObjectStore for Client {
    async fn put_opts(
        &self,
        key: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        let kind = match options.mode {
            PutMode::Update(_) => RequestKind::Update,
            PutMode::Create | PutMode::Overwrite => RequestKind::Create,
        };
        if !self.heeds_conditions {
            options.mode = PutMode::Overwrite;
        }
        let (objects, at) = (Arc::clone(&self.objects), key.clone());
        self.send(kind, key, async move { objects.put_opts(&at, payload, options).await }).await
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(Error::NotImplemented { operation: "multipart".into(), implementer: self.to_string() })
    }

    async fn get_opts(&self, key: &Path, options: GetOptions) -> Result<GetResult> {
        let (objects, at) = (Arc::clone(&self.objects), key.clone());
        let get = async move { objects.get_opts(&at, options).await };
        self.send(RequestKind::Get, key, get).await
    }

    fn delete_stream(
        &self,
        keys: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let client = self.clone();
        let delete = move |key: Path| {
            let client = client.clone();
            async move {
                let one = stream::once(futures::future::ready(Ok(key.clone()))).boxed();
                let mut deleted = client.objects.delete_stream(one);
                let delete = async move { deleted.try_next().await };
                client.send(RequestKind::Delete, &key, delete).await?;
                Ok(key)
            }
        };
        keys.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listing(prefix, None)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listing(prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(Error::NotImplemented { operation: "delimiter".into(), implementer: self.to_string() })
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented { operation: "copy".into(), implementer: self.to_string() })
    }
}

impl Client {
    fn listing(
        &self,
        prefix: Option<&Path>,
        offset: Option<&Path>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (client, objects) = (self.clone(), Arc::clone(&self.objects));
        let (prefix, offset) = (prefix.cloned(), offset.cloned());
        let key = prefix.clone().unwrap_or_default();
        let listed = async move {
            let list = async move {
                let listed = match offset {
                    None => objects.list(prefix.as_ref()),
                    Some(offset) => objects.list_with_offset(prefix.as_ref(), &offset),
                };
                listed.try_collect::<Vec<_>>().await
            };
            let metas = client.send(RequestKind::List, &key, list).await?;
            Ok::<_, Error>(stream::iter(metas.into_iter().map(Ok)))
        };
        stream::once(listed).try_flatten().boxed()
    }
}
