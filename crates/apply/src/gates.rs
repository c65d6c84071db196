//! Who asks gates, what they are told, and what they see of the world.

mod sight;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::Shared;
use greenroom_model::address::BlockName;
use greenroom_model::gate::{Gate, GateResult, Verdict};
use greenroom_model::metric::{MetricAnswer, MetricQuery};
use greenroom_model::traffic::Traffic;
use greenroom_provider::{Failure, Health};
use tokio::sync::oneshot;

pub(crate) use sight::WorldSight;

/// Asks gates; `greenroom-delivery` has the one that really does.
#[async_trait]
pub trait Gates: Send + Sync {
    /// Asks until the gate has a verdict. Cancel-safe: a gate only looks.
    async fn ask(&self, question: Question) -> Verdict;
}

/// A gate that is to be asked.
pub struct Question {
    /// Its name.
    pub name: Arc<str>,
    /// What to ask, and how often.
    pub gate: Gate<String>,
    /// How long to go on.
    pub until: Until,
    /// What it sees of its environment, beside what it can reach itself.
    pub sight: Arc<dyn Sight>,
}

/// How long a gate is asked.
pub enum Until {
    /// Until it has a verdict.
    Verdict,
    /// It goes on looking until it is told. A verdict that it failed ends it before that; when it
    /// is told, it passes if its last looks did, as many as it asks for, and else goes on until it
    /// has a verdict, its deadline counted from then.
    Told(Told),
}

/// Learns when a gate need not look any longer.
#[derive(Clone, Debug)]
pub struct Told {
    is_told: Arc<AtomicBool>,
    /// Wakes all who wait in the order in which they came, so that a run is repeatable.
    end: Shared<oneshot::Receiver<()>>,
}

/// Tells gates that they need not look any longer; so does dropping it.
#[derive(Debug)]
pub struct Teller {
    is_told: Arc<AtomicBool>,
    end: Mutex<Option<oneshot::Sender<()>>>,
}

impl Teller {
    /// One who tells, and one who is told; the latter may be cloned for several gates.
    #[must_use]
    pub fn new() -> (Teller, Told) {
        let is_told = Arc::new(AtomicBool::new(false));
        let (tell, told) = oneshot::channel();
        let told = Told { is_told: is_told.clone(), end: told.shared() };
        (Teller { is_told, end: Mutex::new(Some(tell)) }, told)
    }

    /// Tells everybody.
    pub fn tell(&self) {
        self.is_told.store(true, Ordering::SeqCst);
        drop(self.end.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.tell();
    }
}

impl Told {
    /// Whether it was told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.is_told.load(Ordering::SeqCst)
    }

    /// Waits until it is told. Cancel-safe.
    pub async fn told(&self) {
        // It is told by letting go.
        let _ = self.end.clone().await;
    }
}

/// What a gate sees of its environment through the providers. Looks only.
#[async_trait]
pub trait Sight: Send + Sync {
    /// What has gone through one side, all that counts it added up.
    ///
    /// # Errors
    ///
    /// [`NotFound`](greenroom_provider::FailureKind::NotFound): nothing there counts what goes
    /// through it, or there is no such side. Others are its provider's.
    async fn traffic(&self, side: Side) -> Result<Traffic, Failure>;

    /// Whether the objects of a block such as `local_target_group.web` serve, all added up.
    ///
    /// # Errors
    ///
    /// Those of its provider. That there is no object is not one.
    async fn health(&self, block: &BlockName) -> Result<Health, Failure>;

    /// What a provider configuration such as `aws.west` knows of a metric.
    ///
    /// # Errors
    ///
    /// Those of its provider.
    async fn metric(
        &self,
        configuration: &str,
        query: MetricQuery<String>,
    ) -> Result<MetricAnswer, Failure>;
}

/// Whose traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of the gate's own environment.
    Own,
    /// That of the environment that is live, which the gate's own is compared with.
    Live,
}

/// For plans without gates: every gate is an error, as nobody looked.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGates;

#[async_trait]
impl Gates for NoGates {
    async fn ask(&self, question: Question) -> Verdict {
        Verdict {
            gate: question.name.to_string(),
            result: GateResult::Error,
            evidence: "gates are not asked here".to_owned(),
        }
    }
}
