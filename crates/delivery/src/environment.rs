//! One environment and the lease of its state: coming up, living longer, going down.

use std::sync::Arc;

use greenroom_apply::{About, Applied, ApplyError, Cancel, FailedOperation, Session, Workbench};
use greenroom_engine::destroy::{DestroyError, plan_destroy};
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::planner::{AskGates, FilesRead, Refresh};
use greenroom_model::plan::{OperationKind, Plan};
use greenroom_model::state::{Lifetime, State};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_store::Holder;
use jiff::Timestamp;

use crate::lifetime::Tenure;
use crate::places::PlacesError;
use crate::project::{Place, Project};
use crate::wanted::{Sight, Wanted, WantedError, WantedPlan};

/// An environment whose state's lease this process has.
pub struct Environment {
    workbench: Workbench,
    place: Place,
    holder: Holder,
    /// None after a failure that has cost the lease.
    session: Option<Session>,
}

/// Why an environment is not up.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// It could not be planned.
    #[error(transparent)]
    Wanted(#[from] WantedError),
    /// Store or provider failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// Operations failed.
    #[error("{} did not come up: {}", .0, first(.1))]
    Failed(String, Applied),
    /// Everything is there, and a gate did not pass.
    #[error("{} is up, and a gate did not pass: {}", .0, first(.1))]
    Gate(String, Applied),
    /// There is no place for it.
    #[error(transparent)]
    Place(#[from] PlacesError),
    /// What an earlier run left of it could not be removed.
    #[error("what an earlier run left is not gone")]
    Leftovers(#[from] DownError),
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl UpError {
    /// Whether a cancellation is the reason.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            UpError::Cancelled
                | UpError::Apply(ApplyError::Cancelled)
                | UpError::Place(PlacesError::Cancelled { .. })
                | UpError::Wanted(WantedError::Apply(ApplyError::Cancelled))
                | UpError::Leftovers(
                    DownError::Cancelled | DownError::Apply(ApplyError::Cancelled)
                )
        )
    }
}

/// Why an environment is still there.
#[derive(Debug, thiserror::Error)]
pub enum DownError {
    /// It is protected, or cannot be ordered.
    #[error("it cannot be destroyed")]
    Destroy(#[from] DestroyError),
    /// Store or provider failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// Operations failed.
    #[error("{} is not gone: {}", .0, first(.1))]
    Failed(String, Applied),
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// The first failure, and how many more there are.
fn first(applied: &Applied) -> String {
    let name = |about: &About| match &about.address {
        Some(address) => address.to_string(),
        None => about.id.to_string(),
    };
    let mut failed = applied.failed.iter();
    let Some(first) = failed.next() else { return "nothing failed".to_owned() };
    let text = format!("{}: {}", name(&first.about), first.message);
    match failed.count() {
        0 => text,
        more => format!("{text} (and {more} more)"),
    }
}

impl Environment {
    /// Takes the lease of an environment's state, and settles what an earlier command left open.
    ///
    /// # Errors
    ///
    /// As [`Workbench::open`].
    pub async fn open(
        workbench: Workbench,
        place: Place,
        holder: Holder,
        cancel: &Cancel,
    ) -> Result<Environment, ApplyError> {
        let session = workbench.open(&place.state, holder.clone(), cancel).await?;
        Ok(Environment { workbench, place, holder, session: Some(session) })
    }

    /// Its state; none if the lease was lost.
    #[must_use]
    pub fn state(&self) -> Option<&State> {
        self.session.as_ref().map(Session::state)
    }

    /// Notes who uses it and until when it may live, if that is due.
    ///
    /// # Errors
    ///
    /// As [`Session::set_lifetime`].
    pub async fn keep_alive(&mut self, tenure: &Tenure, now: Timestamp) -> Result<(), ApplyError> {
        match &mut self.session {
            Some(session) => tenure.keep_alive(session, now).await,
            None => Ok(()),
        }
    }

    /// Lets it live without end from now on.
    ///
    /// # Errors
    ///
    /// As [`Session::set_lifetime`]: it may still expire.
    pub async fn keep_for_good(&mut self, cancel: &Cancel) -> Result<(), ApplyError> {
        let session = self.session(cancel).await?;
        let known = &session.state().lifetime;
        if known.expires.is_none() {
            return Ok(());
        }
        let lifetime = Lifetime { expires: None, ..known.clone() };
        session.set_lifetime(lifetime).await
    }

    /// Plans what is wanted and carries it out. `planned` sees the plan and its warnings first.
    /// Returns the files that the templates read.
    ///
    /// # Errors
    ///
    /// [`UpError`]; what was made is in the state.
    pub async fn up(
        &mut self,
        project: &Project,
        wanted: Wanted,
        cancel: &Cancel,
        planned: impl FnOnce(&Plan, &[Diagnostic]),
    ) -> Result<FilesRead, UpError> {
        let secrets = wanted.secrets();
        let WantedPlan { plan, warnings, files } =
            self.plan(project, wanted, Refresh::Bulk, cancel).await?;
        planned(&plan, &warnings);
        let applied = self.apply(plan, secrets, cancel).await?;
        let name = || self.place.state.to_string();
        let is_gate = |it: &FailedOperation| it.about.kind == OperationKind::Gate;
        match applied {
            applied if applied.cancelled => Err(UpError::Cancelled),
            applied if applied.failed.is_empty() => Ok(files),
            applied if applied.failed.iter().all(is_gate) => Err(UpError::Gate(name(), applied)),
            applied => Err(UpError::Failed(name(), applied)),
        }
    }

    /// Plans what is wanted, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`UpError`].
    pub async fn plan(
        &mut self,
        project: &Project,
        wanted: Wanted,
        refresh: Refresh,
        cancel: &Cancel,
    ) -> Result<WantedPlan, UpError> {
        let state = self.session(cancel).await?.state();
        let lineage = state.lineage.clone();
        let (state, gates) = (Some(Arc::new(state.clone())), AskGates::AfterChanges);
        let sight = Sight { state, lineage, refresh, gates };
        tokio::select! {
            plan = wanted.plan(project, &self.workbench, sight) => Ok(plan?),
            () = cancel.cancelled() => Err(UpError::Cancelled),
        }
    }

    /// Removes everything of it. A teardown that made headway, and did not come to its end, is
    /// planned again from where it stopped.
    ///
    /// # Errors
    ///
    /// [`DownError`]; what is left is in the state.
    pub async fn down(&mut self, cancel: &Cancel) -> Result<(), DownError> {
        loop {
            let environment = self.place.environment.clone();
            let state = self.session(cancel).await?.state();
            let before = state.objects();
            let plan = plan_destroy(state, environment)?;
            let applied = self.apply(plan, Secrets::new(), cancel).await?;
            if applied.cancelled {
                return Err(DownError::Cancelled);
            }
            if applied.is_complete() {
                return Ok(());
            }
            if self.state().is_none_or(|it| it.objects() >= before) {
                return Err(DownError::Failed(self.place.state.to_string(), applied));
            }
        }
    }

    /// Folds the state, or forgets it if nothing is left in it, and gives the lease back.
    ///
    /// # Errors
    ///
    /// The store failed; the journal still holds everything.
    pub async fn close(self) -> Result<(), ApplyError> {
        match self.session {
            Some(session) => session.close().await,
            None => Ok(()),
        }
    }

    /// The session, opened again if a failure has cost the last one.
    async fn session(&mut self, cancel: &Cancel) -> Result<&mut Session, ApplyError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.workbench.open(&self.place.state, self.holder.clone(), cancel).await?,
        };
        Ok(self.session.insert(session))
    }

    async fn apply(
        &mut self,
        plan: Plan,
        secrets: Secrets,
        cancel: &Cancel,
    ) -> Result<Applied, ApplyError> {
        let applied = self.session(cancel).await?.apply(Arc::new(plan), secrets, cancel).await;
        // A refused plan has changed nothing; any other failure has given the lease back.
        if !matches!(applied, Ok(_) | Err(ApplyError::Refused(_))) {
            self.session = None;
        }
        applied
    }
}
