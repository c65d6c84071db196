//! The end of a history: on a quiet day what is open comes to its end, and everything is right.

use std::future::pending;
use std::time::Duration;

use greenroom_model::gate::GateResult;
use greenroom_model::roster::{Role, Roster, Weight};
use tokio::time::{sleep, timeout};

use super::errand::Came;
use super::history::{Command, End};
use super::judge::weights_hold;
use super::{LONGEST, Stage};
use crate::life::Life;
use crate::play::{DAY, Ended, Rule, Stop, Violation, ensure, quiet};

/// How often a command is repeated: what turns out never to become ready is found out by one and
/// made anew by the next.
const ROUNDS: usize = 4;

/// The time between two looks of somebody who approves whatever there is.
const APPROVES: Duration = Duration::from_secs(30);

impl Stage {
    pub(super) async fn end(&mut self, end: End) -> Result<(), Violation> {
        self.calm().await;
        if end == End::BadFirst {
            self.halts_if_all_are_bad().await?;
        }
        self.oracle.say(GateResult::Pass);
        self.close_what_is_open(end).await?;
        if self.is_half_destroyed().await? {
            // What failed is not repaired, and a front that knows of it cannot be whole.
            self.command(Command::Apply).await?;
            self.retires().await?;
        }
        if self.court.judge().is_disturbed() {
            self.repairs().await?;
        }
        let roster = self.roster().await?;
        // Of a destroy that was interrupted the front may be gone, and is repaired.
        if !roster.live().is_some_and(|it| self.court.judge().has_let_go(it)) {
            self.stands(&roster)?;
        }
        self.repairs().await?;
        self.stands(&self.roster().await?)?;
        self.retires().await?;
        self.leaves_nothing().await
    }

    async fn calm(&self) {
        self.cloud.set_weather(quiet(0));
        self.cloud.send_others_away();
        sleep(self.ground.be_quiet()).await;
        self.cloud.calm().await;
    }

    /// With all gates failing, no traffic is shifted, and whoever has it keeps it.
    async fn halts_if_all_are_bad(&self) -> Result<(), Violation> {
        self.oracle.say(GateResult::Fail);
        let before = self.cloud.weights();
        let is_shared = before.values().filter(|it| **it > 0).count() > 1;
        self.command(Command::Promote).await?;
        self.court.verdict()?;
        let now = self.cloud.weights();
        ensure!(!is_shared || before == now, Halts, "{before:?} became {now:?}");
        Ok(())
    }

    async fn close_what_is_open(&self, end: End) -> Result<(), Violation> {
        let wanted = match end {
            End::Promote | End::BadFirst => Command::Promote,
            End::Abort => Command::Abort,
            End::Rollback => Command::Rollback,
        };
        for round in 0..ROUNDS {
            let roster = self.roster().await?;
            if roster.promotion.is_none() {
                return Ok(());
            }
            // What cannot be finished can be given up, and what cannot be given up finished. What
            // can be neither, as the front is gone, is given up by a new plan; of a first promotion,
            // all of it may go.
            let command = match round {
                0 | 1 => wanted,
                2 if wanted == Command::Promote => Command::Abort,
                2 => Command::Promote,
                _ if roster.live().is_none() => Command::DestroyLive,
                _ => Command::Replan,
            };
            self.command(command).await?;
            self.court.verdict()?;
        }
        let open = self.roster().await?.promotion;
        ensure!(open.is_none(), Ends, "it is open for ever: {open:?}");
        Ok(())
    }

    /// Whether an environment that failed was to go, and is still in the roster.
    async fn is_half_destroyed(&self) -> Result<bool, Violation> {
        let roster = self.roster().await?;
        let judge = self.court.judge();
        let mut failed = roster.entries.iter().filter(|(_, it)| it.role == Role::Failed);
        Ok(failed.any(|(scope, _)| judge.has_let_go(scope)))
    }

    /// What must be true when no promotion is open.
    fn stands(&self, roster: &Roster) -> Result<(), Violation> {
        let of = |role: Role| roster.entries.values().filter(move |it| it.role == role);
        ensure!(of(Role::Candidate).next().is_none(), Ends, "a candidate is left: {roster:?}");
        ensure!(of(Role::Live).count() <= 1, Ends, "two are live: {roster:?}");
        ensure!(
            of(Role::Live).all(|it| it.weight == Weight::FULL),
            Ends,
            "who is live has not all traffic: {roster:?}"
        );
        weights_hold(roster, &self.cloud.weights())
    }

    /// What others broke is repaired, and then there is nothing more to do.
    async fn repairs(&self) -> Result<(), Violation> {
        let mut came = "nothing".to_owned();
        for _ in 0..ROUNDS {
            came = match self.command(Command::Apply).await? {
                Came::Nothing | Came::Refused(_) => return Ok(()),
                Came::Applied(applied) => format!("{applied:?}"),
                Came::Asked => continue,
            };
        }
        Err(Rule::SecondIsEmpty.violated(format!("another apply would do more: {came}")))
    }

    /// Whoever has no traffic goes, and then nobody is left who could.
    async fn retires(&self) -> Result<(), Violation> {
        for _ in 0..ROUNDS {
            if matches!(self.command(Command::Retire).await?, Came::Nothing | Came::Refused(_)) {
                break;
            }
        }
        let roster = self.roster().await?;
        let is_live = roster.entries.values().all(|it| it.role == Role::Live);
        ensure!(is_live, NothingLeft, "some did not retire: {roster:?}");
        weights_hold(&roster, &self.cloud.weights())
    }

    async fn leaves_nothing(&self) -> Result<(), Violation> {
        self.command(Command::DestroyLive).await?;
        self.inspector.nothing_left()?;
        // What is still watched for keeps a state.
        sleep(DAY).await;
        self.command(Command::DestroyLive).await?;
        let left = self.errand(&Life::new()).view().await.map_err(on_a_quiet_day)?;
        ensure!(left.is_none(), NothingLeft, "a state is left: {left:?}");
        self.court.verdict()
    }

    /// The roster as it is; empty if there is none.
    async fn roster(&self) -> Result<Roster, Violation> {
        let state = self.errand(&Life::new()).view().await.map_err(on_a_quiet_day)?;
        Ok(state.and_then(|it| it.roster).unwrap_or_default())
    }

    /// Carries a command out, while somebody approves whatever there is to approve.
    async fn command(&self, command: Command) -> Result<Came, Violation> {
        let life = Life::new();
        let errand = self.errand(&life);
        let approver = self.errand(&life);
        let approves = async {
            loop {
                sleep(APPROVES).await;
                if self.court.verdict().is_err() {
                    pending::<()>().await;
                }
                // It may be too early, or too late.
                let _ = approver.approve().await;
            }
        };
        let done: Ended<Came> = tokio::select! {
            biased;
            done = timeout(LONGEST * 12, errand.run(command)) => match done {
                Ok(done) => done,
                Err(_) => return Err(Rule::Ends.violated(format!("{command:?} never ends"))),
            },
            () = approves => unreachable!("it goes on for ever"),
        };
        if let Ok(Came::Applied(applied)) = &done {
            self.diary.note(format!("  {command:?}: {applied:?}"));
        }
        if let Ok(Came::Refused(why)) = &done {
            self.diary.note(format!("  {command:?}: {why}"));
        }
        done.map_err(on_a_quiet_day)
    }
}

fn on_a_quiet_day(stop: Stop) -> Violation {
    match stop {
        Stop::Violation(violation) => violation,
        Stop::Refused(refusal) => Rule::Sound.violated(format!("a plan is refused: {refusal}")),
        Stop::PassedOver => Rule::Converges.violated("passed over on a quiet day"),
        Stop::Trouble(why) => Rule::Converges.violated(format!("trouble on a quiet day: {why}")),
    }
}
