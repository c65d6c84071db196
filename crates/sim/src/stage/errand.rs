//! Commands about a stage that promotes, as a process carries them out.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::{Applied, Asked, Asking, Cancel, Session, Workbench};
use greenroom_delivery::project::{Inputs, Project};
use greenroom_delivery::promotion::{
    Prepared, Promoting, PromotionError, Resumed, can_give_up, open_promotion, plan_standing,
    retirable,
};
use greenroom_delivery::wanted::WantedError;
use greenroom_engine::destroy::plan_destroy;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::planner::Refresh;
use greenroom_model::address::Scope;
use greenroom_model::plan::{Action, Phase, Plan, Purpose, Wait};
use greenroom_model::roster::{Course, Roster, Weight};
use greenroom_model::state::State;
use greenroom_store::{StateName, Store};
use tokio::time::Instant;

use super::flaw::Flaw;
use super::history::Command;
use super::judge::Court;
use crate::cloud::Condition;
use crate::lab::holder;
use crate::play::{Ended, Inspector, Rule, Stop, ensure, mistaken, stop, watched};

/// The stage that everything is about.
pub(super) const STAGE: &str = "production";

/// One command of one process.
pub(super) struct Errand<'p> {
    pub(super) workbench: Workbench,
    pub(super) name: StateName,
    pub(super) folder: &'p Path,
    pub(super) inspector: &'p Inspector,
    /// The store as it is, whatever becomes of the process.
    pub(super) truth: Arc<dyn Store>,
    pub(super) court: Court,
    pub(super) flaw: Option<Flaw>,
}

/// What came of a command that came to its end.
pub(super) enum Came {
    /// A plan was carried out.
    Applied(Applied),
    /// There was nothing to do.
    Nothing,
    /// It is not to be done now.
    Refused(String),
    /// It was left to who has the lease.
    Asked,
}

impl Errand<'_> {
    /// Carries a command out.
    pub(super) async fn run(&self, command: Command) -> Ended<Came> {
        match command {
            Command::Promote => self.promote().await,
            Command::Rollback => self.roll_back().await,
            Command::Abort => self.give_up().await,
            Command::Replan => self.give_up_anew().await,
            Command::Approve => self.approve().await,
            Command::Retire => self.retire(None).await,
            Command::RetireExpired => self.retire(Some(self.workbench.clock.now())).await,
            Command::Plan => self.plan().await,
            Command::Apply => self.apply().await,
            Command::Destroy => self.destroy(false).await,
            Command::DestroyLive => self.destroy(true).await,
        }
    }

    /// The state as it is, without a lease.
    pub(super) async fn view(&self) -> Ended<Option<State>> {
        Ok(self.workbench.view(&self.name).await.map_err(stop)?.state)
    }

    /// Takes the lease, and inspects what was settled.
    async fn open(&self) -> Ended<Session> {
        let session = self.workbench.open(&self.name, holder(), &Cancel::new()).await;
        let session = session.map_err(stop)?;
        let state = session.state();
        self.inspector.settled(&*self.truth, &self.name, None, state).await?;
        self.all_have_a_place(state)?;
        self.court.judge().sees(state);
        Ok(session)
    }

    /// Every object is the front's, or that of an environment in the roster.
    fn all_have_a_place(&self, state: &State) -> Ended<()> {
        let roster = state.roster.clone().unwrap_or_default();
        let watched = watched(state);
        for object in self.inspector.ours() {
            let scope = &object.address.scope;
            let has_place = scope.is_front() || roster.entries.contains_key(scope);
            let is_going = matches!(object.condition, Condition::Going { .. });
            let is_late = watched.contains(&object.uid);
            ensure!(
                has_place || is_going || is_late,
                Rostered,
                "{} belongs to nobody: {roster:?}",
                object.address
            );
        }
        Ok(())
    }

    fn project(&self) -> Ended<Project> {
        let folder = self.folder.to_owned();
        let project = Project::read(folder.clone(), folder, self.workbench.schemas.clone());
        project.map_err(|error| Rule::Sound.violated(format!("no project: {error}")).into())
    }

    async fn promote(&self) -> Ended<Came> {
        let session = self.open().await?;
        if let Some(Resumed { plan, secrets }) = resumed(session.state())? {
            return self.carry_out(session, plan, secrets).await;
        }
        let mut project = self.project()?;
        let promoting = self.promoting(&mut project, session.state());
        let prepared = promoting.promote(&Inputs::default()).await;
        self.begin(session, prepared).await
    }

    async fn roll_back(&self) -> Ended<Came> {
        if self.view().await?.as_ref().and_then(open_promotion).is_some() {
            return self.give_up().await;
        }
        let session = self.open().await?;
        let mut project = self.project()?;
        let prepared = self.promoting(&mut project, session.state()).roll_back(None).await;
        self.begin(session, prepared).await
    }

    fn promoting<'a>(&'a self, project: &'a mut Project, state: &State) -> Promoting<'a> {
        Promoting {
            project,
            workbench: &self.workbench,
            stage: STAGE,
            state: Arc::new(state.clone()),
            refresh: Refresh::Bulk,
        }
    }

    /// Carries out what shifts traffic, if there is a plan.
    async fn begin(
        &self,
        session: Session,
        prepared: Result<Prepared, PromotionError>,
    ) -> Ended<Came> {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.decline(session, error).await,
        };
        let mut plan = prepared.plan;
        let roster = session.state().roster.clone().unwrap_or_default();
        let candidate = candidate(&plan);
        let candidate =
            candidate.ok_or_else(|| Rule::Sound.violated("a plan without candidate"))?;
        self.court.judge().opens(&roster, candidate, pause(&plan));
        if let Some(flaw) = self.flaw {
            flaw.spoil(&mut plan, session.state());
        }
        self.carry_out(session, Arc::new(plan), prepared.secrets).await
    }

    async fn decline(&self, session: Session, error: PromotionError) -> Ended<Came> {
        session.close().await.map_err(stop)?;
        declined(error).map(Came::Refused)
    }

    async fn carry_out(
        &self,
        mut session: Session,
        plan: Arc<Plan>,
        secrets: Secrets,
    ) -> Ended<Came> {
        let (purpose, began) = (plan.purpose, Instant::now());
        let goes_on = resumed(session.state())?.is_some_and(|it| it.plan == plan);
        let repairs = matches!(purpose, Purpose::Apply | Purpose::Abort);
        if repairs {
            let roster = session.state().roster.clone().unwrap_or_default();
            self.court.judge().repairs(&roster);
        }
        let applied = session.apply(plan, secrets, &Cancel::new()).await;
        if repairs {
            self.court.judge().repairs_no_more();
        }
        let applied = applied.map_err(stop)?;
        if applied.is_complete() && purpose != Purpose::Destroy {
            let weights = self.inspector.cloud.weights();
            let roster = session.state().roster.clone().unwrap_or_default();
            let open = &roster.promotion;
            ensure!(open.is_none(), Ends, "its plan came to its end, and it is open: {open:?}");
            let mut judge = self.court.judge();
            if repairs && !goes_on {
                judge.makes_the_front_whole(began);
            }
            judge.finds(&roster, &weights, began)?;
        }
        session.close().await.map_err(stop)?;
        Ok(Came::Applied(applied))
    }

    async fn give_up(&self) -> Ended<Came> {
        let Some(state) = self.view().await? else { return Ok(refused("there is no state")) };
        let open = open_promotion(&state).cloned().zip(resumed(&state)?);
        let Some((promotion, Resumed { plan, .. })) = open else {
            return Ok(refused("no promotion is open"));
        };
        if let Err(error) = can_give_up(&plan, &promotion) {
            return declined(error).map(Came::Refused);
        }
        self.ask(&promotion.candidate, Asking::GiveUp).await
    }

    /// Gives up what is open by a way that is planned anew.
    async fn give_up_anew(&self) -> Ended<Came> {
        let session = self.open().await?;
        let mut project = self.project()?;
        match self.promoting(&mut project, session.state()).abort().await {
            Ok(Prepared { plan, secrets, .. }) => {
                self.carry_out(session, Arc::new(plan), secrets).await
            }
            Err(error) => self.decline(session, error).await,
        }
    }

    pub(super) async fn approve(&self) -> Ended<Came> {
        let Some(state) = self.view().await? else { return Ok(refused("there is no state")) };
        let open = open_promotion(&state).cloned().zip(resumed(&state)?);
        let Some((promotion, Resumed { plan, .. })) = open else {
            return Ok(refused("no promotion is open"));
        };
        let phase = plan.phases.iter().find(|it| it.name == promotion.phase);
        if !phase.is_some_and(waits_for_approval) {
            return Ok(refused("nobody has to approve"));
        }
        let phase = promotion.phase.to_string();
        self.ask(&promotion.candidate, Asking::Approve { phase }).await
    }

    /// Leaves a request, and carries it out if nobody else does.
    async fn ask(&self, candidate: &Scope, asking: Asking) -> Ended<Came> {
        let request = Asked::new(candidate, asking, "ann".to_owned()).request();
        let request = request.map_err(|it| Rule::Sound.violated(format!("no request: {it}")))?;
        let store = &self.workbench.store;
        let left = store.request(&self.name, &request.name, request.payload).await;
        left.map_err(|error| stop(error.into()))?;
        if store.holder(&self.name).await.map_err(|error| stop(error.into()))?.is_some() {
            return Ok(Came::Asked);
        }
        let session = self.open().await?;
        match resumed(session.state())? {
            Some(Resumed { plan, secrets }) => self.carry_out(session, plan, secrets).await,
            None => self.decline(session, PromotionError::NoneOpen(STAGE.to_owned())).await,
        }
    }

    async fn retire(&self, expired_at: Option<i64>) -> Ended<Came> {
        let session = self.open().await?;
        let state = session.state().clone();
        let roster = state.roster.clone().unwrap_or_default();
        let leaving = match retirable(&roster, STAGE, &[], expired_at) {
            Ok(leaving) if leaving.is_empty() => {
                session.close().await.map_err(stop)?;
                return Ok(Came::Nothing);
            }
            Ok(leaving) => leaving,
            Err(error) => return self.decline(session, error).await,
        };
        let mut project = self.project()?;
        match self.promoting(&mut project, &state).retire(&leaving).await {
            Ok((plan, secrets, _)) => {
                self.court.judge().stands(&roster);
                self.court.judge().lets_go(leaving);
                self.carry_out(session, Arc::new(plan), secrets).await
            }
            Err(error) => self.decline(session, error).await,
        }
    }

    async fn standing(&self, state: &State) -> Result<(Plan, Secrets), Declined> {
        let mut project = self.project().map_err(Declined::Stop)?;
        let state = Arc::new(state.clone());
        let inputs = Inputs::default();
        let workbench = &self.workbench;
        let planned =
            plan_standing(&mut project, workbench, STAGE, &inputs, state, Refresh::Bulk).await;
        let (planned, secrets) = planned.map_err(Declined::Promotion)?;
        Ok((planned.plan, secrets))
    }

    async fn plan(&self) -> Ended<Came> {
        match self.view().await? {
            Some(state) if state.open.is_empty() => match self.standing(&state).await {
                Ok(_) => Ok(Came::Nothing),
                Err(Declined::Promotion(error)) => declined(error).map(Came::Refused),
                Err(Declined::Stop(stop)) => Err(stop),
            },
            _ => Ok(refused("there is nothing to plan")),
        }
    }

    async fn apply(&self) -> Ended<Came> {
        let session = self.open().await?;
        match self.standing(session.state()).await {
            Ok((plan, _)) if plan.is_empty() && !plan.has_records() => {
                session.close().await.map_err(stop)?;
                Ok(Came::Nothing)
            }
            Ok((plan, secrets)) => self.carry_out(session, Arc::new(plan), secrets).await,
            Err(Declined::Promotion(error)) => self.decline(session, error).await,
            Err(Declined::Stop(stop)) => Err(stop),
        }
    }

    async fn destroy(&self, including_live: bool) -> Ended<Came> {
        if self.view().await?.is_none() {
            // Taking the lease finishes what a destroy that was killed left of the state's files.
            let left = self.workbench.store.has_leftovers(&self.name).await;
            if left.map_err(|error| stop(error.into()))? {
                self.open().await?.close().await.map_err(stop)?;
            }
            return Ok(Came::Nothing);
        }
        let session = self.open().await?;
        let roster = session.state().roster.clone().unwrap_or_default();
        if let Err(why) = may_go(&roster, including_live) {
            session.close().await.map_err(stop)?;
            return Ok(refused(why));
        }
        self.inspector.may_go(&self.name);
        let plan = plan_destroy(session.state(), None);
        let plan = plan.map_err(|it| Rule::Sound.violated(format!("no plan to destroy: {it}")))?;
        let scopes: BTreeSet<Scope> = session.state().scopes.keys().cloned().collect();
        self.court.judge().lets_go(scopes.into_iter().chain(roster.entries.keys().cloned()));
        self.carry_out(session, Arc::new(plan), Secrets::new()).await
    }
}

/// Why there is no plan.
enum Declined {
    Promotion(PromotionError),
    Stop(Stop),
}

fn refused(why: &str) -> Came {
    Came::Refused(why.to_owned())
}

/// As the command line does: what has traffic goes only on purpose, what a promotion is about not
/// at all, unless it is the first.
fn may_go(roster: &Roster, including_live: bool) -> Result<(), &'static str> {
    let is_first = roster.live().is_none() && including_live;
    if roster.promotion.is_some() && !is_first {
        return Err("a promotion is open");
    }
    let is_busy = roster.entries.values().any(|it| it.weight.max(it.verified) > Weight::ZERO);
    match is_busy && !including_live {
        true => Err("it has traffic"),
        false => Ok(()),
    }
}

fn resumed(state: &State) -> Ended<Option<Resumed>> {
    let resumed = Resumed::of(state);
    Ok(resumed.map_err(|it| Rule::Sound.violated(format!("an open promotion: {it:?}")))?)
}

/// What a promotion that is not planned means.
fn declined(error: PromotionError) -> Ended<String> {
    match error {
        PromotionError::Wanted(WantedError::Apply(error)) => Err(stop(error)),
        PromotionError::Wanted(WantedError::Mistakes { diagnostics, .. }) => {
            let mistakes: Vec<_> = diagnostics.into_iter().filter(|it| it.is_error()).collect();
            Err(mistaken(&mistakes, "the stage's files"))
        }
        PromotionError::Nothing(_)
        | PromotionError::Open { .. }
        | PromotionError::NoneOpen(_)
        | PromotionError::NoWayBack(_)
        | PromotionError::FrontPending(_)
        | PromotionError::NothingRetained(_)
        | PromotionError::NotWhole { .. }
        | PromotionError::HasTraffic(_) => Ok(error.to_string()),
        other => Err(Rule::Sound.violated(format!("a sound stage is refused: {other:?}")).into()),
    }
}

/// Who is to take the traffic.
fn candidate(plan: &Plan) -> Option<Scope> {
    plan.operations().find_map(|it| match &it.action {
        Action::Mark(mark) => match &mark.course {
            Course::Opens { candidate } => Some(candidate.clone()),
            _ => None,
        },
        _ => None,
    })
}

/// How long a candidate stays at one weight.
fn pause(plan: &Plan) -> Option<Duration> {
    let weights = plan.phases.iter().filter(|it| it.name.starts_with("weight-"));
    weights.flat_map(|it| &it.operations).find_map(|it| match &it.action {
        Action::Wait(Wait::For(time)) => Some(*time),
        _ => None,
    })
}

fn waits_for_approval(phase: &Phase) -> bool {
    phase.operations.iter().any(|it| matches!(it.action, Action::Wait(Wait::Approval)))
}
