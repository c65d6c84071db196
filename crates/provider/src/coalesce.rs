//! Gathering what many callers ask at about the same time into few calls.
//!
//! Callers ask for one thing each. The first one starts a tick; as long as more is asked within a
//! tick, another follows. All of it is handed to the asking function as one batch, which makes as
//! few calls of its as it can.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use tokio::sync::oneshot;

use crate::company::Company;
use crate::failure::{Failure, FailureKind};

/// What a batch came to: one answer a key. A key without an answer fails alone.
pub type Answers<K, V> = BTreeMap<K, Result<V, Failure>>;

/// The most ticks that a batch gathers for: who asked first must not wait on and on for those who
/// come after.
const MOST_TICKS: usize = 10;

type Ask<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, Answers<K, V>> + Send + Sync;
type Waiting<K, V> = BTreeMap<K, Vec<Reply<V>>>;
type Reply<V> = oneshot::Sender<Result<V, Failure>>;
type Asked<K, V> = Vec<(K, Reply<V>)>;

/// Gathers what is asked within a tick into batches.
///
/// A batch runs to its end even if nobody waits for it any more, so that one that changes the
/// world is never cut in the middle. Cheap to clone; clones share their ticks.
pub struct Coalescer<K, V> {
    shared: Arc<Shared<K, V>>,
}

struct Shared<K, V> {
    tick: Duration,
    ask: Box<Ask<K, V>>,
    waiting: Mutex<Waiting<K, V>>,
    /// What is asked by those whose company is not complete yet, by company.
    apart: Mutex<BTreeMap<u64, Asked<K, V>>>,
}

impl<K, V> Clone for Coalescer<K, V> {
    fn clone(&self) -> Coalescer<K, V> {
        Coalescer { shared: self.shared.clone() }
    }
}

impl<K, V> Coalescer<K, V>
where
    K: Clone + Ord + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Hands what is asked to `ask`, each key once, in order, after a `tick` in which nothing more
    /// was asked, or ten ticks.
    pub fn new<F>(tick: Duration, ask: F) -> Coalescer<K, V>
    where
        F: Fn(Vec<K>) -> BoxFuture<'static, Answers<K, V>> + Send + Sync + 'static,
    {
        let ask = Box::new(ask);
        Coalescer {
            shared: Arc::new(Shared {
                tick,
                ask,
                waiting: Mutex::default(),
                apart: Mutex::default(),
            }),
        }
    }

    /// Asks for one thing.
    ///
    /// # Errors
    ///
    /// What the batch says of this key; a batch that broke down says [`FailureKind::Internal`],
    /// and whether it took effect is then unknown.
    pub async fn one(&self, key: K) -> Result<V, Failure> {
        let (reply, answer) = oneshot::channel();
        self.enlist(vec![(key, reply)]);
        answer.await.unwrap_or_else(|_| Err(broken_down()))
    }

    /// Asks for one thing in the same batch as the others of its company, once all of them ask.
    ///
    /// # Errors
    ///
    /// As of [`one`](Coalescer::one); and where one of the others does not ask: then none is.
    pub async fn one_in(&self, company: Option<&Company>, key: K) -> Result<V, Failure> {
        let Some(company) = company else { return self.one(key).await };
        let apart = || self.shared.apart.lock().unwrap_or_else(PoisonError::into_inner);
        let (reply, answer) = oneshot::channel();
        apart().entry(company.id()).or_default().push((key, reply));
        let assembled = company.assemble().await;
        // Whoever goes on first takes the others along.
        let all = apart().remove(&company.id()).unwrap_or_default();
        assembled?;
        self.enlist(all);
        answer.await.unwrap_or_else(|_| Err(broken_down()))
    }

    /// Asks for many things; the answers come in the order of the keys.
    pub async fn all(&self, keys: Vec<K>) -> Vec<Result<V, Failure>> {
        let (asked, answers): (Vec<_>, Vec<_>) = keys
            .into_iter()
            .map(|key| {
                let (reply, answer) = oneshot::channel();
                ((key, reply), answer)
            })
            .unzip();
        self.enlist(asked);
        let answers = join_all(answers).await;
        answers.into_iter().map(|it| it.unwrap_or_else(|_| Err(broken_down()))).collect()
    }

    /// Lets all of these be asked in one batch.
    fn enlist(&self, asked: Asked<K, V>) {
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() && !asked.is_empty() {
            tokio::spawn(Shared::answer(self.shared.clone()));
        }
        for (key, reply) in asked {
            waiting.entry(key).or_default().push(reply);
        }
    }
}

impl<K, V> Shared<K, V>
where
    K: Clone + Ord + Send + 'static,
    V: Clone + Send + 'static,
{
    fn answer(self: Arc<Self>) -> BoxFuture<'static, ()> {
        async move {
            let waiting = self.gather().await;
            let mut answers = (self.ask)(waiting.keys().cloned().collect()).await;
            for (key, senders) in waiting {
                let answer = answers.remove(&key).unwrap_or_else(|| Err(unanswered()));
                for sender in senders {
                    // Who does not wait any more does not need it.
                    let _ = sender.send(answer.clone());
                }
            }
        }
        .boxed()
    }

    async fn gather(&self) -> Waiting<K, V> {
        let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..MOST_TICKS {
            let before = waiting().len();
            tokio::time::sleep(self.tick).await;
            if waiting().len() == before {
                break;
            }
        }
        std::mem::take(&mut *waiting())
    }
}

fn unanswered() -> Failure {
    Failure::new(FailureKind::Internal, "the provider's batch has no answer to this question")
        .unknown_effect()
}

fn broken_down() -> Failure {
    Failure::new(FailureKind::Internal, "the provider's batch broke down").unknown_effect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    type Batches = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Doubles numbers, has no answer to 13 and fails for 0; keeps the batches it was asked.
    fn doubling() -> (Coalescer<u32, u32>, Batches) {
        let batches = Batches::default();
        let kept = batches.clone();
        let coalescer = Coalescer::new(Duration::from_millis(5), move |keys: Vec<u32>| {
            kept.lock().expect("not poisoned").push(keys.clone());
            let double = |key: u32| match key {
                0 => Err(Failure::new(FailureKind::NotFound, "no zero")),
                key => Ok(key * 2),
            };
            let known = keys.into_iter().filter(|key| *key != 13);
            let answers = known.map(|key| (key, double(key))).collect();
            async move { answers }.boxed()
        });
        (coalescer, batches)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_within_a_tick_is_one_batch_and_each_key_once() {
        let (coalescer, batches) = doubling();
        let (one, all, again) =
            tokio::join!(coalescer.one(3), coalescer.all(vec![2, 1, 2]), coalescer.one(3));
        assert_eq!(one.expect("known"), 6);
        assert_eq!(again.expect("known"), 6);
        let all: Vec<u32> = all.into_iter().map(|it| it.expect("known")).collect();
        assert_eq!(all, [4, 2, 4]);
        assert_eq!(*batches.lock().expect("not poisoned"), [[1, 2, 3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_company_is_one_batch_however_late_its_last_one_comes() {
        let (coalescer, batches) = doubling();
        let places = Company::of(3);
        let late = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
        let ask = async |key: u32| {
            late(u64::from(key)).await;
            coalescer.one_in(Some(&places[key as usize]), key + 1).await.expect("known")
        };
        let (a, b, c, _) = tokio::join!(ask(0), ask(1), ask(2), coalescer.one(7));
        assert_eq!((a, b, c), (2, 4, 6));
        assert_eq!(*batches.lock().expect("not poisoned"), [vec![7], vec![1, 2, 3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_company_that_one_leaves_nothing_is_asked() {
        let (coalescer, batches) = doubling();
        let mut places = Company::of(2);
        drop(places.pop());
        let failure = coalescer.one_in(places.first(), 1).await.expect_err("it is alone");
        assert_eq!(failure.kind, FailureKind::Unavailable);
        assert!(batches.lock().expect("not poisoned").is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_later_is_another_batch() {
        let (coalescer, batches) = doubling();
        coalescer.one(1).await.expect("known");
        coalescer.one(1).await.expect("known");
        assert_eq!(batches.lock().expect("not poisoned").len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_grows_as_long_as_more_is_asked_and_not_for_ever() {
        let (coalescer, batches) = doubling();
        let ask = |key: u32| {
            let coalescer = &coalescer;
            async move {
                tokio::time::sleep(Duration::from_millis(4) * key).await;
                coalescer.one(key).await.expect("known")
            }
        };
        join_all((1..=8).map(ask)).await;
        assert_eq!(*batches.lock().expect("not poisoned"), [[1, 2, 3, 4, 5, 6, 7, 8]]);
        join_all((20..=40).map(ask)).await;
        assert_eq!(batches.lock().expect("not poisoned").len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn one_key_that_fails_does_not_spoil_the_others() {
        let (coalescer, _) = doubling();
        let answers = coalescer.all(vec![0, 1, 13]).await;
        let kinds: Vec<_> = answers.into_iter().map(|it| it.map_err(|it| it.kind)).collect();
        assert_eq!(kinds, [Err(FailureKind::NotFound), Ok(2), Err(FailureKind::Internal)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_panics_fails_those_who_wait_and_not_those_who_come_later() {
        let coalescer: Coalescer<u32, u32> =
            Coalescer::new(Duration::from_millis(5), |keys: Vec<u32>| {
                async move {
                    assert_ne!(keys, [0], "the batch that breaks down");
                    keys.into_iter().map(|key| (key, Ok(key))).collect()
                }
                .boxed()
            });
        let failure = coalescer.one(0).await.expect_err("the batch broke down");
        assert_eq!(failure.kind, FailureKind::Internal);
        assert_eq!(coalescer.one(1).await.expect("a later batch"), 1);
    }
}
