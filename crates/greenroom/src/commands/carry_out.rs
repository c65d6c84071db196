//! What apply and destroy have in common: a lease, a question, a run, a summary.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use greenroom_apply::{Applied, Cancel, Event, Observer, Session, Workbench};
use greenroom_delivery::chain::chain;
use greenroom_delivery::lifetime::Tenure;
use greenroom_delivery::places::{Limits, Me, Place, Places, Waiting};
use greenroom_delivery::project::Project;
use greenroom_engine::outcomes::Secrets;
use greenroom_model::address::Address;
use greenroom_model::identity::Lineage;
use greenroom_model::plan::{Plan, Purpose, Wait};
use greenroom_model::state::State;
use greenroom_store::StateName;
use jiff::Timestamp;

use super::accounting::Accounting;
use crate::cli::{Detail, Execution};
use crate::confirm::{self, Answer};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::signals;
use crate::view::files::FilesWritten;
use crate::view::outputs::Outputs;
use crate::view::plan::{PlanView, totals};
use crate::view::summary::{Outcome, Summary};
use crate::world;

/// A command that changes something, while it runs.
pub(super) struct Undertaking<'a> {
    pub(super) context: &'a Context,
    pub(super) workbench: Workbench,
    pub(super) progress: Progress,
    pub(super) cancel: Cancel,
    execution: Execution,
    detail: Detail,
    /// The project's folder.
    folder: PathBuf,
    /// Where the report of a promotion goes, instead of below the project's folder.
    report: Option<PathBuf>,
    /// The place among all environments that is reserved, and on which terms.
    tenancy: Option<(Place, Tenure)>,
    /// Whether a promotion was left where it waits for approval.
    left: Arc<AtomicBool>,
}

impl<'a> Undertaking<'a> {
    /// Prepares a command that changes something, and listens for signals from here on. A state
    /// that it makes has the given lineage, or a new one.
    ///
    /// # Errors
    ///
    /// [`Failure::Unconfirmed`] if nobody could be asked later.
    pub(super) async fn begin(
        context: &'a Context,
        project: &Project,
        lineage: Option<Lineage>,
        execution: Execution,
        detail: Detail,
    ) -> Result<Undertaking<'a>, Failure> {
        if !execution.yes && (context.console.is_json() || !confirm::can_ask()) {
            return Err(Failure::Unconfirmed);
        }
        let progress = Progress::start(context.console.clone());
        let lineage = lineage.map(|it| greenroom_store::Lineage(it.0.to_string()));
        let store = world::states(project.states()?, &project.folder, lineage).await?;
        let workbench =
            context.workbench(project, store, progress.observer(), execution.pace.parallelism);
        let cancel = Cancel::new();
        listen(context, &progress, &cancel)?;
        Ok(Undertaking {
            context,
            workbench,
            progress,
            cancel,
            execution,
            detail,
            folder: project.folder.clone(),
            report: None,
            tenancy: None,
            left: Arc::default(),
        })
    }

    /// Leaves a promotion open where it waits for approval, instead of waiting.
    pub(super) fn leave_to_approve(&mut self) {
        self.workbench.observer = Arc::new(Leaving {
            observer: self.workbench.observer.clone(),
            cancel: self.cancel.clone(),
            left: self.left.clone(),
        });
    }

    /// Writes the report of a promotion to `file`.
    pub(super) fn report_to(&mut self, file: Option<PathBuf>) {
        self.report = file;
    }

    fn is_left_to_approve(&self) -> bool {
        self.left.load(Relaxed)
    }

    /// Takes the lease of `state`, and settles what an earlier run left open.
    pub(super) async fn open(&self, state: &StateName) -> Result<Session, Failure> {
        self.progress.busy(format!("taking the lease of {state}"));
        let holder = self.context.holder();
        Ok(self.workbench.open(state, holder, &self.cancel).await?)
    }

    /// Reserves a place for the environment of `state`, which is to live for `ttl` once it is made.
    pub(super) async fn move_in(
        &mut self,
        project: &Project,
        state: &StateName,
        ttl: Option<Duration>,
        waits: bool,
    ) -> Result<(), Failure> {
        let holder = self.context.holder();
        let Workbench { store, clock, .. } = &self.workbench;
        let places = Places::new(store.clone(), clock.clone(), Limits::of(&project.spec));
        let me = Me::new(state.clone(), &holder);
        let place = match waits {
            true => {
                let told = |waiting: &Waiting| self.progress.busy(format!("waiting: {waiting}"));
                places.wait_for(&me, &self.cancel, told).await?
            }
            false => places.take(&me).await?,
        };
        let tenure = Tenure { by: holder.introduction(), ttl };
        self.tenancy = Some((place, tenure));
        Ok(())
    }

    /// Notes in the state who uses the environment, and until when it may live.
    async fn settle_in(&mut self, session: &mut Session) -> Result<(), Failure> {
        let Some((place, tenure)) = self.tenancy.take() else { return Ok(()) };
        tenure.keep_alive(session, Timestamp::now()).await?;
        place.taken().await;
        Ok(())
    }

    /// Shows a plan, asks, carries it out, and tells what came of it.
    pub(super) async fn carry_out(
        mut self,
        mut session: Session,
        plan: Plan,
        secrets: Secrets,
    ) -> Result<Exit, Failure> {
        self.progress.quiet();
        let view = PlanView::of(&plan, self.detail.verbose);
        self.context.console.tell(&view);
        if view.changes_nothing() && !plan.has_records() && plan.purpose != Purpose::Destroy {
            return self.nothing_to_do(session).await;
        }
        if !view.changes_nothing()
            && let Some(declined) = self.ask(plan.purpose).await
        {
            session.close().await?;
            return Ok(self.tell(&Summary::nothing_done(declined)));
        }
        self.progress.expect(totals(&plan));
        self.settle_in(&mut session).await?;
        self.finish(session, Arc::new(plan), secrets).await
    }

    /// Carries a plan out, and tells what came of it.
    pub(super) async fn finish(
        self,
        mut session: Session,
        plan: Arc<Plan>,
        secrets: Secrets,
    ) -> Result<Exit, Failure> {
        let started = Instant::now();
        let purpose = plan.purpose;
        let applied = self.apply(&mut session, plan, secrets).await?;
        let outputs = Outputs::of(session.state());
        let way_back = self.way_back(&applied, session.state());
        self.progress.busy("saving the state");
        session.close().await?;
        self.progress.quiet();
        let outcome = match Outcome::of(&applied, purpose) {
            Outcome::Cancelled if self.is_left_to_approve() => Outcome::AwaitingApproval,
            outcome => outcome,
        };
        let exit = self.tell(&Summary {
            outcome,
            completed: applied.completed,
            failed: applied.failed.len(),
            skipped: applied.skipped,
            elapsed: started.elapsed(),
            resume: outcome.is_unfinished().then(|| self.context.invocation.resume()),
            way_back: way_back.filter(|_| outcome == Outcome::Halted),
        });
        if matches!(outcome, Outcome::Applied | Outcome::Promoted) {
            self.show(&outputs);
        }
        Ok(exit)
    }

    /// The command that gives a promotion up by a new plan, if this one cannot change the front.
    fn way_back(&self, applied: &Applied, state: &State) -> Option<String> {
        let is_in_front = |it: &Address| it.scope.is_front();
        let failed = &applied.failed;
        let in_the_way = failed.iter().any(|it| it.about.address.as_ref().is_some_and(is_in_front));
        let has_live = state.roster.as_ref().is_some_and(|it| it.live().is_some());
        (in_the_way && has_live).then(|| self.context.command(&["abort", &state.stage, "--replan"]))
    }

    /// Carries a plan out; of a promotion, with an account of it.
    async fn apply(
        &self,
        session: &mut Session,
        plan: Arc<Plan>,
        secrets: Secrets,
    ) -> Result<Applied, Failure> {
        let plan = session.as_kept(plan)?;
        let accounting = Accounting::begin(&self.folder, &plan, &self.workbench, session);
        let mut accounting = match accounting {
            Ok(accounting) => accounting,
            Err(error) => {
                self.lacks_account(&error);
                None
            }
        };
        let applying = session.apply(plan, secrets, &self.cancel);
        let Some(accounting) = &mut accounting else { return Ok(applying.await?) };
        let (applied, kept) = accounting.attend(applying).await;
        if let Err(error) = kept {
            self.lacks_account(&error);
        }
        self.publish(accounting, session);
        Ok(applied?)
    }

    fn publish(&self, accounting: &Accounting, session: &Session) {
        self.progress.quiet();
        match accounting.publish(session, self.report.as_deref()) {
            Ok(None) => {}
            Ok(Some(page)) => {
                let (file, hint) = (page.display().to_string(), "the report of the promotion");
                let written = FilesWritten { files: vec![file], hint: hint.to_owned() };
                self.context.console.tell(&written);
            }
            // The promotion itself is in the state.
            Err(failure) => self.lacks_account(&failure),
        }
    }

    fn lacks_account(&self, error: &dyn Error) {
        let why = chain(error);
        self.progress.voice().say(format!("the report of the promotion is not complete: {why}"));
    }

    /// Tells that a plan file has nothing left to do, and ends.
    pub(super) async fn already_applied(self, session: Session) -> Result<Exit, Failure> {
        self.progress.quiet();
        let outputs = Outputs::of(session.state());
        session.close().await?;
        let exit = self.tell(&Summary::nothing_done(Outcome::AlreadyApplied));
        self.show(&outputs);
        Ok(exit)
    }

    async fn nothing_to_do(mut self, mut session: Session) -> Result<Exit, Failure> {
        if session.state().objects() > 0 {
            self.settle_in(&mut session).await?;
        }
        let outputs = Outputs::of(session.state());
        session.close().await?;
        let mut summary = Summary::nothing_done(Outcome::Unchanged);
        summary.elapsed = Duration::ZERO;
        let exit = if self.context.console.is_json() { self.tell(&summary) } else { Exit::Done };
        self.show(&outputs);
        Ok(exit)
    }

    /// Why not to go on; `None` to go on.
    async fn ask(&self, purpose: Purpose) -> Option<Outcome> {
        if self.execution.yes {
            return None;
        }
        let what = match purpose {
            Purpose::Destroy => "destroy all of this, which cannot be undone",
            Purpose::Promote => "promote",
            Purpose::Rollback => "roll back",
            Purpose::Abort => "give the promotion up",
            Purpose::Retire => "retire these, which cannot be undone",
            Purpose::Apply => "perform these actions",
        };
        let question = format!("\nDo you want to {what}? Only 'yes' is accepted: ");
        self.context.console.eprint(&question);
        match confirm::answer(&self.cancel).await {
            Answer::Yes => None,
            Answer::No => Some(Outcome::Declined),
            Answer::Cancelled => Some(Outcome::Cancelled),
        }
    }

    fn tell(&self, summary: &Summary) -> Exit {
        self.context.console.tell(summary);
        summary.outcome.exit()
    }

    fn show(&self, outputs: &Outputs) {
        if !outputs.values.is_empty() || self.context.console.is_json() {
            self.context.console.data(outputs);
        }
    }
}

/// Ends a run that waits for approval.
struct Leaving {
    observer: Arc<dyn Observer>,
    cancel: Cancel,
    left: Arc<AtomicBool>,
}

impl Observer for Leaving {
    fn observe(&self, event: &Event) {
        self.observer.observe(event);
        if matches!(event, Event::Waiting(_, Wait::Approval)) {
            self.left.store(true, Relaxed);
            self.cancel.cancel();
        }
    }
}

fn listen(context: &Context, progress: &Progress, cancel: &Cancel) -> Result<(), Failure> {
    let resume = context.invocation.resume();
    let (voice, cancel) = (progress.voice(), cancel.clone());
    let (last, abort) = (voice.clone(), cancel.clone());
    let first = move || {
        voice.say(format!(
            "cancelled by a signal; a second one leaves at once. To go on later: {resume}"
        ));
        cancel.cancel();
    };
    let second = move || {
        last.say("leaving at once; the next command looks what became of this".to_owned());
        abort.abort();
    };
    signals::watch(first, second, Exit::Cancelled).map_err(Failure::System)
}
