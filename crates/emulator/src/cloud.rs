//! The cloud as its users hold it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::buckets::Limit;
use crate::faults::Rule;
use crate::log::Request;
use crate::pace::Pace;
use crate::proxy::{self, Backend};
use crate::servers::{Servers, StartError};
use crate::weather::Weather;
use crate::world::World;

/// An AWS on loopback. It ends, with its servers, when this is dropped or this process ends.
///
/// It has a runtime of its own, so that tests with and without one can use it, and share it.
pub struct Cloud {
    world: Arc<World>,
    address: SocketAddr,
    accounts: AtomicU64,
    runtime: Option<Runtime>,
}

impl Cloud {
    /// Starts a cloud and returns when it answers. The first start on a machine installs the
    /// servers (a minute); others take some three seconds.
    ///
    /// # Errors
    ///
    /// Without Python 3, without its packages, or when a server does not start.
    ///
    /// # Panics
    ///
    /// If the system gives no thread.
    pub fn start() -> Result<Cloud, StartError> {
        // On a thread of its own: the caller's may be in a runtime, which must not be blocked on.
        let starting = thread::spawn(start);
        starting.join().expect("starting a cloud does not panic")
    }

    /// The cloud that all tests of this process share; started by the first.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn shared() -> &'static Cloud {
        static SHARED: OnceLock<Cloud> = OnceLock::new();
        SHARED.get_or_init(|| Cloud::start().unwrap_or_else(|error| panic!("{}", told(&error))))
    }

    /// Where it listens: the endpoint URL for every service.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An account that no other test has: nothing is in it but a default VPC in each region.
    #[must_use]
    pub fn account(&self) -> Account<'_> {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        self.account_of(&format!("{:012}", 100_000_000_000 + number))
    }

    /// The account of these twelve digits.
    #[must_use]
    pub fn account_of(&self, id: &str) -> Account<'_> {
        Account { cloud: self, id: id.to_owned() }
    }

    /// All requests so far, in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.world.log.requests(None)
    }

    /// How many requests of each name there were: `ec2:DescribeInstances`.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.world.log.counts(None)
    }

    /// Forgets all requests so far.
    pub fn clear_log(&self) {
        self.world.log.clear(None);
    }

    /// Fails if anything was asked in any account that the emulator does not know.
    ///
    /// # Panics
    ///
    /// Then, with the actions, their parameters and what the server said.
    pub fn assert_supported(&self) {
        self.assert_known(|_| true, "");
    }

    fn assert_known(&self, concerns: impl Fn(&str) -> bool, context: &str) {
        let unsupported = self.world.backend.unsupported().into_iter();
        let shown: Vec<String> = unsupported
            .filter(|call| concerns(&call.account))
            .map(|call| call.to_string())
            .collect();
        assert!(shown.is_empty(), "{}{context}", shown.join("\n"));
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // Dropping a runtime would block, which another runtime's thread must not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cloud").field("address", &self.address).finish_non_exhaustive()
    }
}

/// One account of the cloud, whose behaviour and log are its own.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    cloud: &'a Cloud,
    id: String,
}

impl Account<'_> {
    /// Its twelve digits. They are also the access key of its caller; any secret does.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The endpoint URL for every service.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.cloud.endpoint()
    }

    /// The requests that were made in this account, in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.cloud.world.log.requests(Some(&self.id))
    }

    /// How many requests of each name were made in this account: `ec2:DescribeInstances`.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.cloud.world.log.counts(Some(&self.id))
    }

    /// Forgets the requests that were made in this account.
    pub fn clear_log(&self) {
        self.cloud.world.log.clear(Some(&self.id));
    }

    /// Adds a rule. Where several would strike, the oldest does.
    pub fn inject(&self, rule: Rule) {
        self.tenant().faults.inject(rule);
    }

    /// Ends all rules and the weather.
    pub fn clear_faults(&self) {
        self.tenant().faults.clear();
    }

    /// Sets the weather. Its seed is printed, where a test that fails shows it.
    pub fn set_weather(&self, weather: Weather) {
        eprintln!("account {}: {weather}", self.id);
        self.tenant().faults.set_weather(weather);
    }

    /// Sets how slowly this account comes to rest; by default it is at rest at once.
    pub fn set_pace(&self, pace: Pace) {
        self.tenant().set_pace(pace);
    }

    /// Sets how much may be called, with full buckets; by default there is no limit. A call pays
    /// to the first limit on it.
    pub fn set_limits(&self, limits: Vec<Limit>) {
        self.tenant().buckets.set(limits);
    }

    /// Fails if anything was asked in this account that the emulator does not know.
    ///
    /// # Panics
    ///
    /// Then, with the actions, their parameters, what the server said, and the weather's seed.
    pub fn assert_supported(&self) {
        let weather = self.tenant().faults.weather();
        let context = weather.map(|weather| format!("\n({weather})")).unwrap_or_default();
        self.cloud.assert_known(|account| account == self.id, &context);
    }

    fn tenant(&self) -> Arc<crate::tenant::Tenant> {
        self.cloud.world.tenant(&self.id)
    }
}

fn start() -> Result<Cloud, StartError> {
    let servers = Servers::prepare()?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(StartError::Listen)?;
    let world = Arc::new(World::new(Backend::new(servers)));
    runtime.block_on(world.backend.warm_up())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(StartError::Listen)?;
    listener.set_nonblocking(true).map_err(StartError::Listen)?;
    let address = listener.local_addr().map_err(StartError::Listen)?;
    runtime.spawn(proxy::listen(listener, world.clone()));
    Ok(Cloud { world, address, accounts: AtomicU64::new(1), runtime: Some(runtime) })
}

fn told(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
