//! Changes that take effect together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

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
    members: usize,
    muster: Arc<watch::Sender<Muster>>,
}

/// Who has come so far.
#[derive(Clone, Copy, Debug, Default)]
struct Muster {
    ready: usize,
    /// Whether one of them will never come.
    is_broken: bool,
}

impl Company {
    /// The places of so many changes.
    #[must_use]
    pub fn of(members: usize) -> Vec<Company> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let company = NEXT.fetch_add(1, Ordering::Relaxed);
        let muster = Arc::new(watch::Sender::new(Muster::default()));
        let seat = || {
            let (is_taken, muster) = (AtomicBool::new(false), muster.clone());
            Arc::new(Seat { company, is_taken, members, muster })
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
            muster.send_modify(|it| it.ready += 1);
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
        let Seat { members, muster, .. } = &*self.seat;
        let mut seen = muster.subscribe();
        self.made();
        let all = seen.wait_for(|it| it.is_broken || it.ready == *members).await;
        match all.is_ok_and(|it| it.ready == *members) {
            true => Ok(()),
            false => Err(Company::apart()),
        }
    }
}

/// Who leaves without having been ready, or made, keeps all others from it.
impl Drop for Seat {
    fn drop(&mut self) {
        if !*self.is_taken.get_mut() {
            self.muster.send_modify(|it| it.is_broken = true);
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
