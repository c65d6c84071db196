//! A cloud in memory, as a provider sees it: networks, machines, groups, and what sends requests to
//! them: listeners, balancers and records.
//!
//! It enforces what real clouds do: an object that others need cannot be deleted, names are
//! unique, a spent client token makes nothing new, what is another's is refused. Its [`Weather`]
//! decides by seed what goes wrong; [`Cloud::next`] lets one call go wrong for certain. Time is
//! tokio's, so that a paused runtime makes it simulated.
//!
//! A look may show how things were up to [`LAG`] ago. As a provider must, this one believes that
//! something is gone only when it has been missing for that long; that a look-up by handle may
//! miss what is there, its types declare as their grace.
//!
//! What is absent: knowledge of plans, states and stores. Tests read the truth here and compare.

mod calls;
mod history;
mod looks;
mod others;
mod provider;
mod sending;
mod traffic;
mod types;
mod watcher;
mod weather;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use greenroom_model::address::Address;
use greenroom_model::identity::{Lineage, Uid};
use greenroom_model::schema::ProviderSchema;
use tokio::time::{Instant, sleep_until};

pub use calls::{Call, CallKind};
use others::Others;
use sending::Gathered;
pub use traffic::Weights;
pub use watcher::{Deed, Watcher};
pub use weather::{Fault, LAG, Weather};
use world::World;
pub use world::{Condition, SimObject};

use crate::life::Life;
use crate::mishap::{Luck, Mishap};
use crate::tally::Trouble;

/// The cloud, as one process reaches it. Clones are the same cloud and the same process.
#[derive(Clone)]
pub struct Cloud {
    schema: Arc<ProviderSchema>,
    shared: Arc<Mutex<Inner>>,
    life: Life,
    records: Arc<Mutex<Gathered>>,
}

struct Inner {
    world: World,
    others: Others,
    weather: Weather,
    luck: Luck<CallKind, Fault>,
    calls: Vec<Call>,
    /// What is to happen to the next call of a kind about an address.
    planned: BTreeMap<(CallKind, String), Fault>,
    /// Whether the caller's credentials have expired.
    locked_out: bool,
    /// Until when they have, besides.
    expired_until: Option<Instant>,
    running: usize,
    most_running: usize,
    hits: Vec<(Trouble, CallKind)>,
}

impl Cloud {
    /// An empty cloud on a quiet day.
    #[must_use]
    pub fn new() -> Cloud {
        Cloud::with_weather(Weather::default())
    }

    /// An empty cloud in this weather.
    #[must_use]
    pub fn with_weather(weather: Weather) -> Cloud {
        let schema = Arc::new(types::schema(weather.grace));
        let inner = Inner {
            world: World::default(),
            others: Others::default(),
            luck: Luck::new(weather.seed),
            weather,
            calls: Vec::new(),
            planned: BTreeMap::new(),
            locked_out: false,
            expired_until: None,
            running: 0,
            most_running: 0,
            hits: Vec::new(),
        };
        let shared = Arc::new(Mutex::new(inner));
        Cloud { schema, shared, life: Life::new(), records: Arc::default() }
    }

    /// The same cloud as another process reaches it.
    #[must_use]
    pub fn for_process(&self, life: Life) -> Cloud {
        Cloud { life, records: Arc::default(), ..self.clone() }
    }

    /// The types it offers.
    #[must_use]
    pub fn schema(&self) -> Arc<ProviderSchema> {
        self.schema.clone()
    }

    /// Changes the weather from now on. The grace of its types stays.
    pub fn set_weather(&self, weather: Weather) {
        let mut inner = self.inner();
        inner.luck.seed = weather.seed;
        inner.weather = weather;
    }

    /// Begins a step of a script: places count anew.
    pub fn begin(&self, step: u32) {
        self.inner().luck.begin(step);
    }

    /// Lets somebody see every change that a call makes.
    pub fn watch(&self, watcher: Box<dyn Watcher>) {
        self.inner().world.watch(watcher);
    }

    /// What the front gives to each environment now.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let mut inner = self.inner();
        inner.world.advance();
        traffic::weights(inner.world.objects())
    }

    /// Leaves nothing to chance: these things go wrong, and no others.
    pub fn tell(&self, mishaps: Vec<Mishap<CallKind, Fault>>) {
        let mut inner = self.inner();
        inner.luck = Luck::new(inner.weather.seed).told(mishaps);
    }

    /// What went wrong since this was last asked.
    #[must_use]
    pub fn take_mishaps(&self) -> Vec<Mishap<CallKind, Fault>> {
        self.inner().luck.take_met()
    }

    /// What trouble calls met since this was last asked.
    #[must_use]
    pub fn take_hits(&self) -> Vec<(Trouble, CallKind)> {
        std::mem::take(&mut self.inner().hits)
    }

    /// Lets the next call of `kind` about `address` end like this.
    pub fn next(&self, kind: CallKind, address: &str, fault: Fault) {
        self.inner().planned.insert((kind, address.to_owned()), fault);
    }

    /// Lets the caller's credentials expire, so that every call is refused, or be good again.
    pub fn lock_out(&self, locked_out: bool) {
        self.inner().locked_out = locked_out;
    }

    /// The calling process, which ends at one of its calls if it is told to.
    #[must_use]
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// Everything that exists now, in the order of its making; what is on its way out included.
    #[must_use]
    pub fn objects(&self) -> Vec<SimObject> {
        let mut inner = self.inner();
        inner.world.advance();
        inner.world.objects().cloned().collect()
    }

    /// Whose an object says it is, and its identity there.
    #[must_use]
    pub fn marks(&self, id: &str) -> Option<(Lineage, Uid)> {
        let inner = self.inner();
        let object = inner.world.by_id(id)?;
        Some((object.lineage.clone()?, object.uid.clone()))
    }

    /// Whether there ever was an object of this id.
    #[must_use]
    pub fn has_made(&self, id: &str) -> bool {
        self.inner().world.has_made(id)
    }

    /// Whether an object was made by hand.
    #[must_use]
    pub fn is_by_hand(&self, id: &str) -> bool {
        self.inner().world.is_by_hand(id)
    }

    /// Returns when nothing is under way any more, and every look shows what is.
    pub async fn calm(&self) {
        while let Some(at) = self.calm_at() {
            sleep_until(at).await;
        }
        tokio::time::sleep(LAG).await;
        self.inner().world.advance();
    }

    fn calm_at(&self) -> Option<Instant> {
        let mut inner = self.inner();
        inner.world.advance();
        inner.world.calm_at()
    }

    /// The calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.inner().calls.clone()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.inner().calls.clear();
    }

    /// How many changing calls were under way at once at most.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.inner().most_running
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Cloud {
    fn default() -> Cloud {
        Cloud::new()
    }
}

impl Inner {
    fn latency(&self, place: &crate::mishap::Place<CallKind>) -> Duration {
        let (shortest, longest) = self.weather.latency;
        let spread = u64::try_from(longest.saturating_sub(shortest).as_millis()).unwrap_or(0);
        let drawn = self.luck.chance(place, "latency").below(spread + 1);
        shortest + Duration::from_millis(drawn)
    }

    fn note(&mut self, kind: CallKind, address: &Address, id: Option<&Arc<str>>) {
        self.calls.push(Call { kind, address: address.clone(), id: id.cloned() });
    }

    /// Whether a call is refused because of its credentials, which may expire just then.
    fn refuses(&mut self, kind: CallKind, fault: Option<Fault>) -> bool {
        let now = Instant::now();
        if let Some(Fault::Expires(time)) = fault {
            self.expired_until = Some(now + time);
        }
        let refuses = self.locked_out || self.expired_until.is_some_and(|until| now < until);
        if refuses {
            self.hit(Trouble::Expired, kind);
        }
        refuses
    }

    fn hit(&mut self, trouble: Trouble, kind: CallKind) {
        self.hits.push((trouble, kind));
    }

    /// Notes what others did to an object that a call is about.
    fn meets(&mut self, kind: CallKind, id: &str) {
        if let Some(trouble) = self.others.done_to(id) {
            self.hit(trouble, kind);
        }
    }
}
