//! A cloud in memory, as a provider sees it: networks, machines, groups and listeners.
//!
//! It enforces what real clouds do: an object that others need cannot be deleted, names are
//! unique, a spent client token makes nothing new, what is another's is refused. Its [`Weather`]
//! decides by seed what goes wrong; [`Cloud::next`] lets one call go wrong for certain. Time is
//! tokio's, so that a paused runtime makes it simulated.
//!
//! What is absent: knowledge of plans, states and stores. Tests read the truth here and compare.

mod calls;
mod chance;
mod provider;
mod types;
mod weather;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use greenroom_model::address::Address;
use greenroom_model::identity::Lineage;
use greenroom_model::schema::ProviderSchema;
use greenroom_model::value::{Object, Value};
use tokio::sync::Notify;

pub use calls::{Call, CallKind};
pub use chance::Chance;
pub use weather::{Fault, Weather};
use world::World;
pub use world::{Condition, SimObject};

/// The cloud. Clones are the same cloud.
#[derive(Clone)]
pub struct Cloud {
    schema: Arc<ProviderSchema>,
    shared: Arc<Shared>,
}

struct Shared {
    inner: Mutex<Inner>,
    stopped: Notify,
}

struct Inner {
    world: World,
    weather: Weather,
    chance: Chance,
    calls: Vec<Call>,
    /// What is to happen to the next call of a kind about an address.
    planned: BTreeMap<(CallKind, String), Fault>,
    /// Whether the caller's credentials have expired.
    locked_out: bool,
    /// Calls that change something, counted until the process is to die.
    mutations: u64,
    stop: Option<Stop>,
    running: usize,
    most_running: usize,
}

/// When the calling process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stop {
    mutation: u64,
    after_the_effect: bool,
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
            chance: Chance::new(weather.seed),
            weather,
            calls: Vec::new(),
            planned: BTreeMap::new(),
            locked_out: false,
            mutations: 0,
            stop: None,
            running: 0,
            most_running: 0,
        };
        let shared = Shared { inner: Mutex::new(inner), stopped: Notify::new() };
        Cloud { schema, shared: Arc::new(shared) }
    }

    /// The types it offers.
    #[must_use]
    pub fn schema(&self) -> Arc<ProviderSchema> {
        self.schema.clone()
    }

    /// Changes the weather from now on. The grace of its types stays.
    pub fn set_weather(&self, weather: Weather) {
        self.inner().weather = weather;
    }

    /// Lets the next call of `kind` about `address` end like this.
    pub fn next(&self, kind: CallKind, address: &str, fault: Fault) {
        self.inner().planned.insert((kind, address.to_owned()), fault);
    }

    /// Lets the caller's credentials expire, so that every call is refused, or be good again.
    pub fn lock_out(&self, locked_out: bool) {
        self.inner().locked_out = locked_out;
    }

    /// Lets the calling process die at the `nth` call from now on that changes something, before
    /// its effect or after it: the call never returns, and [`stopped`](Cloud::stopped) does.
    pub fn stop_at(&self, nth: u64, after_the_effect: bool) {
        let mut inner = self.inner();
        inner.mutations = 0;
        inner.stop = Some(Stop { mutation: nth, after_the_effect });
    }

    /// Takes back what [`stop_at`](Cloud::stop_at) asked for.
    pub fn never_stop(&self) {
        self.inner().stop = None;
    }

    /// Returns when the calling process is to be dead.
    pub async fn stopped(&self) {
        self.shared.stopped.notified().await;
    }

    /// Everything that exists now, in the order of its making; what is on its way out included.
    #[must_use]
    pub fn objects(&self) -> Vec<SimObject> {
        let mut inner = self.inner();
        inner.world.advance();
        inner.world.objects.values().cloned().collect()
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

    /// Makes an object by hand, of the type that `address` names: it is nobody's, and ready.
    /// Returns its id.
    pub fn plant(&self, address: &Address, attributes: Object) -> Arc<str> {
        self.inner().world.plant(address.clone(), attributes)
    }

    /// Marks an object as that of the state with this lineage, without that state's knowing.
    pub fn give_away(&self, id: &str, lineage: &str) {
        if let Some(object) = self.inner().world.by_id(id) {
            object.lineage = Some(Lineage(lineage.into()));
        }
    }

    /// Removes the objects at `address` behind everybody's back; whether there were any.
    pub fn kill(&self, address: &str) -> bool {
        let mut inner = self.inner();
        let before = inner.world.objects.len();
        inner.world.objects.retain(|_, it| it.address.to_string() != address);
        inner.world.objects.len() != before
    }

    /// Makes the objects at `address` useless; whether there were any.
    pub fn break_down(&self, address: &str) -> bool {
        self.edit(address, |it| it.condition = Condition::Broken)
    }

    /// Changes an attribute of the objects at `address` behind everybody's back; whether there
    /// were any.
    pub fn change(&self, address: &str, attribute: &str, value: impl Into<Value>) -> bool {
        let value = value.into();
        self.edit(address, |it| {
            it.attributes.insert(attribute.into(), value.clone());
        })
    }

    fn edit(&self, address: &str, mut edit: impl FnMut(&mut SimObject)) -> bool {
        let mut inner = self.inner();
        let at = |it: &&mut SimObject| it.address.to_string() == address;
        inner.world.objects.values_mut().filter(at).map(&mut edit).count() > 0
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Cloud {
    fn default() -> Cloud {
        Cloud::new()
    }
}

impl Inner {
    fn latency(&mut self) -> Duration {
        let (shortest, longest) = self.weather.latency;
        let spread = u64::try_from(longest.saturating_sub(shortest).as_millis()).unwrap_or(0);
        shortest + Duration::from_millis(self.chance.below(spread + 1))
    }

    fn note(&mut self, kind: CallKind, address: &Address, id: Option<&Arc<str>>) {
        self.calls.push(Call { kind, address: address.clone(), id: id.cloned() });
    }
}
