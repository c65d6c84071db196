//! One target of one group: its connections, its health, its leaving.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::body::RequestBody;
use super::config::{HealthCheck, TargetAddress};
use super::connector::Connector;
use super::counters::{Counters, Gauge};
use super::group::Group;
use super::health::Health;

/// How long an unused connection to a target is kept.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// A target. It has a pool of connections of its own, which goes with it.
pub(crate) struct Target {
    pub(crate) address: TargetAddress,
    pub(crate) client: Client<Connector, RequestBody>,
    /// What copies are sent with, so that they share no connection with requests.
    pub(crate) copies: Client<Connector, Empty<Bytes>>,
    health: Mutex<Health>,
    checks: Checks,
    stage: watch::Sender<Stage>,
    in_flight: AtomicU64,
}

/// How far a target is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It takes requests.
    Member,
    /// It takes no more; what is in flight goes on.
    Leaving,
    /// What is still in flight is cut.
    Cut,
}

/// Completes when a target's requests are cut.
pub(crate) type Cut = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

impl Target {
    /// A new target, checked for health from now on.
    pub(crate) fn join(
        address: TargetAddress,
        counters: Arc<Counters>,
        check: watch::Receiver<HealthCheck>,
    ) -> Arc<Target> {
        let connector = |counters| Connector { address: address.into(), counters };
        let mut pooled = Client::builder(TokioExecutor::new());
        pooled.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_LIMIT);
        let target = Arc::new(Target {
            address,
            client: pooled.build(connector(counters)),
            copies: pooled.build(connector(Arc::default())),
            health: Mutex::new(Health::Initial),
            checks: Checks::of(address, check.clone()),
            stage: watch::Sender::new(Stage::Member),
            in_flight: AtomicU64::new(0),
        });
        tokio::spawn(keep_checking(Arc::clone(&target), check));
        target
    }

    /// Takes no new requests from now on, and cuts those in flight after `delay`.
    pub(crate) fn leave(self: &Arc<Self>, delay: Duration) {
        self.stage.send_replace(Stage::Leaving);
        let target = Arc::clone(self);
        tokio::spawn(async move {
            sleep(delay).await;
            target.stage.send_replace(Stage::Cut);
        });
    }

    pub(crate) fn health(&self) -> Health {
        *self.lock_health()
    }

    /// Checks now whether it is healthy.
    pub(crate) async fn check(&self) {
        let settings = self.checks.settings.borrow().clone();
        let success = self.checks.succeeds(self.address, &settings).await;
        let mut health = self.lock_health();
        *health = health.observe(success, &settings);
    }

    fn lock_health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests it is serving.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Relaxed)
    }

    /// Completes when it takes no requests any more.
    pub(crate) async fn leaves(&self) {
        self.reached(Stage::Leaving).await;
    }

    async fn reached(&self, stage: Stage) {
        // An error would mean that the target is gone, which `self` rules out.
        let _ = self.stage.subscribe().wait_for(|now| *now >= stage).await;
    }
}

/// A request that a target is serving; it is in flight until this is dropped.
pub(crate) struct Serving {
    pub(crate) group: Arc<Group>,
    pub(crate) target: Arc<Target>,
    _gauges: [Gauge; 2],
}

impl Serving {
    pub(crate) fn start(
        group: Arc<Group>,
        target: Arc<Target>,
        listener: &Arc<Counters>,
    ) -> Serving {
        target.in_flight.fetch_add(1, Relaxed);
        let _gauges = [group.counters.in_flight(), listener.in_flight()];
        Serving { group, target, _gauges }
    }

    /// Completes when the target's requests are cut.
    pub(crate) fn cut(&self) -> Cut {
        let mut stage = self.target.stage.subscribe();
        Box::pin(async move {
            let _ = stage.wait_for(|now| *now == Stage::Cut).await;
        })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.target.in_flight.fetch_sub(1, Relaxed);
    }
}

async fn keep_checking(target: Arc<Target>, mut settings: watch::Receiver<HealthCheck>) {
    let leaving = target.leaves();
    tokio::pin!(leaving);
    loop {
        let check = settings.borrow_and_update().clone();
        tokio::select! {
            () = target.check() => {}
            () = &mut leaving => return,
        }
        tokio::select! {
            () = sleep(target.health().pause(&check)) => {}
            changed = settings.changed() => if changed.is_err() { return },
            () = &mut leaving => return,
        }
    }
}

/// What the health of a target, or of what a record stands for, is found out with.
pub(crate) struct Checks {
    settings: watch::Receiver<HealthCheck>,
    client: Client<Connector, Empty<Bytes>>,
}

impl Checks {
    pub(crate) fn of(address: TargetAddress, settings: watch::Receiver<HealthCheck>) -> Checks {
        // No pool: a check is to find out whether the target takes connections, too.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(Connector { address: address.into(), counters: Arc::default() });
        Checks { settings, client }
    }

    pub(crate) async fn succeeds(&self, address: TargetAddress, check: &HealthCheck) -> bool {
        if !check.enabled {
            return true;
        }
        let request = Request::get(format!("http://{address}{}", check.path))
            .header(header::USER_AGENT, "greenroom-health-check")
            .body(Empty::new());
        let Ok(request) = request else { return false };
        let limit = Duration::from_millis(check.timeout_ms);
        let answer = timeout(limit, self.client.request(request)).await;
        matches!(answer, Ok(Ok(answer)) if check.matcher.matches(answer.status().as_u16()))
    }
}
