//! Work that may take so long and no longer.

use std::pin::pin;
use std::time::Duration;

use greenroom_apply::Cancel;
use tokio::time::sleep;

/// Does `work`, which is cancelled when `outer` is, or when its time is up. Returns what came of
/// it, and whether its time was up.
///
/// It is never dropped: what it has begun comes to its end.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    outer: &Cancel,
    work: impl AsyncFnOnce(&Cancel) -> T,
) -> (T, bool) {
    let inner = Cancel::new();
    let mut timed_out = false;
    let watching = async {
        let out_of_time = async {
            match limit {
                Some(limit) => sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = outer.cancelled() => {}
            () = out_of_time => timed_out = true,
        }
        inner.cancel();
        outer.aborted().await;
        inner.abort();
        std::future::pending::<()>().await;
    };
    let mut working = pin!(work(&inner));
    let done = tokio::select! {
        biased;
        done = &mut working => done,
        () = watching => working.await,
    };
    (done, timed_out)
}

/// Does `work`, and beside it `tick` again and again after a while. A tick that has begun comes to
/// its end, too.
pub(crate) async fn beside<T>(
    work: impl Future<Output = T>,
    every: Duration,
    mut tick: impl AsyncFnMut(),
) -> T {
    let mut working = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut working => return done,
            () = sleep(every) => {}
        }
        let mut ticking = pin!(tick());
        tokio::select! {
            biased;
            done = &mut working => {
                ticking.await;
                return done;
            }
            () = &mut ticking => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn patient(cancel: &Cancel) -> &'static str {
        tokio::select! {
            () = cancel.cancelled() => "cancelled",
            () = sleep(Duration::from_secs(60)) => "done",
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_ends_by_itself_in_time_or_is_cancelled() {
        let outer = Cancel::new();
        assert_eq!(within(None, &outer, patient).await, ("done", false));
        let minutes = |it: u64| Some(Duration::from_secs(60 * it));
        assert_eq!(within(minutes(2), &outer, patient).await, ("done", false));
        assert_eq!(
            within(Some(Duration::from_secs(5)), &outer, patient).await,
            ("cancelled", true)
        );
        outer.cancel();
        assert_eq!(within(minutes(2), &outer, patient).await, ("cancelled", false));
    }

    #[tokio::test(start_paused = true)]
    async fn an_abort_is_passed_on() {
        let outer = Cancel::new();
        let work = async |cancel: &Cancel| cancel.aborted().await;
        let abort = async {
            outer.cancel();
            outer.abort();
        };
        let (((), timed_out), ()) = tokio::join!(within(None, &outer, work), abort);
        assert!(!timed_out);
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_come_beside_the_work_and_end_before_it_is_over() {
        let (mut begun, mut ended) = (0, 0);
        let seconds = Duration::from_secs;
        let work = async {
            sleep(seconds(25)).await;
            "done"
        };
        let tick = async || {
            begun += 1;
            sleep(seconds(2)).await;
            ended += 1;
        };
        // Ticks begin after 8, 18 (8 + 2 + 8) seconds.
        assert_eq!(beside(work, seconds(8), tick).await, "done");
        assert_eq!((begun, ended), (2, 2));
    }
}
