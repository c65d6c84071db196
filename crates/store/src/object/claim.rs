//! The claim on a state: an object that its holder renews, and that everybody else watches.
//!
//! A contender takes a lease that it has seen unchanged for its whole time to live, by the
//! contender's own clock. Clocks decide only when to try: what a holder that was passed over still
//! writes is refused by the storage, because its epoch has been ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use object_store::UpdateVersion;
use object_store::path::Path;
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::error::StoreError;
use crate::fail_point::fail_point;
use crate::format::object::{self, LeaseHeader};
use crate::holder::Holder;
use crate::name::StateName;
use crate::object::clock::Clock;
use crate::object::damage::Judge;
use crate::object::keys::Keys;
use crate::object::objects::{Condition, Found, Objects, Refused};
use crate::position::Lineage;

/// The lease of a state, held by this process.
pub(crate) struct Claim {
    pub(crate) place: ClaimPlace,
    holder: Holder,
    ttl: Duration,
    held: AsyncMutex<Held>,
    standing: Mutex<Standing>,
}

/// Where a lease is, and what is needed to read and write it.
#[derive(Clone)]
pub(crate) struct ClaimPlace {
    pub(crate) objects: Objects,
    pub(crate) keys: Keys,
    pub(crate) state: StateName,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The task that renews a lease.
pub(crate) struct Keeper(JoinHandle<()>);

impl Keeper {
    /// Ends it, also in the middle of a renewal.
    pub(crate) async fn stop(self) {
        self.0.abort();
        // Aborted is what it is to be.
        let _ = self.0.await;
    }
}

struct Held {
    header: LeaseHeader,
    version: UpdateVersion,
}

struct Standing {
    /// Until when, by the clock, nobody else can have taken the lease.
    deadline: Duration,
    /// Why it is ours no more.
    lost: Option<StoreError>,
}

/// How often a contender looks while a lease may run out.
const LOOKS_PER_TTL: u32 = 8;

/// How often a holder renews while its lease runs.
const RENEWALS_PER_TTL: u32 = 4;

/// Whether to wait until an earlier holder has had time to renew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    Watch,
    Seize,
}

/// A lease as it was read.
pub(crate) struct Seen {
    pub(crate) header: LeaseHeader,
    version: UpdateVersion,
}

impl ClaimPlace {
    /// The lease as it is now.
    pub(crate) async fn look(&self) -> Result<Option<Seen>, StoreError> {
        let found = self.objects.get(&self.keys.lease()).await?;
        found.map(|found| self.decode(found)).transpose()
    }

    /// The state that the lease names now.
    pub(crate) async fn lineage(&self) -> Result<Option<Lineage>, StoreError> {
        Ok(self.look().await?.and_then(|it| it.header.lineage))
    }

    /// Who says which of the state's objects are damaged.
    pub(crate) fn judge(&self) -> Judge<'_> {
        Judge { objects: &self.objects, state: &self.state }
    }

    fn decode(&self, found: Found) -> Result<Seen, StoreError> {
        let Found { bytes, version } = found;
        let (header, _) = self.judge().decode::<LeaseHeader>(&self.keys.lease(), &bytes)?;
        Ok(Seen { header, version })
    }

    /// Takes the lease for `holder`, once nobody has it.
    pub(crate) async fn take(
        &self,
        holder: Holder,
        ttl: Duration,
        patience: Patience,
    ) -> Result<Claim, StoreError> {
        loop {
            let seen = match self.look().await? {
                Some(seen) if patience == Patience::Watch => match self.watch(seen).await? {
                    Some(free) => Some(free),
                    None => continue,
                },
                seen => seen,
            };
            if let Some(claim) = self.try_to_take(seen, &holder, ttl).await? {
                fail_point("store: after lease taken");
                return Ok(claim);
            }
        }
    }

    /// Waits until the lease is free; `None` if it is to be read again.
    async fn watch(&self, seen: Seen) -> Result<Option<Seen>, StoreError> {
        if seen.header.holder.is_none() {
            return Ok(Some(seen));
        }
        let ttl = seen.header.ttl();
        let since = self.clock.elapsed();
        loop {
            sleep(ttl / LOOKS_PER_TTL).await;
            let now = self.look().await?;
            let is_same = now.as_ref().is_some_and(|it| it.version.e_tag == seen.version.e_tag);
            if !is_same {
                let next = now.and_then(|it| it.header.holder);
                return match next {
                    Some(alive) => Err(self.held_by(alive)),
                    None => Ok(None),
                };
            }
            if self.clock.elapsed().saturating_sub(since) >= ttl {
                return Ok(Some(seen));
            }
        }
    }

    async fn try_to_take(
        &self,
        seen: Option<Seen>,
        holder: &Holder,
        ttl: Duration,
    ) -> Result<Option<Claim>, StoreError> {
        let (before, condition) = match seen {
            None => (None, Condition::Absent),
            Some(Seen { header, version }) => (Some(header), Condition::Still(version)),
        };
        let header = self.next_header(before, holder, ttl);
        let began = self.clock.elapsed();
        let bytes = object::encode(header.clone(), &[]);
        let look = self.objects.look;
        match self.objects.write(&self.keys.lease(), &condition, &bytes, look).await {
            Ok(version) => {
                let standing = Mutex::new(Standing { deadline: began + ttl, lost: None });
                let held = AsyncMutex::new(Held { header, version });
                let (place, holder) = (self.clone(), holder.clone());
                Ok(Some(Claim { place, holder, ttl, held, standing }))
            }
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Other(None)) => Ok(None),
            Err(Refused::Other(Some(found))) => match self.decode(found)?.header.holder {
                Some(other) => Err(self.held_by(other)),
                None => Ok(None),
            },
        }
    }

    fn next_header(
        &self,
        before: Option<LeaseHeader>,
        holder: &Holder,
        ttl: Duration,
    ) -> LeaseHeader {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let (holder, renewed) = (Some(holder.clone()), self.clock.now());
        match before {
            None => LeaseHeader {
                epoch: 1,
                ended_below: 1,
                holder,
                ttl_ms,
                renewed,
                lineage: None,
                removing: None,
                strayed: false,
                unknown: Default::default(),
            },
            Some(before) => LeaseHeader {
                epoch: before.epoch + 1,
                strayed: before.strayed || before.holder.is_some(),
                holder,
                ttl_ms,
                renewed,
                ..before
            },
        }
    }

    fn held_by(&self, holder: Holder) -> StoreError {
        StoreError::Held { state: self.state.clone(), holder: Some(Box::new(holder)) }
    }
}

impl Claim {
    /// Renews the lease again and again, until it is lost, let go, or the keeper is stopped.
    pub(crate) fn keep(claim: &Arc<Claim>) -> Keeper {
        let (pause, claim) = (claim.ttl / RENEWALS_PER_TTL, Arc::downgrade(claim));
        Keeper(tokio::spawn(async move {
            loop {
                sleep(pause).await;
                let Some(claim) = claim.upgrade() else { return };
                // What failed may do the next time; whether the lease counts meanwhile, its
                // deadline says.
                let _ = claim.renew().await;
                if claim.lost().is_some() {
                    return;
                }
            }
        }))
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.change(|_| {}).await
    }

    /// Renews the lease, changed.
    pub(crate) async fn change(&self, change: impl Fn(&mut LeaseHeader)) -> Result<(), StoreError> {
        let mut held = self.held.lock().await;
        loop {
            if let Some(lost) = self.lost() {
                return Err(lost);
            }
            let mut header = held.header.clone();
            header.renewed = self.place.clock.now();
            change(&mut header);
            let bytes = object::encode(header.clone(), &[]);
            let condition = Condition::Still(held.version.clone());
            let began = self.place.clock.elapsed();
            let ClaimPlace { objects, keys, .. } = &self.place;
            match objects.write(&keys.lease(), &condition, &bytes, objects.hold).await {
                Ok(version) => {
                    *held = Held { header, version };
                    self.standing().deadline = began + self.ttl;
                    return Ok(());
                }
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Other(found)) => *held = self.own(found)?,
            }
        }
    }

    /// What an earlier change of ours left, whose answer never came; all else means that the lease
    /// is another's.
    fn own(&self, found: Option<Found>) -> Result<Held, StoreError> {
        let seen = found.map(|found| self.place.decode(found)).transpose()?;
        let holder = seen.as_ref().and_then(|it| it.header.holder.clone());
        match (seen, holder) {
            (Some(Seen { header, version }), Some(holder)) if holder.lease == self.holder.lease => {
                Ok(Held { header, version })
            }
            (_, holder) => Err(self.lose(holder)),
        }
    }

    /// Whether the lease counts: by its time, or else by asking.
    pub(crate) async fn still_held(&self) -> Result<(), StoreError> {
        if let Some(lost) = self.lost() {
            return Err(lost);
        }
        if self.place.clock.elapsed() < self.standing().deadline {
            return Ok(());
        }
        self.renew().await
    }

    /// Why the lease is ours no more, if that is known.
    pub(crate) fn lost(&self) -> Option<StoreError> {
        self.standing().lost.clone()
    }

    /// Writes an object that nobody else writes while the lease is ours.
    pub(crate) async fn write(
        &self,
        key: &Path,
        condition: &Condition,
        bytes: &Bytes,
    ) -> Result<UpdateVersion, StoreError> {
        let objects = &self.place.objects;
        match objects.write(key, condition, bytes, objects.hold).await {
            Ok(version) => Ok(version),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Other(_)) => Err(self.find_out_who().await),
        }
    }

    /// Somebody else writes: the lease must be his.
    async fn find_out_who(&self) -> StoreError {
        if let Some(lost) = self.lost() {
            return lost;
        }
        let seen = self.place.look().await.ok().flatten();
        let holder = seen.and_then(|it| it.header.holder);
        self.lose(holder.filter(|it| it.lease != self.holder.lease))
    }

    fn lose(&self, to: Option<Holder>) -> StoreError {
        let state = self.place.state.clone();
        let lost = StoreError::Lost { state, to: to.map(Box::new) };
        self.standing().lost.get_or_insert(lost).clone()
    }

    /// What the lease says.
    pub(crate) async fn header(&self) -> LeaseHeader {
        self.held.lock().await.header.clone()
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
