//! A target group: its targets, and those that are leaving.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};

use super::config::{HealthCheck, TargetAddress, TargetGroupConfig};
use super::counters::Counters;
use super::health::Health;
use super::mirror::COPIES_LIMIT;
use super::target::Target;

/// A target group that takes requests.
pub(crate) struct Group {
    pub(crate) counters: Arc<Counters>,
    check: watch::Sender<HealthCheck>,
    targets: Mutex<Targets>,
    /// Whose turn it is.
    turn: AtomicUsize,
    /// Whose turn it is to get a copy.
    copy_turn: AtomicUsize,
    /// Who may be sent a copy now.
    pub(crate) copies: Arc<Semaphore>,
}

#[derive(Default)]
struct Targets {
    members: Vec<Arc<Target>>,
    leaving: Vec<Arc<Target>>,
}

/// A target as the balancer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetHealth {
    /// Where it listens.
    pub target: TargetAddress,
    /// `initial`, `healthy`, `unhealthy` or `draining`.
    pub health: String,
    /// How many requests it is serving.
    pub in_flight: u64,
}

impl Group {
    pub(crate) fn new(config: &TargetGroupConfig, counters: Arc<Counters>) -> Arc<Group> {
        let group = Group {
            counters,
            check: watch::Sender::new(config.health_check.clone()),
            targets: Mutex::default(),
            turn: AtomicUsize::new(0),
            copy_turn: AtomicUsize::new(0),
            copies: Arc::new(Semaphore::new(COPIES_LIMIT)),
        };
        group.configure(config);
        Arc::new(group)
    }

    /// Takes a new configuration; targets that stay keep their health and connections.
    pub(crate) fn configure(&self, config: &TargetGroupConfig) {
        self.check.send_if_modified(|check| {
            let changed = *check != config.health_check;
            check.clone_from(&config.health_check);
            changed
        });
        let mut targets = self.targets();
        let old = std::mem::take(&mut targets.members);
        for address in &config.targets {
            let stays = old.iter().find(|target| target.address == *address).cloned();
            let join = || Target::join(*address, self.counters.clone(), self.check.subscribe());
            targets.members.push(stays.unwrap_or_else(join));
        }
        let delay = Duration::from_millis(config.deregistration_delay_ms);
        for target in old {
            if !config.targets.contains(&target.address) {
                target.leave(delay);
                targets.leaving.push(target);
            }
        }
        targets.leaving.retain(|target| target.in_flight() > 0);
    }

    /// Lets all targets leave.
    pub(crate) fn dissolve(&self, delay: Duration) {
        let mut targets = self.targets();
        let members = std::mem::take(&mut targets.members);
        members.iter().for_each(|target| target.leave(delay));
        targets.leaving.extend(members);
    }

    /// The healthy target whose turn it is, leaving out those tried already.
    pub(crate) fn peek(&self, tried: &[Arc<Target>]) -> Option<Arc<Target>> {
        let found = self.targets().healthy_from(self.turn.load(Relaxed), tried);
        found.map(|(_, target)| target)
    }

    /// The healthy target whose turn it is to get a copy. Copies have turns of their own, so that
    /// they change nothing about who gets the requests.
    pub(crate) fn next_for_copy(&self) -> Option<Arc<Target>> {
        let targets = self.targets();
        let (place, target) = targets.healthy_from(self.copy_turn.load(Relaxed), &[])?;
        self.copy_turn.store(place + 1, Relaxed);
        Some(target)
    }

    /// A target that no check has found healthy yet, leaving out those tried already.
    pub(crate) fn newcomer(&self, tried: &[Arc<Target>]) -> Option<Arc<Target>> {
        let is_new = |it: &&Arc<Target>| is_fresh(it, tried) && it.health() == Health::Initial;
        self.targets().members.iter().find(is_new).cloned()
    }

    /// Goes on to the target after `taken`.
    pub(crate) fn advance(&self, taken: &Arc<Target>) {
        let targets = self.targets();
        let place = targets.members.iter().position(|target| Arc::ptr_eq(target, taken));
        self.turn.store(place.map_or(0, |place| place + 1), Relaxed);
    }

    /// All targets, those that are leaving last.
    pub(crate) fn health(&self) -> Vec<TargetHealth> {
        let mut targets = self.targets();
        targets.leaving.retain(|target| target.in_flight() > 0);
        let describe = |target: &Arc<Target>, health: &str| TargetHealth {
            target: target.address,
            health: health.to_owned(),
            in_flight: target.in_flight(),
        };
        let members = targets.members.iter().map(|target| describe(target, target.health().name()));
        members.chain(targets.leaving.iter().map(|target| describe(target, "draining"))).collect()
    }

    fn targets(&self) -> std::sync::MutexGuard<'_, Targets> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Targets {
    /// The first healthy member from the one at `turn` on, with its place, leaving out those tried
    /// already.
    fn healthy_from(&self, turn: usize, tried: &[Arc<Target>]) -> Option<(usize, Arc<Target>)> {
        let count = self.members.len();
        (0..count).map(|step| turn.wrapping_add(step) % count).find_map(|place| {
            let target = &self.members[place];
            let fits = is_fresh(target, tried) && target.health().is_healthy();
            fits.then(|| (place, Arc::clone(target)))
        })
    }
}

/// Whether a request was not given to a target yet.
fn is_fresh(target: &Arc<Target>, tried: &[Arc<Target>]) -> bool {
    !tried.iter().any(|tried| Arc::ptr_eq(tried, target))
}
