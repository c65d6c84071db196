//! States on object storage.
//!
//! Safety stands on one thing: a write that names what it replaces, or that nothing is there, takes
//! effect only if that holds. The journal's objects are made under the epoch of a lease, and each
//! taking of the lease ends the epochs before it. Clocks and time-outs decide when somebody tries,
//! never who is right.

mod claim;
mod clock;
mod damage;
mod examine;
mod fence;
mod install;
mod keys;
mod lease;
mod ledger;
mod load;
mod objects;
mod removal;
mod requests;
#[cfg(feature = "s3")]
mod s3;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::SignedDuration;
use object_store::ObjectStore;
use object_store::path::Path;

use crate::error::StoreError;
use crate::holder::{Holder, random_id};
use crate::ledger::{Ledger, LedgerName, LedgerVersion};
use crate::name::{Segment, StateName};
use crate::object::claim::{Claim, ClaimPlace, Patience};
pub use crate::object::clock::Clock;
use crate::object::clock::SystemClock;
use crate::object::keys::{Keys, ledger_of, state_of};
use crate::object::lease::ObjectLease;
use crate::object::ledger::LedgerPlace;
use crate::object::objects::Objects;
#[cfg(feature = "s3")]
pub use crate::object::s3::{AccessKey, AccessKeys, Bucket};
use crate::payload::check_payload;
use crate::position::Lineage;
use crate::report::Report;
use crate::request::{Request, RequestName, Requested};
use crate::state::{Loaded, SnapshotHeader};
use crate::store::{Lease, Store};

/// States below one prefix of an object storage that can write on a condition.
///
/// The holder of a lease renews it from a task of its own, so all of this is used within a tokio
/// runtime.
#[derive(Clone)]
pub struct ObjectStates {
    objects: Objects,
    prefix: Path,
    ttl: Duration,
    clock: Arc<dyn Clock>,
    lineages: Arc<dyn Fn() -> Lineage + Send + Sync>,
}

const TTL: Duration = Duration::from_secs(30);
/// A request that takes longer is given up, well before a lease could run out meanwhile.
const REQUESTS_PER_TTL: u32 = 4;
const LOOK: Duration = Duration::from_secs(30);
const HOLD: Duration = Duration::from_secs(300);
/// By how much the clocks of two machines may differ where nothing but a message depends on it.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

impl ObjectStates {
    /// The states below `prefix` of `storage`; `place` is what a person calls the storage, such as
    /// `s3://bucket`.
    ///
    /// `storage` must answer each request once, without retries of its own: whether an unclear
    /// write took effect is found out here.
    pub fn new(storage: Arc<dyn ObjectStore>, prefix: Path, place: &str) -> ObjectStates {
        let request = TTL / REQUESTS_PER_TTL;
        let place = Arc::from(place);
        ObjectStates {
            objects: Objects { store: storage, place, request, look: LOOK, hold: HOLD },
            prefix,
            ttl: TTL,
            clock: Arc::new(SystemClock),
            lineages: Arc::new(|| Lineage(random_id())),
        }
    }

    /// How long a lease counts that is not renewed, 30 s unless told; one request may take a
    /// quarter of it.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> ObjectStates {
        self.ttl = ttl;
        self.objects.request = ttl / REQUESTS_PER_TTL;
        self
    }

    /// How long a request without a clear answer is repeated: while there is no lease to lose, 30 s
    /// unless told; and by the holder of a lease, 5 minutes unless told.
    #[must_use]
    pub fn with_patience(mut self, look: Duration, hold: Duration) -> ObjectStates {
        self.objects.look = look;
        self.objects.hold = hold;
        self
    }

    /// Takes the time from `clock` instead of the operating system.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> ObjectStates {
        self.clock = clock;
        self
    }

    /// Takes the lineages of new states from `lineages` instead of the system's randomness.
    #[must_use]
    pub fn with_lineages(
        mut self,
        lineages: impl Fn() -> Lineage + Send + Sync + 'static,
    ) -> ObjectStates {
        self.lineages = Arc::new(lineages);
        self
    }

    fn place(&self, state: &StateName) -> ClaimPlace {
        ClaimPlace {
            objects: self.objects.clone(),
            keys: Keys::new(&self.prefix, state),
            state: state.clone(),
            clock: Arc::clone(&self.clock),
        }
    }

    fn ledger_place<'a>(&'a self, name: &'a LedgerName) -> LedgerPlace<'a> {
        LedgerPlace { objects: &self.objects, prefix: &self.prefix, name }
    }

    async fn take(
        &self,
        state: &StateName,
        holder: Holder,
        patience: Patience,
    ) -> Result<Box<dyn Lease>, StoreError> {
        let claim = self.place(state).take(holder, self.ttl, patience).await?;
        let lease = ObjectLease::open(claim, &*self.lineages).await?;
        Ok(Box::new(lease))
    }
}

#[async_trait]
impl Store for ObjectStates {
    async fn list(&self) -> Result<Vec<StateName>, StoreError> {
        let keys = self.objects.list(&self.prefix, None).await?;
        let mut found = BTreeMap::new();
        for (state, is_more) in keys.iter().filter_map(|key| state_of(&self.prefix, key)) {
            *found.entry(state).or_default() |= is_more;
        }
        let mut states = Vec::new();
        for (state, is_more) in found {
            // What has been removed has left its lease, and perhaps fences.
            if is_more && self.place(&state).lineage().await?.is_some() {
                states.push(state);
            }
        }
        Ok(states)
    }

    async fn read(&self, state: &StateName) -> Result<Option<Loaded>, StoreError> {
        let place = self.place(state);
        let opened = load::read_consistently(place.judge(), &place.keys, || place.lineage());
        Ok(opened.await?.map(|it| it.loaded))
    }

    async fn has_leftovers(&self, state: &StateName) -> Result<bool, StoreError> {
        let seen = self.place(state).look().await?;
        Ok(seen.is_some_and(|it| it.header.removing.is_some()))
    }

    async fn holder(&self, state: &StateName) -> Result<Option<Holder>, StoreError> {
        let Some(seen) = self.place(state).look().await? else { return Ok(None) };
        let header = seen.header;
        let age = self.clock.now().duration_since(header.renewed);
        let ttl = SignedDuration::try_from(header.ttl()).unwrap_or(SignedDuration::MAX);
        Ok(header.holder.filter(|_| age <= ttl.saturating_add(SKEW)))
    }

    async fn acquire(
        &self,
        state: &StateName,
        holder: Holder,
    ) -> Result<Box<dyn Lease>, StoreError> {
        self.take(state, holder, Patience::Watch).await
    }

    async fn seize(&self, state: &StateName, holder: Holder) -> Result<Box<dyn Lease>, StoreError> {
        self.take(state, holder, Patience::Seize).await
    }

    async fn install(
        &self,
        state: &StateName,
        holder: Holder,
        header: SnapshotHeader,
        body: Bytes,
    ) -> Result<(), StoreError> {
        let claim = Arc::new(self.place(state).take(holder, self.ttl, Patience::Watch).await?);
        let keeper = Claim::keep(&claim);
        let installed = install::install(&claim, &header, &body).await;
        keeper.stop().await;
        installed
    }

    async fn request(
        &self,
        state: &StateName,
        name: &RequestName,
        payload: Bytes,
    ) -> Result<Requested, StoreError> {
        check_payload(state, &payload)?;
        let place = self.place(state);
        match place.lineage().await? {
            None => Err(StoreError::Missing { state: state.clone() }),
            Some(lineage) => requests::store(&place, &lineage, name, &payload).await,
        }
    }

    async fn requests(&self, state: &StateName) -> Result<Vec<Request>, StoreError> {
        let place = self.place(state);
        match place.lineage().await? {
            None => Ok(Vec::new()),
            Some(lineage) => requests::read(&place, &lineage).await,
        }
    }

    async fn examine(&self, state: &StateName) -> Report {
        examine::examine(&self.place(state), self.holder(state).await.unwrap_or_default()).await
    }

    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, StoreError> {
        self.ledger_place(name).read().await
    }

    async fn ledgers(&self, project: &Segment) -> Result<Vec<LedgerName>, StoreError> {
        let below = self.prefix.clone().join(project.as_str());
        let found = self.objects.list(&below, None).await?;
        Ok(found.iter().filter_map(|key| ledger_of(&self.prefix, key)).collect())
    }

    async fn write_ledger(
        &self,
        name: &LedgerName,
        seen: &LedgerVersion,
        content: Bytes,
    ) -> Result<bool, StoreError> {
        self.ledger_place(name).write(seen, &content).await
    }
}
