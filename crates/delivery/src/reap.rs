//! Reaping: removing ephemeral environments whose time is over, also those whose state is lost.
//!
//! Everything is looked at twice. An environment with a state is looked at again under its lease.
//! What no state knows is seen two times in the world; then its state is rebuilt, and it goes as any
//! other environment whose time is over: a reap that is killed is continued by the next.

mod due;

use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use greenroom_apply::{ApplyError, SurveyRequest, Workbench};
use greenroom_engine::desired::Desired;
use greenroom_engine::rebuild::rebuild;
use greenroom_model::identity::Lineage;
use greenroom_model::state::State;
use greenroom_store::{Holder, StateName, StoreError};
use jiff::Timestamp;

use crate::environment::{DownError, Environment};
use crate::project::Place;
use crate::run::Stop;

pub use due::{Due, Expired, Lost};

/// How many environments are taken down at a time.
const AT_A_TIME: usize = 4;

/// Removes what is due.
pub struct Reaper {
    /// The project.
    pub project: Arc<str>,
    /// Only this stage of it.
    pub stage: Option<Arc<str>>,
    /// What is wanted of its stages, as far as the specs say so: the world is asked by their
    /// providers, and by those that made what the states have.
    pub desired: Vec<Arc<Desired>>,
    /// What to work with.
    pub workbench: Workbench,
    /// This process, as it introduces itself.
    pub holder: Holder,
}

/// What happens while environments are removed.
pub enum Moment<'a> {
    /// One is looked at again, and taken down.
    Taking(&'a StateName),
    /// That has come to an end.
    Taken(&'a Reaped),
}

/// An environment that was due.
#[derive(Debug)]
pub struct Reaped {
    /// Its state.
    pub state: StateName,
    /// What became of it.
    pub fate: Fate,
}

/// What became of an environment that was due.
#[derive(Debug)]
pub enum Fate {
    /// It is gone.
    Gone,
    /// Somebody is at work on it, and so it lives.
    Held(Option<Box<Holder>>),
    /// Looked at again, it was not due: somebody has renewed, changed or removed it meanwhile.
    NotDue,
    /// It could not be removed, or not all of it; what is left is due the next time.
    Stays(DownError),
}

/// What is to go.
struct Candidate {
    state: StateName,
    lineage: Lineage,
    /// The objects of a state that is to be rebuilt.
    lost: Option<Lost>,
}

impl Reaper {
    /// Looks at states and world: what is due now. Takes no lease, changes nothing.
    ///
    /// # Errors
    ///
    /// A state cannot be read, or a provider cannot be asked: nobody can say then what is lost.
    pub async fn look(&self) -> Result<Due, ApplyError> {
        let (project, desired) = (self.project.clone(), self.desired.clone());
        // Of all stages: a state knows its objects, whatever stage they say that they are of.
        let request = SurveyRequest { project, stage: None, desired };
        let survey = self.workbench.survey(&request).await?;
        Ok(Due::of(&survey, &self.project, self.stage.as_deref(), self.now()))
    }

    /// Removes what is due, after another look. With `stop` cancelled, no further environment is
    /// begun, and what is under way comes to its end.
    ///
    /// # Errors
    ///
    /// As [`look`](Reaper::look); nothing was changed.
    pub async fn reap(
        &self,
        due: Due,
        stop: &Stop,
        watch: &(dyn Fn(Moment<'_>) + Sync),
    ) -> Result<Vec<Reaped>, ApplyError> {
        let again = if due.lost.is_empty() { Due::default() } else { self.look().await? };
        let is_still_lost = |it: &Lost| again.lost.iter().any(|now| now.is_unchanged(it));
        let (lost, changed): (Vec<Lost>, Vec<Lost>) = due.lost.into_iter().partition(is_still_lost);
        let stays = |it: Lost| Reaped { state: it.state, fate: Fate::NotDue };
        let mut reaped: Vec<Reaped> = changed.into_iter().map(stays).collect();
        reaped.iter().for_each(|it| watch(Moment::Taken(it)));
        let candidates = due.expired.into_iter().map(Candidate::from);
        let takes = candidates.chain(lost.into_iter().map(Candidate::from)).map(|it| async move {
            if stop.work.is_cancelled() {
                return None;
            }
            watch(Moment::Taking(&it.state));
            let fate = self.take(&it, stop).await.unwrap_or_else(fate_of);
            let end = Reaped { state: it.state, fate };
            watch(Moment::Taken(&end));
            Some(end)
        });
        let taken: Vec<_> = stream::iter(takes).buffer_unordered(AT_A_TIME).collect().await;
        reaped.extend(taken.into_iter().flatten());
        Ok(reaped)
    }

    /// Takes an environment down if it is still due, now that nobody else can change it.
    async fn take(&self, candidate: &Candidate, stop: &Stop) -> Result<Fate, DownError> {
        let Candidate { state: name, lineage, lost } = candidate;
        let Reaper { workbench, holder, .. } = self;
        if let Some(lost) = lost {
            let state = rebuild(lost.content(), &workbench.schemas);
            workbench.restore(name, holder.clone(), &state).await?;
        }
        let place = Place::of_state(name.clone());
        let open = Environment::open(workbench.clone(), place, holder.clone(), &stop.teardown);
        let mut environment = open.await?;
        let is_due =
            |it: &State| it.lineage == *lineage && due::over_since(it, self.now()).is_some();
        if !environment.state().is_some_and(is_due) {
            environment.close().await?;
            return Ok(Fate::NotDue);
        }
        environment.down(&stop.teardown).await?;
        environment.close().await?;
        Ok(Fate::Gone)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.workbench.clock.now()).unwrap_or_default()
    }
}

impl From<Expired> for Candidate {
    fn from(Expired { state, lineage, .. }: Expired) -> Candidate {
        Candidate { state, lineage, lost: None }
    }
}

impl From<Lost> for Candidate {
    fn from(lost: Lost) -> Candidate {
        Candidate { state: lost.state.clone(), lineage: lost.lineage.clone(), lost: Some(lost) }
    }
}

fn fate_of(error: DownError) -> Fate {
    match error {
        DownError::Apply(ApplyError::Store(StoreError::Held { holder, .. })) => Fate::Held(holder),
        // Another reaper has found the same, and is at work on it.
        DownError::Apply(ApplyError::Store(StoreError::Exists { .. })) => Fate::NotDue,
        error => Fate::Stays(error),
    }
}
