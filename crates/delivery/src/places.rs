//! Places: how many ephemeral environments there may be at once, and who waits for the next.
//!
//! What takes a place is an environment's state in the store. So a place comes free when the state
//! is gone, and by nothing else: there is no count that could go wrong, and what killed commands
//! left up is counted like all else. The project's ledger adds what states cannot tell: who waits,
//! in the order in which they came, and who may go but has written nothing to a state yet.
//!
//! Who waits or has a reservation renews it. What was not renewed for a minute is dropped, so that
//! nobody waits for the dead. That minute is told by the clocks of the machines, which therefore
//! have to agree to about half of it: on that depends whose turn it is, and, for somebody who has a
//! reservation and stands still for a minute before the first record of the state, the limit.
//!
//! [`decide`] is a pure function of the ledger, the states and the time. [`Places`] carries it out.

mod decide;
mod error;
mod format;
mod limits;
mod line;
mod place;
mod waiting;

use std::sync::Arc;

use bytes::Bytes;
use greenroom_apply::{Cancel, Clock};
use greenroom_store::{LedgerName, LedgerVersion, Segment, Store};
use jiff::Timestamp;
use tokio::time::{Duration, sleep};

pub use decide::{Decision, decide};
pub use error::PlacesError;
pub use format::FormatError;
pub use limits::{Limit, Limits};
pub use line::{Entry, Line, Me, Standing};
pub use place::Place;
pub use waiting::{Taken, Waiting};

/// How often somebody who waits looks whether it is their turn.
const POLL: Duration = Duration::from_secs(2);

/// The places of a project, in a state store that all who share them use.
#[derive(Clone)]
pub struct Places {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

/// What a look at the store gave.
struct Look {
    seen: LedgerVersion,
    before: Line,
    after: Line,
    decision: Decision,
}

impl Places {
    /// The places that `limits` leave, in `store`; `clock` says what time it is.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, limits: Limits) -> Places {
        Places { store, clock, limits }
    }

    /// Waits until `me` may make its environment, and reserves the place for it.
    ///
    /// `on_wait` is called when the wait begins, and whenever somebody else has the places or the
    /// position in the line is another. Where no limit concerns the environment, nothing is read
    /// and nothing is written. An environment that has a state goes on at once.
    ///
    /// # Errors
    ///
    /// [`PlacesError::Cancelled`] once `cancel` was used; the line is left. [`PlacesError::Store`]
    /// and [`PlacesError::Unreadable`]: what is in the line by then is dropped in a minute.
    pub async fn wait_for(
        &self,
        me: &Me,
        cancel: &Cancel,
        mut on_wait: impl FnMut(&Waiting),
    ) -> Result<Place, PlacesError> {
        if !self.limits.concern(&me.state) {
            return Ok(Place::without_a_limit());
        }
        let mut told = None;
        while !cancel.is_cancelled() {
            let look = self.look(me).await?;
            if !self.write(me, &look).await? {
                continue;
            }
            if let Decision::Wait(waiting) = look.decision {
                if told.as_ref() != Some(&waiting) {
                    on_wait(&self.with_holders(waiting.clone()).await);
                    told = Some(waiting);
                }
            } else {
                return Ok(self.place(me, &look.decision));
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = sleep(POLL) => {}
            }
        }
        // Best effort: if it fails, the line forgets in a minute.
        let _ = self.change(&me.state.project, |line| line.leave(me)).await;
        Err(PlacesError::Cancelled { state: me.state.clone() })
    }

    /// As [`wait_for`](Places::wait_for), but refuses instead of waiting.
    ///
    /// # Errors
    ///
    /// [`PlacesError::Full`] if there is no place, or others wait for it; nothing was written.
    /// [`PlacesError::Store`], [`PlacesError::Unreadable`].
    pub async fn take(&self, me: &Me) -> Result<Place, PlacesError> {
        if !self.limits.concern(&me.state) {
            return Ok(Place::without_a_limit());
        }
        loop {
            let look = self.look(me).await?;
            if let Decision::Wait(waiting) = look.decision {
                let waiting = Box::new(self.with_holders(waiting).await);
                return Err(PlacesError::Full { state: me.state.clone(), waiting });
            }
            if self.write(me, &look).await? {
                return Ok(self.place(me, &look.decision));
            }
        }
    }

    /// Reads the ledger and the states, in this order: whoever has no reservation any more because
    /// its state is listed, is among the states that are listed then.
    async fn look(&self, me: &Me) -> Result<Look, PlacesError> {
        let (before, seen) = self.read(&me.state.project).await?;
        let listed = self.store.list().await?;
        let (after, decision) = decide(&before, &listed, me, &self.limits, self.now());
        Ok(Look { seen, before, after, decision })
    }

    /// Whether what was decided stands, because nobody else has changed the line meanwhile.
    async fn write(&self, me: &Me, look: &Look) -> Result<bool, PlacesError> {
        if look.after == look.before {
            return Ok(true);
        }
        let content = Bytes::from(format::encode(&look.after));
        Ok(self
            .store
            .write_ledger(&LedgerName::of_project(&me.state.project), &look.seen, content)
            .await?)
    }

    /// Changes the line, unless that changes nothing.
    async fn change(
        &self,
        project: &Segment,
        change: impl Fn(&mut Line),
    ) -> Result<(), PlacesError> {
        let name = LedgerName::of_project(project);
        loop {
            let (before, seen) = self.read(project).await?;
            let mut line = before.clone();
            change(&mut line);
            let content = || Bytes::from(format::encode(&line));
            if line == before || self.store.write_ledger(&name, &seen, content()).await? {
                return Ok(());
            }
        }
    }

    async fn read(&self, project: &Segment) -> Result<(Line, LedgerVersion), PlacesError> {
        let ledger = self.store.ledger(&LedgerName::of_project(project)).await?;
        let line = ledger.content.map(|content| format::decode(&content)).transpose();
        let line =
            line.map_err(|source| PlacesError::Unreadable { project: project.clone(), source })?;
        Ok((line.unwrap_or_default(), ledger.version))
    }

    /// Says of each place who holds the lease of its state now, if anybody does.
    async fn with_holders(&self, mut waiting: Waiting) -> Waiting {
        for taken in &mut waiting.taken {
            // Only what is told depends on it.
            if let Ok(Some(holder)) = self.store.holder(&taken.state).await {
                taken.by = Some(holder.to_string());
            }
        }
        waiting
    }

    fn place(&self, me: &Me, decision: &Decision) -> Place {
        match decision {
            Decision::Go => Place::reserved(self.clone(), me.clone()),
            Decision::Listed | Decision::Wait(_) => Place::without_a_limit(),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.now()).unwrap_or_default()
    }
}
