//! Histories of a stage that promotes, carried out by the real engine, driver, store and delivery
//! over a simulated world.
//!
//! Commands promote, give up, retire, repair and destroy; processes die at any effect and at any
//! time; others ask for the same meanwhile; gates say what a seed decides.

mod diary;
mod end;
mod errand;
mod flaw;
mod gates;
mod history;
mod judge;
mod season;
mod specs;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use greenroom_apply::{Providers, Workbench};
use greenroom_model::gate::GateResult;
use greenroom_model::value::Value;
use greenroom_store::StateName;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::cloud::{Cloud, Weather};
use crate::ids::without_made_up;
use crate::lab::OneProvider;
use crate::life::Life;
use crate::play::ground::{self, Ground};
use crate::play::lineages::Lineages;
use crate::play::{GRACE, Inspector, Rule, Stop, Violation, quiet, said, weather};
use crate::rig::{SimClock, simulate};
use crate::script::{self, Crash, Script};
use diary::Diary;
use errand::{Came, Errand, STAGE};
pub use flaw::Flaw;
use gates::Oracle;
use history::Step;
pub use history::{Command, Deed, History};
use judge::Court;
pub use season::{Season, Tidings};
use specs::Specs;

/// How long a process goes on at most: some wait for an approval that nobody gives.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);

/// What shares the traffic out where one object does.
const BALANCER: &str = "front/sim_balancer.front";

/// What came of a history.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// How much there was of everything.
    pub counts: Counts,
    /// What is not as it must be.
    pub violation: Option<Violation>,
    /// What happened, a line each.
    pub story: Vec<String>,
}

/// How much there was in a history, or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commands that came to their end.
    pub commands: u64,
    /// Promotions and rollbacks that came to theirs.
    pub completed: u64,
    /// Those that led back.
    pub rolled_back: u64,
    /// Plans that halted.
    pub halted: u64,
    /// Commands that were refused.
    pub refused: u64,
    /// Requests that were left to who carries a promotion out.
    pub asked: u64,
    /// Processes that died.
    pub died: u64,
    /// Rises of a weight.
    pub shifts: u64,
    /// Changes of weights by calls that took effect late.
    pub disturbances: u64,
}

/// Plays a history, with plans as they are or made wrong.
#[must_use]
pub fn play(history: &History, flaw: Option<Flaw>) -> Told {
    let mut told = Told::default();
    let diary = Diary::default();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        simulate(async {
            let mut stage = Stage::new(history, flaw, diary.clone());
            let ended = stage.run(history).await;
            told.counts = *stage.counts.borrow();
            told.counts.shifts = stage.court.judge().shifts;
            told.counts.disturbances = stage.court.judge().disturbances;
            ended
        })
    }));
    told.story = diary.lines();
    told.violation = match ended {
        Ok(ended) => ended.err(),
        Err(panic) => Some(Rule::Sound.violated(format!("panicked: {}", said(&*panic)))),
    };
    told
}

/// A stage that promotes, in its world.
struct Stage {
    cloud: Cloud,
    ground: Box<dyn Ground>,
    flaw: Option<Flaw>,
    lineages: Lineages,
    inspector: Inspector,
    clock: Arc<SimClock>,
    court: Court,
    oracle: Oracle,
    diary: Diary,
    specs: Specs,
    folder: TempDir,
    counts: RefCell<Counts>,
}

impl Stage {
    fn new(history: &History, flaw: Option<Flaw>, diary: Diary) -> Stage {
        let cloud = Cloud::with_weather(Weather { grace: GRACE, ..quiet(history.seed) });
        let court = Court::default();
        cloud.watch(Box::new(court.clone()));
        let (seed, states) = (history.seed, history.states);
        let script = Script { seed, states, steps: Vec::new(), mishaps: None };
        Stage {
            inspector: Inspector::new(cloud.clone()),
            cloud,
            ground: ground::of(&script, None),
            flaw,
            lineages: Lineages::default(),
            clock: Arc::default(),
            oracle: Oracle::new(history.seed, court.clone()),
            court,
            diary,
            specs: history.specs.clone(),
            folder: tempfile::tempdir().expect("a folder for the stage's files"),
            counts: RefCell::default(),
        }
    }

    async fn run(&mut self, history: &History) -> Result<(), Violation> {
        if history.good {
            self.oracle.say(GateResult::Pass);
        }
        for step in &history.steps {
            self.diary.note(step.to_string());
            self.step(history.seed, step).await?;
        }
        self.diary.note("the end, on a quiet day".to_owned());
        self.end(history.end).await
    }

    /// A process that is about to carry out a command.
    fn errand(&self, life: &Life) -> Errand<'_> {
        let cloud = self.cloud.for_process(life.clone());
        let providers = Providers::new([Arc::new(OneProvider::new(cloud)) as Arc<_>]);
        Errand {
            workbench: Workbench {
                store: self.ground.store(life, &self.lineages),
                rescue: self.ground.rescue(life),
                schemas: Arc::new(providers.schemas()),
                providers,
                gates: Arc::new(self.oracle.clone()),
                observer: Arc::new(self.diary.clone()),
                clock: self.clock.clone(),
                parallelism: 4,
            },
            name: StateName::promoted("shop", STAGE).expect("sound names"),
            folder: self.folder.path(),
            inspector: &self.inspector,
            truth: self.ground.truth(&self.lineages),
            court: self.court.clone(),
            flaw: self.flaw,
        }
    }

    async fn step(&mut self, seed: u64, step: &Step) -> Result<(), Violation> {
        if let Some(terms) = &step.terms {
            self.specs.terms = terms.clone();
        }
        self.specs.image = u64::from(step.number);
        self.write_specs()?;
        self.cloud.set_weather(match step.command {
            // What takes the front away late, under whoever promotes next, is nothing to go on from.
            Command::Destroy | Command::DestroyLive => {
                Weather { late: 0, lands: 0, ..weather(step.sky, seed) }
            }
            _ => weather(step.sky, seed),
        });
        self.cloud.begin(step.number);
        self.ground.begin(&ground_step(step));
        let life = Life::new();
        if let Some(Crash { nth, at, .. }) = step.crash {
            life.end_at(nth, at);
        }
        let (first, others, ()) =
            tokio::join!(self.process(step, &life), self.others(step, &life), self.deeds(step));
        life.end();
        self.court.judge().repairs_no_more();
        self.restart(step, &life);
        first.and(others).and(self.court.verdict())
    }

    /// The process of a step, until its work is done or it dies.
    async fn process(&self, step: &Step, life: &Life) -> Result<(), Violation> {
        let killed = async {
            sleep(step.killed.map_or(LONGEST, Duration::from_millis)).await;
            life.end();
        };
        tokio::select! {
            biased;
            () = life.over() => {}
            done = life.live(self.carry_out(step.command, life)) => done?,
            () = killed => {}
        }
        self.counts.borrow_mut().died += u64::from(life.is_over());
        Ok(())
    }

    /// What other processes do: on the same machine, which may stop.
    async fn others(&self, step: &Step, life: &Life) -> Result<(), Violation> {
        let others = step.others.iter().map(|(after, command)| async {
            sleep(Duration::from_millis(*after)).await;
            let own = Life::new();
            let stops = async {
                match step.crash {
                    Some(_) => life.over().await,
                    None => std::future::pending().await,
                }
            };
            let done = tokio::select! {
                biased;
                () = stops => Ok(()),
                () = sleep(LONGEST) => Ok(()),
                done = own.live(self.carry_out(*command, &own)) => done,
            };
            own.end();
            done
        });
        join_all(others).await.into_iter().collect()
    }

    async fn deeds(&self, step: &Step) {
        join_all(step.deeds.iter().map(|(after, deed)| async {
            sleep(Duration::from_millis(*after)).await;
            let machine = |number: &u32| format!("r{number}/sim_machine.web");
            match deed {
                Deed::Kill(number) => self.cloud.kill(&machine(number)),
                Deed::BreakDown(number) => self.cloud.break_down(&machine(number)),
                Deed::Change(number) => self.cloud.change(&machine(number), "size", "odd"),
                Deed::Share(first, second) => self.share(&[*first, *second]),
                Deed::Unfront(number) => self.unfront(*number),
            }
        }))
        .await;
    }

    /// Removes the balancer, or an environment's record, past whoever has it.
    fn unfront(&self, number: u32) -> bool {
        let record = format!("front/sim_record.www[\"r{number}\"]");
        let is_gone = self.cloud.kill(BALANCER) || self.cloud.kill(&record);
        if is_gone {
            self.court.judge().is_unfronted();
        }
        is_gone
    }

    /// Gives those behind the balancer other weights, past whoever has it.
    fn share(&self, weights: &[u8]) -> bool {
        let objects = self.cloud.objects();
        let front = objects.iter().find(|it| it.address.to_string() == BALANCER);
        let groups = front.and_then(|it| it.attributes.get("groups")?.as_list());
        let changed = groups.into_iter().flatten().zip(weights).map(|(group, weight)| {
            let mut group = group.as_object().cloned().unwrap_or_default();
            group.insert("weight".into(), i64::from(*weight).into());
            Value::from(group)
        });
        self.cloud.change(BALANCER, "groups", Value::list(changed))
    }

    /// Carries a command out, and notes what came of it.
    async fn carry_out(&self, command: Command, life: &Life) -> Result<(), Violation> {
        let came = self.errand(life).run(command).await;
        let mut counts = self.counts.borrow_mut();
        counts.commands += 1;
        let line = match came {
            Ok(Came::Applied(applied)) => {
                match () {
                    () if applied.rolled_back => counts.rolled_back += 1,
                    () if applied.is_complete() => counts.completed += 1,
                    () => counts.halted += 1,
                }
                let failed = applied.failed.iter().map(|it| &*it.message).collect::<Vec<_>>();
                format!("back: {:?}, failed: {failed:?}", applied.rolled_back)
            }
            Ok(Came::Nothing) => "nothing to do".to_owned(),
            Ok(Came::Refused(why)) => {
                counts.refused += 1;
                format!("refused: {why}")
            }
            Ok(Came::Asked) => {
                counts.asked += 1;
                "asked".to_owned()
            }
            Err(Stop::Trouble(why)) => without_made_up(&why),
            Err(Stop::PassedOver) => "passed over".to_owned(),
            Err(Stop::Refused(refusal)) => {
                return Err(Rule::Sound.violated(format!("a fresh plan is refused: {refusal}")));
            }
            Err(Stop::Violation(violation)) => return Err(violation),
        };
        self.diary.note(format!("  {command:?}: {line}; weights {:?}", self.cloud.weights()));
        Ok(())
    }

    fn write_specs(&self) -> Result<(), Violation> {
        let written = self.specs.write(self.folder.path());
        written.map_err(|error| Rule::Sound.violated(format!("no files: {error}")))
    }

    /// What a machine that stopped finds when it starts again.
    fn restart(&mut self, step: &Step, life: &Life) {
        let stopped = life.last_moment().and(step.crash);
        self.ground.crash(&stopped.unwrap_or(Crash { nth: 0, at: None, power: None }));
    }
}

/// A step as the ground knows steps.
fn ground_step(step: &Step) -> script::Step {
    script::Step {
        number: step.number,
        sky: step.sky,
        bad_disk: step.bad_disk,
        rival: None,
        crash: step.crash,
        freeze: None,
        deeds: Vec::new(),
        commands: Default::default(),
    }
}
