//! Commands, as a process carries them out.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_apply::{Applied, ApplyError, Cancel, Session};
use greenroom_engine::destroy::plan_destroy;
use greenroom_engine::format;
use greenroom_engine::run::Refusal;
use greenroom_model::plan::Plan;
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_store::{Store, StoreError};

use super::inspect::{Inspector, Rule, Violation, ensure};
use crate::lab::{Lab, holder};
use crate::script::{Command, Spec};

/// Applies on a quiet day until nothing is left to do. More than one, because what turns out never
/// to become ready is made anew by the next.
const ROUNDS: usize = 3;

/// One command of one process.
pub(super) struct Errand<'p> {
    pub(super) lab: Lab,
    pub(super) inspector: &'p Inspector,
    /// The store as it is, whatever becomes of the process.
    pub(super) truth: Arc<dyn Store>,
    /// How many processes found their lease another's.
    pub(super) passed_over: &'p Cell<u64>,
    /// The plan that was saved last.
    pub(super) saved: Option<Vec<u8>>,
    /// What is wanted of the environment.
    pub(super) wanted: Spec,
}

/// Why a command ended before its end.
pub(crate) enum Stop {
    /// The world is to blame: a user would try again.
    Trouble(String),
    /// The plan does not fit the state.
    Refused(Refusal),
    /// The lease is another's.
    PassedOver,
    /// We are to blame.
    Violation(Violation),
}

pub(crate) type Ended<T> = Result<T, Stop>;

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Stop {
        Stop::Violation(violation)
    }
}

impl Errand<'_> {
    /// Carries a command out; the plan that it saved.
    pub(super) async fn run(&self, command: &Command) -> Result<Option<Vec<u8>>, Violation> {
        let ended = match command {
            Command::Apply(spec) => self.apply(spec).await.map(|_| None),
            Command::Plan(spec) => self.look(spec).await.map(|_| None),
            Command::Save(spec) => self.look(spec).await.map(|it| Some(format::plan::encode(&it))),
            Command::ApplySaved => self.apply_saved().await.map(|()| None),
            Command::Import { spec, number } => self.import(spec, *number).await.map(|()| None),
            Command::Destroy => self.destroy().await.map(|_| None),
            Command::Converge => return self.converge().await.map(|()| None),
        };
        match ended {
            Ok(saved) => Ok(saved),
            Err(Stop::Trouble(_)) => Ok(None),
            Err(Stop::PassedOver) => {
                self.passed_over.update(|it| it + 1);
                Ok(None)
            }
            Err(Stop::Refused(refusal)) => Err(refused(&refusal)),
            Err(Stop::Violation(violation)) => Err(violation),
        }
    }

    /// Takes the lease, and inspects what was settled.
    async fn open(&self) -> Ended<Session> {
        let session = self.lab.open().await.map_err(stop)?;
        let environment = self.lab.environment.as_str();
        let (name, state) = (self.lab.state(), session.state());
        self.inspector.settled(&*self.truth, &name, Some(environment), state).await?;
        Ok(session)
    }

    /// Takes the lease from whoever has it, and gives it back.
    pub(super) async fn unlock(&self) -> Result<(), Violation> {
        let (store, name) = (&self.lab.workbench.store, self.lab.state());
        let unlocked = async { store.seize(&name, holder()).await?.release().await };
        match unlocked.await.map_err(|error| stop(error.into())) {
            Err(Stop::Violation(violation)) => Err(violation),
            _ => Ok(()),
        }
    }

    async fn plan(&self, state: &State, spec: &Spec) -> Ended<Plan> {
        let template = spec.template(self.lab.environment.as_str());
        let plan = self.lab.try_plan(state, &template).await;
        plan.map_err(|mistakes| mistaken(&mistakes, &template))
    }

    async fn apply(&self, spec: &Spec) -> Ended<Applied> {
        let session = self.open().await?;
        let plan = self.plan(session.state(), spec).await?;
        self.carry_out(session, plan).await
    }

    async fn carry_out(&self, mut session: Session, plan: Plan) -> Ended<Applied> {
        let applied = session.apply(Arc::new(plan), BTreeMap::new(), &Cancel::new()).await;
        let applied = applied.map_err(stop)?;
        session.close().await.map_err(stop)?;
        Ok(applied)
    }

    /// Plans, without a lease, what it would do: the world stays as it is.
    async fn look(&self, spec: &Spec) -> Ended<Plan> {
        let view = self.lab.workbench.view(&self.lab.state()).await.map_err(stop)?;
        let state = match view.state {
            Some(state) if state.open.is_empty() => state,
            Some(_) => return Err(Stop::Trouble("something is open".into())),
            // A plan of a state that is not there yet is one of its first lease.
            None => {
                let session = self.open().await?;
                let state = session.state().clone();
                session.close().await.map_err(stop)?;
                state
            }
        };
        self.plan(&state, spec).await
    }

    async fn apply_saved(&self) -> Ended<()> {
        let Some(saved) = &self.saved else { return Ok(()) };
        let plan = format::plan::decode(saved);
        let plan = plan
            .map_err(|error| Rule::Sound.violated(format!("a saved plan cannot be read: {error}")));
        let session = self.open().await?;
        let plan = plan?;
        match self.carry_out(session, plan).await {
            Err(Stop::Refused(_)) => Ok(()),
            carried => carried.map(drop),
        }
    }

    async fn import(&self, spec: &Spec, number: u64) -> Ended<()> {
        let Some(resource) = spec.resource(number) else { return Ok(()) };
        let (address, attributes) = resource.by_hand();
        let id = self.inspector.cloud.plant(&address, attributes);
        let mut session = self.open().await?;
        let plan = self.plan(session.state(), spec).await?;
        let address = resource.address(self.lab.environment.as_str());
        let address = address.parse().expect("an address");
        let imported = session.import(&plan, &address, &id, &Cancel::new()).await;
        imported.map_err(stop)?;
        session.close().await.map_err(stop)
    }

    async fn destroy(&self) -> Ended<Applied> {
        let session = self.open().await?;
        self.inspector.may_go(&self.lab.state());
        let environment = Some(self.lab.environment.clone());
        let plan = plan_destroy(session.state(), environment);
        let plan =
            plan.map_err(|error| Rule::Sound.violated(format!("no plan to destroy: {error}")))?;
        self.carry_out(session, plan).await
    }

    /// Applies on a quiet day until everything is as it should be, and checks that it is.
    pub(super) async fn converge(&self) -> Result<(), Violation> {
        let mut failed = Vec::new();
        for _ in 0..ROUNDS {
            let applied = self.apply(&self.wanted).await.map_err(quiet)?;
            failed = applied.failed;
            if failed.is_empty() {
                break;
            }
        }
        ensure!(failed.is_empty(), Converges, "fails on a quiet day: {failed:#?}");
        let session = self.open().await.map_err(quiet)?;
        let environment = self.lab.environment.as_str();
        let state = session.state();
        self.inspector.converged(&self.lab.state(), state, &self.wanted, environment)?;
        let plan = self.plan(state, &self.wanted).await.map_err(quiet)?;
        let rest: Vec<String> = plan.operations().map(|it| it.id.to_string()).collect();
        ensure!(
            rest.is_empty() && plan.drift.is_empty(),
            SecondIsEmpty,
            "a second apply would do {rest:?}"
        );
        session.close().await.map_err(|error| quiet(stop(error)))
    }

    /// Takes everything down on a quiet day.
    pub(super) async fn leave(&self) -> Result<(), Violation> {
        let applied = self.destroy().await.map_err(quiet)?;
        ensure!(
            applied.is_complete(),
            NothingLeft,
            "destroy fails on a quiet day: {:#?}",
            applied.failed
        );
        Ok(())
    }
}

/// What an error means that the world could not be blamed for.
fn quiet(stop: Stop) -> Violation {
    match stop {
        Stop::Violation(violation) => violation,
        Stop::Refused(refusal) => refused(&refusal),
        Stop::PassedOver => Rule::Converges.violated("passed over on a quiet day"),
        Stop::Trouble(why) => Rule::Converges.violated(format!("trouble on a quiet day: {why}")),
    }
}

/// A plan that was made of the state as it is must fit it.
fn refused(refusal: &Refusal) -> Violation {
    Rule::Sound.violated(format!("a fresh plan is refused: {refusal}"))
}

/// Whether the world is to blame for an error.
pub(crate) fn stop(error: ApplyError) -> Stop {
    match error {
        ApplyError::Store(StoreError::Lost { .. }) => Stop::PassedOver,
        ApplyError::Store(StoreError::Corrupt(_) | StoreError::Newer(_))
        | ApplyError::Format { .. }
        | ApplyError::Differs { .. }
        | ApplyError::Replay { .. }
        | ApplyError::Impossible(_)
        | ApplyError::Moved { .. }
        | ApplyError::Provider { .. } => {
            Stop::Violation(Rule::Sound.violated(format!("{error:?}")))
        }
        ApplyError::Refused(refusal) => Stop::Refused(refusal),
        // Not by whom: names of leases differ from play to play.
        ApplyError::Store(StoreError::Held { .. }) => Stop::Trouble("the lease is held".into()),
        ApplyError::Store(_)
        | ApplyError::Unsettled { .. }
        | ApplyError::Unimportable { .. }
        | ApplyError::NotImported { .. }
        | ApplyError::Unrenewed { .. }
        | ApplyError::Cancelled => Stop::Trouble(format!("{error:?}")),
    }
}

/// What the mistakes of a plan mean: all specs are sound.
pub(crate) fn mistaken(mistakes: &[Diagnostic], template: &str) -> Stop {
    let unreadable = ["plan::unreadable", "plan::data"];
    if mistakes.iter().all(|it| unreadable.contains(&it.code)) {
        return Stop::Trouble(format!("{mistakes:?}"));
    }
    let how = format!("a sound spec is refused: {mistakes:#?}\n{template}");
    Stop::Violation(Rule::Sound.violated(how))
}
