//! Plays: a script, carried out by the real engine, driver and store over a simulated world.

mod command;
mod flaw;
pub(crate) mod ground;
mod inspect;
pub(crate) mod lineages;
mod others;
mod step;

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_apply::{Event, NoGates, Observer, Providers, Workbench};
use tokio::time::sleep;

pub use flaw::Flaw;
pub(crate) use inspect::Inspector;
pub use inspect::{Rule, Violation};
#[cfg(feature = "promotions")]
pub(crate) use {
    command::{Ended, Stop, mistaken, stop},
    inspect::{ensure, watched},
    step::weather,
};

use crate::cloud::{Cloud, SimObject, Weather};
use crate::lab::Lab;
use crate::life::Life;
use crate::rig::{SimClock, line, simulate};
use crate::script::{ENVIRONMENTS, Mishaps, Script, Spec, States};
use crate::tally::{Operation, Tally};
use command::Errand;
use flaw::Flawed;
use ground::Ground;
use lineages::Lineages;

/// How long after a call was sent a look-up may still miss what it made, as the types declare it:
/// longer than calls are under way and looks are behind.
pub(crate) const GRACE: Duration = Duration::from_secs(120);

/// Longer than a handle is watched.
pub(crate) const DAY: Duration = Duration::from_secs(25 * 60 * 60);

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
    /// Machines that stood still.
    pub frozen: u64,
    /// Processes that went on and found their lease another's.
    pub passed_over: u64,
}

impl Figures {
    /// Adds those of another.
    pub fn add(&mut self, other: &Figures) {
        self.operations += other.operations;
        self.commands += other.commands;
        self.crashes += other.crashes;
        self.frozen += other.frozen;
        self.passed_over += other.passed_over;
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

pub(crate) fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

/// A play under way.
struct Play {
    cloud: Cloud,
    ground: Box<dyn Ground>,
    flaw: Option<Flaw>,
    lineages: Lineages,
    inspector: Inspector,
    clock: Arc<SimClock>,
    started: Arc<Started>,
    /// How many processes found their lease another's.
    passed_over: Cell<u64>,
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
        Play {
            inspector: Inspector::new(cloud.clone()),
            cloud,
            ground: ground::of(script, flaw),
            flaw,
            lineages: Lineages::default(),
            clock: Arc::default(),
            started: Arc::default(),
            passed_over: Cell::default(),
            environments: ENVIRONMENTS.map(|it| (it, Environment::default())).into(),
        }
    }

    async fn run(&mut self, script: &Script, played: &mut Played) -> Result<(), Violation> {
        for step in &script.steps {
            played.note(|| vec![step.to_string()]);
            let ended = self.step(script.seed, step, played).await;
            self.take_notes(played);
            ended?;
            let may_be = script.states == States::Bucket || self.passed_over.get() == 0;
            inspect::ensure!(may_be, Sound, "a lease in a folder was lost");
        }
        played.note(|| vec!["the end, on a quiet day".to_owned()]);
        let ended = self.end().await;
        self.take_notes(played);
        ended
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
        Errand {
            lab,
            inspector: &self.inspector,
            truth: self.ground.truth(&self.lineages),
            passed_over: &self.passed_over,
            saved: saved.clone(),
            wanted: wanted.clone(),
        }
    }

    /// Everything that is under way comes to its end, and nothing goes wrong any more.
    async fn calm(&self) {
        self.cloud.set_weather(quiet(0));
        self.cloud.send_others_away();
        sleep(self.ground.be_quiet()).await;
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
        let left = self.ground.truth(&self.lineages).list().await;
        let left = left.map_err(|error| Rule::Sound.violated(format!("{error:?}")))?;
        inspect::ensure!(left.is_empty(), NothingLeft, "states are left: {left:?}");
        Ok(())
    }

    fn take_notes(&mut self, played: &mut Played) {
        played.note(|| self.ground.take_effects());
        played.note(|| self.cloud.calls().iter().map(|it| format!("  {it}")).collect());
        played.note(|| self.cloud.objects().iter().map(there).collect());
        self.cloud.forget_calls();
        for (trouble, kind) in self.cloud.take_hits() {
            played.tally.hit(trouble, Operation::Call(kind));
        }
        played.mishaps.calls.extend(self.cloud.take_mishaps());
        self.ground.report(played);
        played.figures.passed_over = self.passed_over.get();
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

fn there(object: &SimObject) -> String {
    let lineage = object.lineage.as_ref().map_or("nobody", |it| &it.0);
    format!("  there is {} of {lineage}: {:?}", line(object), object.condition)
}

pub(crate) fn quiet(seed: u64) -> Weather {
    let latency = (Duration::from_millis(1), Duration::from_millis(200));
    Weather { seed, latency, lands: 50, ..Weather::default() }
}
