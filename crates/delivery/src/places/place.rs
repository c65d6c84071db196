//! A place that somebody got.

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Places;
use super::line::{Me, RENEWAL};

/// The right to make an environment, kept until its state is listed in the store.
///
/// While this lives, a task of its own renews the reservation. Dropped, it is over in a minute.
#[must_use = "the reservation is renewed only as long as its place lives"]
pub struct Place(Option<Reservation>);

struct Reservation {
    places: Places,
    me: Me,
    keeper: JoinHandle<()>,
}

impl Place {
    /// The place of somebody who needs no reservation.
    pub(super) fn without_a_limit() -> Place {
        Place(None)
    }

    pub(super) fn reserved(places: Places, me: Me) -> Place {
        let keeper = tokio::spawn(keep(places.clone(), me.clone()));
        Place(Some(Reservation { places, me, keeper }))
    }

    /// The state is listed and takes the place by itself from now on. Best effort: who looks next
    /// sees that anyway.
    pub async fn taken(self) {
        if let Some(Reservation { places, me, .. }) = &self.0 {
            let _ = places.change(&me.state.project, |line| line.take(me)).await;
        }
    }

    /// Nothing will be made: the next may go at once. Best effort: if it fails, the reservation is
    /// over in a minute.
    pub async fn give_back(self) {
        if let Some(Reservation { places, me, .. }) = &self.0 {
            let _ = places.change(&me.state.project, |line| line.leave(me)).await;
        }
    }
}

async fn keep(places: Places, me: Me) {
    loop {
        sleep(RENEWAL).await;
        let now = places.now();
        // What failed may do the next time, before the minute is over.
        let _ = places.change(&me.state.project, |line| line.renew(&me, now)).await;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
