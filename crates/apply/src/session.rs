//! A session: the lease of a state, settled, and what can be done with it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use greenroom_engine::format;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::replay::replay;
use greenroom_model::address::Scope;
use greenroom_model::identity::{EnvironmentKind, Lineage, Owner, Sequence};
use greenroom_model::journal::Entry;
use greenroom_model::plan::{Plan, Purpose};
use greenroom_model::state::State;
use greenroom_store::{Holder, Lease, Loaded, StateName};
use tokio::time::{sleep, timeout};

use crate::cancel::Cancel;
use crate::drive::{self, Applied};
use crate::error::ApplyError;
use crate::event::{Event, Observer};
use crate::journal::append;
use crate::workbench::Workbench;
use crate::{rescue, settle};

/// How long a lease is waited for, or given back, without a word.
const SILENCE: Duration = Duration::from_secs(1);

/// The exclusive right to change a state and what it stands for.
pub struct Session {
    pub(crate) workbench: Workbench,
    pub(crate) name: StateName,
    pub(crate) lease: Arc<dyn Lease>,
    pub(crate) state: State,
    holder: Arc<str>,
    /// The last record in the snapshot.
    folded: Sequence,
    /// Whether the state may go with the lease if there is nothing in it.
    pub(crate) expendable: bool,
}

impl Workbench {
    /// Takes the lease of a state, makes it if there is none, and settles what an earlier run
    /// left open.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Store`] with `Held` if somebody else has it. [`ApplyError::Unsettled`] if
    /// the world cannot be looked at; nothing was changed.
    pub async fn open(
        &self,
        name: &StateName,
        holder: Holder,
        cancel: &Cancel,
    ) -> Result<Session, ApplyError> {
        let introduction: Arc<str> = holder.to_string().into();
        let lease = self.acquire(name, holder, cancel).await?;
        match self.open_with(name, lease.clone(), introduction, cancel).await {
            Ok(session) => Ok(session),
            Err(error) => {
                give_back(&*lease).await;
                Err(error)
            }
        }
    }

    /// Takes the lease, and says so if that takes its time.
    async fn acquire(
        &self,
        name: &StateName,
        holder: Holder,
        cancel: &Cancel,
    ) -> Result<Arc<dyn Lease>, ApplyError> {
        let mut acquired = pin!(self.store.acquire(name, holder));
        tokio::select! {
            biased;
            lease = &mut acquired => return Ok(lease?.into()),
            () = sleep(SILENCE) => {}
        }
        // Who cannot be asked now is not needed to wait.
        let holder = self.store.holder(name).await.unwrap_or_default();
        let holder = holder.map(|it| it.to_string());
        self.observer.observe(&Event::LeaseAwaited { holder });
        tokio::select! {
            biased;
            lease = &mut acquired => Ok(lease?.into()),
            () = cancel.cancelled() => Err(ApplyError::Cancelled),
        }
    }

    async fn open_with(
        &self,
        name: &StateName,
        lease: Arc<dyn Lease>,
        holder: Arc<str>,
        cancel: &Cancel,
    ) -> Result<Session, ApplyError> {
        let silent_since = settle::silent_since(&*lease, &*self.clock);
        let state = state_of(name, lease.loaded())?;
        let folded = Sequence(lease.loaded().header.folded.0);
        let mut session = Session {
            workbench: self.clone(),
            name: name.clone(),
            lease,
            state,
            holder,
            folded,
            expendable: false,
        };
        rescue::take_in(&mut session).await?;
        settle::settle(&mut session, silent_since, cancel).await?;
        Ok(session)
    }
}

/// Gives a lease back after something else failed. If this fails too, it is free by itself as soon
/// as this process has ended, or its time has run out.
pub(crate) async fn give_back(lease: &dyn Lease) {
    let _ = timeout(SILENCE, lease.release()).await;
}

impl Session {
    /// The state as it is now.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The name of the state.
    #[must_use]
    pub fn name(&self) -> &StateName {
        &self.name
    }

    /// Who has the lease, as it introduced itself.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// Lets `observer` watch in the place of the workbench's from here on.
    pub fn watched_by(&mut self, observer: Arc<dyn Observer>) {
        self.workbench.observer = observer;
    }

    /// Whether this plan was the last to be applied, and came to its end.
    #[must_use]
    pub fn has_applied(&self, plan: &Plan) -> bool {
        let digest = || Plan::digest_of(&format::plan::encode(plan));
        self.state.finished.as_ref().is_some_and(|finished| *finished == digest())
    }

    /// Applies a plan, or goes on with one that was interrupted. `secrets` are the sensitive
    /// variables' values, which plan files do not hold.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Refused`] if the plan is not for this state as it is; nothing was done.
    /// [`ApplyError::Store`] if the journal failed, or the lease was lost: nothing more was started,
    /// and what was under way is settled by the next session; outcomes that were known are kept for
    /// it on the local disk. The lease is given back. Failed operations are in [`Applied`].
    pub async fn apply(
        &mut self,
        plan: Arc<Plan>,
        secrets: Secrets,
        cancel: &Cancel,
    ) -> Result<Applied, ApplyError> {
        let purpose = plan.purpose;
        let plan = self.as_kept(plan)?;
        match drive::drive(self, plan, secrets, self.holder.clone(), cancel).await {
            Ok(applied) => {
                self.expendable = purpose == Purpose::Destroy && applied.is_complete();
                Ok(applied)
            }
            // A refused plan changes nothing: the session goes on.
            Err(refused @ ApplyError::Refused(_)) => Err(refused),
            Err(error) => {
                give_back(&*self.lease).await;
                Err(error)
            }
        }
    }

    /// The plan as whoever goes on with it finds it in the state, if one can: so both are the same
    /// plan, with the same digest.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Format`] if it could not be read there. Nothing was done.
    pub fn as_kept(&self, plan: Arc<Plan>) -> Result<Arc<Plan>, ApplyError> {
        if !plan.purpose.shifts() {
            return Ok(plan);
        }
        let kept = format::plan::decode(&format::plan::encode(&plan));
        let unreadable = |source| ApplyError::Format { state: self.name.clone(), source };
        kept.map(Arc::new).map_err(unreadable)
    }

    /// Folds the journal into a snapshot, or removes a state that has nothing left, and gives the
    /// lease back.
    ///
    /// # Errors
    ///
    /// The store failed; the journal still holds everything.
    pub async fn close(self) -> Result<(), ApplyError> {
        if self.expendable && self.state.is_settled_and_empty() {
            return Ok(self.lease.remove().await?);
        }
        if self.state.sequence > self.folded {
            let body = Bytes::from(format::snapshot::encode(&self.state));
            let through = greenroom_store::Sequence(self.state.sequence.0);
            self.lease.fold(body, through).await?;
        }
        Ok(self.lease.release().await?)
    }

    /// Appends entries, waits until they are durable, and takes them into the state.
    pub(crate) async fn record(&mut self, entries: Vec<Entry>) -> Result<(), ApplyError> {
        if entries.is_empty() {
            return Ok(());
        }
        for (sequence, entry) in append(&self.lease, entries).durable().await? {
            replay(&mut self.state, sequence, entry)
                .map_err(|source| ApplyError::Replay { state: self.name.clone(), source })?;
        }
        Ok(())
    }
}

/// The state that a store's content stands for.
pub(crate) fn state_of(name: &StateName, loaded: &Loaded) -> Result<State, ApplyError> {
    let unreadable = |source| ApplyError::Format { state: name.clone(), source };
    let mut state = match &loaded.body {
        Some(body) => format::snapshot::decode(body).map_err(unreadable)?,
        None => new_state(name, Lineage(loaded.header.lineage.0.as_str().into())),
    };
    for record in &loaded.records {
        let entry = format::journal::decode(&record.payload).map_err(unreadable)?;
        replay(&mut state, Sequence(record.sequence.0), entry)
            .map_err(|source| ApplyError::Replay { state: name.clone(), source })?;
    }
    Ok(state)
}

/// A state that nothing was written to yet.
fn new_state(name: &StateName, lineage: Lineage) -> State {
    let kind = match name.environment {
        Some(_) => EnvironmentKind::Ephemeral,
        None => EnvironmentKind::Promoted,
    };
    State::new(name.project.as_str(), name.stage.as_str(), kind, lineage)
}

/// Whose the objects of a scope are.
pub(crate) fn owner(state: &State, scope: &Scope) -> Arc<Owner> {
    Arc::new(Owner {
        project: state.project.clone(),
        stage: state.stage.clone(),
        scope: scope.clone(),
        lineage: state.lineage.clone(),
        kind: state.kind,
        expires: state.lifetime.expires.clone(),
    })
}
