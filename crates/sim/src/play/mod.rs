//! Plays: a script, carried out by the real engine, driver and store over a simulated world.

mod command;
mod flaw;
mod ground;
mod inspect;
mod lineages;
mod others;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use greenroom_apply::{Event, NoGates, Observer, Providers, Workbench};
use tokio::time::sleep;

pub use flaw::Flaw;
pub use inspect::{Rule, Violation};

use crate::cloud::{Cloud, SimObject, Weather};
use crate::disk::Fault;
use crate::lab::Lab;
use crate::life::{Life, Moment};
use crate::rig::{SimClock, line, simulate};
use crate::script::{Command, Crash, ENVIRONMENTS, Mishaps, Script, Sky, Spec, Step};
use crate::tally::{Operation, Tally, Trouble};
use command::Errand;
use flaw::Flawed;
use ground::Ground;
use inspect::Inspector;
use lineages::Lineages;

/// How long after a call was sent a look-up may still miss what it made, as the types declare it:
/// longer than calls are under way and looks are behind.
const GRACE: Duration = Duration::from_secs(120);

/// Longer than a handle is watched.
const DAY: Duration = Duration::from_secs(25 * 60 * 60);

/// What came of a play.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// How much there was of everything.
    pub figures: Figures,
    /// What went wrong with what.
    pub tally: Tally,
    /// The same, as a script is told it.
    pub mishaps: Mishaps,
    /// What is not as it must be.
    pub violation: Option<Violation>,
    /// What happened, a line each, if that was asked for.
    pub story: Option<Vec<String>>,
}

/// How much there was in a play, or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Operations of plans that began.
    pub operations: u64,
    /// Commands.
    pub commands: u64,
    /// Crashes.
    pub crashes: u64,
}

impl Figures {
    /// Adds those of another.
    pub fn add(&mut self, other: &Figures) {
        self.operations += other.operations;
        self.commands += other.commands;
        self.crashes += other.crashes;
    }
}

/// Plays a script, with one of the safeguards gone or with none.
#[must_use]
pub fn play(script: &Script, flaw: Option<Flaw>) -> Played {
    play_into(script, flaw, Played::default())
}

/// Plays a script, and keeps what happened in [`Played::story`].
#[must_use]
pub fn tell(script: &Script, flaw: Option<Flaw>) -> Played {
    play_into(script, flaw, Played { story: Some(Vec::new()), ..Played::default() })
}

fn play_into(script: &Script, flaw: Option<Flaw>, mut played: Played) -> Played {
    let ended = catch_unwind(AssertUnwindSafe(|| {
        simulate(async { Play::new(script, flaw).run(script, &mut played).await })
    }));
    played.violation = match ended {
        Ok(ended) => ended.err(),
        Err(panic) => Some(Rule::Sound.violated(format!("panicked: {}", said(&*panic)))),
    };
    played
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

/// A play under way.
struct Play {
    cloud: Cloud,
    ground: Ground,
    flaw: Option<Flaw>,
    lineages: Lineages,
    inspector: Inspector,
    clock: Arc<SimClock>,
    started: Arc<Started>,
    environments: BTreeMap<&'static str, Environment>,
}

/// What is wanted of an environment, and the plan that was saved of it.
#[derive(Default)]
struct Environment {
    wanted: Spec,
    saved: Option<Vec<u8>>,
}

/// Counts operations that begin.
#[derive(Default)]
struct Started(AtomicU64);

impl Observer for Started {
    fn observe(&self, event: &Event) {
        if matches!(event, Event::Started(_)) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Play {
    fn new(script: &Script, flaw: Option<Flaw>) -> Play {
        let cloud = Cloud::with_weather(Weather { grace: GRACE, ..quiet(script.seed) });
        if let Some(mishaps) = &script.mishaps {
            cloud.tell(mishaps.calls.clone());
        }
        let ground = Ground::new(script);
        if flaw == Some(Flaw::IntentNotSynced) {
            ground.lie_about_the_journal();
        }
        Play {
            inspector: Inspector::new(cloud.clone()),
            cloud,
            ground,
            flaw,
            lineages: Lineages::default(),
            clock: Arc::default(),
            started: Arc::default(),
            environments: ENVIRONMENTS.map(|it| (it, Environment::default())).into(),
        }
    }

    async fn run(&mut self, script: &Script, played: &mut Played) -> Result<(), Violation> {
        for step in &script.steps {
            played.note(|| vec![step.to_string()]);
            let ended = self.step(script.seed, step, played).await;
            self.take_notes(played);
            ended?;
        }
        played.note(|| vec!["the end, on a quiet day".to_owned()]);
        let ended = self.end().await;
        self.take_notes(played);
        ended
    }

    async fn step(&mut self, seed: u64, step: &Step, played: &mut Played) -> Result<(), Violation> {
        let life = Life::new();
        self.cloud.set_weather(weather(step.sky, seed));
        self.cloud.begin(step.number);
        self.ground.begin(step);
        if let Some(Crash { nth, at, .. }) = step.crash {
            life.end_at(nth, at);
        }
        self.want(step);
        if step.commands.values().any(|it| matches!(it, Command::Converge)) {
            self.calm().await;
        }
        played.figures.commands += step.commands.len() as u64;
        let work = self.work(step, &life);
        let process = async {
            tokio::select! {
                biased;
                () = life.over() => None,
                done = work => Some(done),
            }
        };
        let (done, ()) = tokio::join!(process, others::deeds(&self.cloud, &step.deeds));
        if let Some(moment) = life.last_moment() {
            played.figures.crashes += 1;
            let crash = step.crash.expect("only what is told to ends");
            let hit = crashed(moment, &crash);
            played.tally.hit(hit.0, hit.1);
            played.note(|| effects(&mut self.ground));
            self.ground.crash(&crash);
        }
        for (environment, saved) in done.transpose()?.into_iter().flatten() {
            let environment = self.environments.get_mut(environment);
            environment.expect("there are only these").saved = Some(saved);
        }
        self.inspector.no_trespass()
    }

    fn want(&mut self, step: &Step) {
        for (name, environment) in &mut self.environments {
            match step.commands.get(*name) {
                Some(Command::Destroy) => environment.wanted = Spec::default(),
                Some(command) => {
                    if let Some(spec) = command.spec() {
                        environment.wanted = spec.clone();
                    }
                }
                None => {}
            }
        }
    }

    /// All commands of a step, and who asks for the same state meanwhile; the plans they saved.
    async fn work(
        &self,
        step: &Step,
        life: &Life,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, Violation> {
        let commands = self.environments.keys().filter_map(|name| {
            let command = step.commands.get(*name)?;
            Some(async move {
                let saved = self.errand(name, life).run(command).await?;
                Ok(saved.map(|saved| (*name, saved)))
            })
        });
        let rivals = self.environments.keys().filter(|it| step.commands.contains_key(**it));
        let rivals = rivals.filter_map(|name| {
            let after = Duration::from_millis(step.rival?);
            Some(async move {
                sleep(after).await;
                self.errand(name, life).run(&Command::ApplySaved).await.map(drop)
            })
        });
        let (done, rivals) = tokio::join!(join_all(commands), join_all(rivals));
        rivals.into_iter().collect::<Result<(), Violation>>()?;
        Ok(done.into_iter().collect::<Result<Vec<_>, Violation>>()?.into_iter().flatten().collect())
    }

    /// A process that is about to carry out a command.
    fn errand(&self, name: &'static str, life: &Life) -> Errand<'_> {
        let provider = Flawed::new(self.cloud.for_process(life.clone()), self.flaw);
        let providers = Providers::new([Arc::new(provider) as Arc<_>]);
        let mut lab = Lab::new(Workbench {
            store: self.ground.store(life, &self.lineages),
            rescue: self.ground.rescue(life),
            schemas: Arc::new(providers.schemas()),
            providers,
            gates: Arc::new(NoGates),
            observer: self.started.clone(),
            clock: self.clock.clone(),
            parallelism: 4,
        });
        lab.environment = inspect::scope(name);
        let Environment { wanted, saved } = &self.environments[name];
        Errand { lab, inspector: &self.inspector, saved: saved.clone(), wanted: wanted.clone() }
    }

    /// Everything that is under way comes to its end, and nothing goes wrong any more.
    async fn calm(&self) {
        self.cloud.set_weather(quiet(0));
        self.cloud.send_others_away();
        self.ground.be_quiet();
        self.cloud.calm().await;
    }

    /// Everything is as it should be at last, and then nothing is left.
    async fn end(&self) -> Result<(), Violation> {
        self.calm().await;
        let life = Life::new();
        for name in ENVIRONMENTS {
            self.errand(name, &life).converge().await?;
        }
        for name in ENVIRONMENTS {
            self.errand(name, &life).leave().await?;
        }
        self.inspector.nothing_left()?;
        // What is still watched for keeps a state.
        sleep(DAY).await;
        for name in ENVIRONMENTS {
            self.errand(name, &life).leave().await?;
        }
        let store = self.ground.store(&life, &self.lineages);
        let left = store.list().await;
        let left = left.map_err(|error| Rule::Sound.violated(format!("{error:?}")))?;
        inspect::ensure!(left.is_empty(), NothingLeft, "states are left: {left:?}");
        Ok(())
    }

    fn take_notes(&mut self, played: &mut Played) {
        played.note(|| effects(&mut self.ground));
        played.note(|| self.cloud.calls().iter().map(|it| format!("  {it}")).collect());
        played.note(|| self.cloud.objects().iter().map(there).collect());
        self.cloud.forget_calls();
        for (trouble, kind) in self.cloud.take_hits() {
            played.tally.hit(trouble, Operation::Call(kind));
        }
        played.mishaps.calls.extend(self.cloud.take_mishaps());
        for mishap in self.ground.take_mishaps() {
            let trouble = match mishap.fault {
                Fault::Error(_) => Trouble::DiskFails,
                Fault::ShortWrite(..) => Trouble::TornWrite,
                Fault::Full => Trouble::DiskFull,
            };
            played.tally.hit(trouble, Operation::Disk(mishap.place.kind));
            played.mishaps.effects.push(mishap);
        }
        played.figures.operations = self.started.0.load(Ordering::Relaxed);
    }
}

impl Played {
    /// Goes on with the story, if it is told.
    fn note(&mut self, lines: impl FnOnce() -> Vec<String>) {
        if let Some(story) = &mut self.story {
            story.extend(lines());
        }
    }
}

fn effects(ground: &mut Ground) -> Vec<String> {
    let effects = ground.take_effects();
    effects.iter().map(|it| format!("  {:?} {}", it.kind, it.path.display())).collect()
}

fn there(object: &SimObject) -> String {
    let lineage = object.lineage.as_ref().map_or("nobody", |it| &it.0);
    format!("  there is {} of {lineage}: {:?}", line(object), object.condition)
}

/// What a crash was for what it interrupted.
fn crashed(moment: Moment, crash: &Crash) -> (Trouble, Operation) {
    match moment {
        Moment::Before(kind) => (Trouble::DiesBefore, Operation::Call(kind)),
        Moment::After(kind) => (Trouble::DiesAfter, Operation::Call(kind)),
        Moment::Disk(kind) if crash.power.is_some() => (Trouble::PowerCut, Operation::Disk(kind)),
        Moment::Disk(kind) => (Trouble::DiesAtDisk, Operation::Disk(kind)),
    }
}

fn weather(sky: Sky, seed: u64) -> Weather {
    match sky {
        Sky::Quiet => quiet(seed),
        Sky::Stormy => Weather::stormy(seed),
        Sky::Foggy => Weather { behind: 70, lost_after: 10, late: 5, ..quiet(seed) },
    }
}

fn quiet(seed: u64) -> Weather {
    let latency = (Duration::from_millis(1), Duration::from_millis(200));
    Weather { seed, latency, lands: 50, ..Weather::default() }
}
