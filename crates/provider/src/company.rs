//! Changes that take effect together.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::Shared;
use tokio::sync::oneshot;

use crate::failure::{Failure, FailureKind};

/// The place of a change among others that are to take effect together or not at all: records that
/// share a name's visitors out, of which none may lose its weight before another one has it.
///
/// Whoever carries one of them out gets it ready, then waits for the [others](Company::assemble),
/// and then sends it, by a call that takes them all. Clones are the same place.
#[derive(Clone, Debug)]
pub struct Company {
    seat: Arc<Seat>,
}

#[derive(Debug)]
struct Seat {
    company: u64,
    is_taken: AtomicBool,
    muster: Arc<Muster>,
}

/// Who has come so far.
#[derive(Debug)]
struct Muster {
    absent: Mutex<Absent>,
    /// Whether all have come; no answer if one of them never will. Wakes them in their order, so
    /// that a run is repeatable.
    all: Shared<oneshot::Receiver<()>>,
}

#[derive(Debug)]
struct Absent {
    count: usize,
    /// Says so when the last has come.
    all: Option<oneshot::Sender<()>>,
}

impl Company {
    /// The places of so many changes.
    #[must_use]
    pub fn of(members: usize) -> Vec<Company> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let company = NEXT.fetch_add(1, Ordering::Relaxed);
        let (tell, all) = oneshot::channel();
        let absent = Mutex::new(Absent { count: members, all: Some(tell) });
        let muster = Arc::new(Muster { absent, all: all.shared() });
        let seat = || {
            let (is_taken, muster) = (AtomicBool::new(false), muster.clone());
            Arc::new(Seat { company, is_taken, muster })
        };
        (0..members).map(|_| Company { seat: seat() }).collect()
    }

    /// What all of one company have in common.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.seat.company
    }

    /// Says that this change is made, or ready to be sent; the others need not wait for it. For who
    /// has nothing to send, such as a deletion of what is gone.
    pub fn made(&self) {
        let Seat { is_taken, muster, .. } = &*self.seat;
        if !is_taken.swap(true, Ordering::SeqCst) {
            let mut absent = muster.absent();
            absent.count -= 1;
            let is_last = absent.count == 0;
            if let Some(all) = absent.all.take_if(|_| is_last) {
                // Who does not wait for it need not know.
                let _ = all.send(());
            }
        }
    }

    /// Why a change was not made that could have been: another of its company could not.
    #[must_use]
    pub fn apart() -> Failure {
        let message = "it goes together with another change, which could not be made";
        Failure::new(FailureKind::Unavailable, message).help("nothing of either was changed")
    }

    /// Says that this change can be sent, and waits until all others can.
    ///
    /// # Errors
    ///
    /// One of them cannot: none is to be sent.
    pub async fn assemble(&self) -> Result<(), Failure> {
        self.made();
        self.seat.muster.all.clone().await.map_err(|_| Company::apart())
    }
}

impl Muster {
    fn absent(&self) -> MutexGuard<'_, Absent> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who leaves without having been ready, or made, keeps all others from it.
impl Drop for Seat {
    fn drop(&mut self) {
        if !*self.is_taken.get_mut() {
            drop(self.muster.absent().all.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::join_all;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_goes_before_all_are_ready() {
        let [first, second] = &Company::of(2)[..] else { panic!("two places") };
        let early = timeout(Duration::from_secs(60), first.assemble()).await;
        assert!(early.is_err(), "it waits");
        let both = join_all([first.assemble(), second.assemble()]).await;
        assert!(both.iter().all(Result::is_ok));
        first.assemble().await.expect("who was ready once is ready");
    }

    #[tokio::test(start_paused = true)]
    async fn if_one_does_not_come_nobody_goes() {
        let mut places = Company::of(3);
        let leaves = places.pop().expect("a place");
        let wait = join_all(places.iter().map(Company::assemble));
        let (said, ()) = tokio::join!(wait, async { drop(leaves) });
        assert!(said.iter().all(Result::is_err));
    }

    #[tokio::test]
    async fn nobody_waits_for_who_has_nothing_to_send() {
        let places = Company::of(2);
        places[1].made();
        places[0].assemble().await.expect("it is alone with what is to be sent");
    }

    #[tokio::test]
    async fn who_leaves_after_all_were_ready_breaks_nothing() {
        let mut places = Company::of(2);
        let last = places.pop().expect("a place");
        join_all([places[0].assemble(), last.assemble()]).await;
        drop(last);
        places[0].assemble().await.expect("all were ready");
    }
}
