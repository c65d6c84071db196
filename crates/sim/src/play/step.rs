//! A step of a play: commands at once, and what happens meanwhile.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::sleep;

use super::inspect::Violation;
use super::{Play, Played, others, quiet};
use crate::cloud::Weather;
use crate::life::{Life, Moment};
use crate::script::{Command, Crash, Freeze, Sky, Spec, Step};
use crate::tally::{Operation, Trouble};

/// The plans that were saved, by their environment.
type Saved = Vec<(&'static str, Vec<u8>)>;

impl Play {
    pub(super) async fn step(
        &mut self,
        seed: u64,
        step: &Step,
        played: &mut Played,
    ) -> Result<(), Violation> {
        let life = Life::new();
        self.cloud.set_weather(weather(step.sky, seed));
        self.cloud.begin(step.number);
        self.ground.begin(step);
        match (step.crash, step.freeze) {
            (Some(Crash { nth, at, .. }), _) => life.end_at(nth, at),
            (None, Some(Freeze { nth, at, .. })) => life.freeze_at(nth, at),
            (None, None) => {}
        }
        self.want(step);
        if step.commands.values().any(|it| matches!(it, Command::Converge)) {
            self.calm().await;
        }
        played.figures.commands += step.commands.len() as u64;
        let (done, relieved, ()) = tokio::join!(
            self.process(step, &life),
            self.relief(step, &life),
            others::deeds(&self.cloud, &step.deeds)
        );
        self.halted(step, &life, played);
        relieved?;
        for (environment, saved) in done.transpose()?.into_iter().flatten() {
            let environment = self.environments.get_mut(environment);
            environment.expect("there are only these").saved = Some(saved);
        }
        self.inspector.no_trespass()
    }

    /// Notes where the machine stood still or stopped; if it stopped, it starts again.
    fn halted(&mut self, step: &Step, life: &Life, played: &mut Played) {
        if let Some(moment) = life.frozen_at() {
            played.figures.frozen += 1;
            if let Moment::Request(kind) | Moment::Answer(kind) = moment {
                played.tally.hit(Trouble::Frozen, Operation::Request(kind));
            }
        }
        if let Some(moment) = life.last_moment() {
            played.figures.crashes += 1;
            let crash = step.crash.expect("only what is told to ends");
            let hit = crashed(moment, &crash);
            played.tally.hit(hit.0, hit.1);
            played.note(|| self.ground.take_effects());
            self.ground.crash(&crash);
        }
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

    /// The work of a step, until it is done or the machine stops.
    async fn process(&self, step: &Step, life: &Life) -> Option<Result<Saved, Violation>> {
        let done = tokio::select! {
            biased;
            () = life.over() => None,
            done = life.live(self.work(step, life)) => Some(done),
        };
        // With a process goes what it still ran beside its work.
        life.end();
        done
    }

    /// Lets a machine that stands still go on after a while. Another takes its work over meanwhile.
    async fn relief(&self, step: &Step, life: &Life) -> Result<(), Violation> {
        let Some(Freeze { seconds, seizes, .. }) = step.freeze else { return Ok(()) };
        tokio::select! {
            biased;
            () = life.over() => return Ok(()),
            () = life.frozen() => {}
        }
        let other = Life::new();
        let errands = self.environments.keys().filter(|it| step.commands.contains_key(**it));
        let errands = errands.map(async |name| {
            let errand = self.errand(name, &other);
            if seizes {
                errand.unlock().await?;
            }
            errand.run(&Command::Apply(errand.wanted.clone())).await.map(drop)
        });
        let pause = async {
            sleep(Duration::from_secs(seconds)).await;
            life.go_on();
        };
        let (relieved, ()) = tokio::join!(join_all(errands), pause);
        other.end();
        relieved.into_iter().collect()
    }

    /// All commands of a step, and who asks for the same state meanwhile; the plans they saved.
    async fn work(&self, step: &Step, life: &Life) -> Result<Saved, Violation> {
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
}

/// What a crash was for what it interrupted.
fn crashed(moment: Moment, crash: &Crash) -> (Trouble, Operation) {
    match moment {
        Moment::Before(kind) => (Trouble::DiesBefore, Operation::Call(kind)),
        Moment::After(kind) => (Trouble::DiesAfter, Operation::Call(kind)),
        Moment::Disk(kind) if crash.power.is_some() => (Trouble::PowerCut, Operation::Disk(kind)),
        Moment::Disk(kind) => (Trouble::DiesAtDisk, Operation::Disk(kind)),
        Moment::Request(kind) => (Trouble::DiesSending, Operation::Request(kind)),
        Moment::Answer(kind) => (Trouble::DiesAnswered, Operation::Request(kind)),
    }
}

pub(crate) fn weather(sky: Sky, seed: u64) -> Weather {
    match sky {
        Sky::Quiet => quiet(seed),
        Sky::Stormy => Weather::stormy(seed),
        Sky::Foggy => Weather { behind: 70, lost_after: 10, late: 5, ..quiet(seed) },
    }
}
