//! One run of a stage: up, its commands, always down.

mod attesting;
mod deliver;
mod recorder;

use std::collections::BTreeMap;
use std::io;

use greenroom_apply::{ApplyError, Cancel, Workbench};
use greenroom_engine::resolve::Missing;
use greenroom_model::plan::Plan;
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::project::{OnFailure, Stage, Timeouts};
use greenroom_store::Holder;
use jiff::Timestamp;
use tempfile::NamedTempFile;

use crate::attest::keys::SigningKey;
use crate::bake;
use crate::chain::chain;
use crate::command::{CommandLine, Ended, OUTPUT, Output, variable_name};
use crate::environment::{DownError, Environment, UpError};
use crate::lifetime::{DEFAULT_TTL, Tenure};
use crate::outputs;
use crate::patience::{beside, within};
use crate::places::{self, Limits, Me, Places, PlacesError, Waiting};
use crate::project::{Inputs, Place, Project};
use crate::record::{self, Outcome, Part};
use crate::wanted::{WantedError, ephemeral, wanted};
use attesting::Birth;
pub use deliver::Deliveries;
use recorder::Recorder;
pub(crate) use recorder::{Over, what_of};

/// How often a lifetime is looked at while it runs: a renewal that fails is tried again before it
/// is over.
const RENEWALS: u32 = 8;

/// What to run.
pub struct Job {
    /// The project; with the values of a combination of the stage's matrix in it, if it has one.
    pub project: Project,
    /// The stage.
    pub stage: String,
    /// Its environment; none for a stage without templates, whose commands alone are run.
    pub place: Option<Place>,
    /// The values of a combination of the stage's matrix.
    pub matrix: BTreeMap<String, serde_json::Value>,
    /// What the specs are given.
    pub inputs: Inputs,
    /// The commands, in order. The first that fails is the last.
    pub commands: Vec<CommandLine>,
    /// Where their output goes.
    pub output: Output,
    /// Leave the environment up, whatever happens.
    pub keep: bool,
    /// Wait for a place if there are as many environments as there may be.
    pub waits: bool,
    /// What is published and baked once the commands have passed.
    pub deliveries: Option<Deliveries>,
    /// What signs an attestation, if the environment may attest.
    pub signing_key: Option<SigningKey>,
    /// What to work with.
    pub workbench: Workbench,
    /// This process, as it introduces itself.
    pub holder: Holder,
    /// The command that removes the environment.
    pub down_command: String,
}

/// How a run is told to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Coming up and the commands: cancelled, the run goes on to tear down.
    pub work: Cancel,
    /// The teardown.
    pub teardown: Cancel,
}

impl Stop {
    /// Leaves at once, whatever is under way.
    pub fn abort(&self) {
        self.work.abort();
        self.teardown.abort();
    }
}

/// What happens in a run.
pub enum Moment<'a> {
    /// There are as many environments as there may be.
    Waiting(&'a Waiting),
    /// An environment that an earlier run left is removed first.
    Leftovers,
    /// The environment comes up.
    ComingUp,
    /// What will be done to bring it up.
    Planned(&'a Plan, &'a [Diagnostic]),
    /// It did not come up.
    NotUp(&'a UpError),
    /// It is up, and tells this.
    Up(&'a BTreeMap<String, greenroom_model::value::Value>),
    /// A command is started.
    Command(&'a str),
    /// It ended.
    Ended(&'a record::Command),
    /// Something was published or baked, or was not.
    Delivered(&'a record::Delivery),
    /// Something happens to an image.
    Image(&'a str, &'a bake::Moment<'a>),
    /// It was attested that the stage passed.
    Attested(&'a record::Attested),
    /// It was not, and why.
    NotAttested(&'a str),
    /// The environment could not be told that it may live longer.
    NotRenewed(&'a ApplyError),
    /// The environment is torn down.
    GoingDown,
    /// It is gone.
    Gone,
    /// It is not gone.
    NotDown(&'a DownError),
    /// It stays, until somebody runs this command or it expires.
    Kept {
        /// The command that removes it.
        down: &'a str,
        /// When it expires.
        expires: Option<&'a str>,
    },
}

/// Watches a run.
pub trait Watch: Sync {
    /// Takes what happens.
    fn observe(&self, moment: Moment<'_>);
}

/// Runs a job to its end. Whatever happens is in the record; nothing fails.
pub async fn run(job: Job, stop: &Stop, watch: &dyn Watch) -> record::Run {
    let started = Timestamp::now();
    let recorder = Recorder::before(job.workbench.observer.clone());
    let mut running = Running {
        tenure: tenure(&job),
        stop,
        watch,
        record: record::Run {
            stage: job.stage.clone(),
            environment: job.place.as_ref().and_then(Place::environment_name),
            matrix: job.matrix.clone(),
            image_set: None,
            outcome: Outcome::Passed,
            exit: 0,
            started,
            ended: started,
            up: None,
            commands: Vec::new(),
            deliveries: Vec::new(),
            attested: None,
            not_attested: None,
            down: None,
            remains: None,
            operations: Vec::new(),
        },
        birth: None,
        job,
    };
    running.job.workbench.observer = recorder.clone();
    let outcome = match running.job.place.clone() {
        Some(place) => running.in_environment(place).await,
        None => running.commands(None).await,
    };
    let outcome = match outcome {
        Outcome::Passed => running.deliver().await,
        outcome => outcome,
    };
    let mut record = running.record;
    record.outcome = outcome;
    record.exit = outcome.code(record.commands.last().map(|it| it.status));
    record.operations = recorder.take();
    record.ended = Timestamp::now();
    record
}

fn tenure(job: &Job) -> Tenure {
    let stage = job.project.stage(&job.stage);
    let ttl = stage.and_then(|it| it.ttl.as_ref()).map_or(DEFAULT_TTL, |it| it.value);
    Tenure { by: job.holder.introduction(), ttl: Some(ttl) }
}

/// A run under way.
struct Running<'a> {
    job: Job,
    tenure: Tenure,
    stop: &'a Stop,
    watch: &'a dyn Watch,
    record: record::Run,
    /// What is known of how the environment came up.
    birth: Option<Birth>,
}

impl Running<'_> {
    async fn in_environment(&mut self, place: Place) -> Outcome {
        let started = Timestamp::now();
        let (mut environment, slot) = match self.open(place).await {
            Ok(opened) => opened,
            Err(error) => return self.not_up(started, &error, false),
        };
        let outcome = match self.come_up(&mut environment, slot).await {
            Ok(()) => self.work(&mut environment).await,
            Err(outcome) => outcome,
        };
        if self.keeps(outcome) {
            self.keep(environment).await;
            return outcome;
        }
        let gone = self.go_down(environment).await;
        if outcome == Outcome::Passed && !gone { Outcome::NotDown } else { outcome }
    }

    /// Runs the commands, and attests that they passed.
    async fn work(&mut self, environment: &mut Environment) -> Outcome {
        match self.commands(Some(environment)).await {
            Outcome::Passed => self.attest(environment).await,
            outcome => outcome,
        }
    }

    /// Waits for a place among all environments, and takes the lease.
    async fn open(&mut self, place: Place) -> Result<(Environment, places::Place), UpError> {
        let Job { project, stage, workbench, holder, waits, .. } = &self.job;
        ephemeral(project, stage)?;
        let cancel = &self.stop.work;
        let limits = Limits::of(&project.spec);
        let places = Places::new(workbench.store.clone(), workbench.clock.clone(), limits);
        let me = Me::new(place.state.clone(), holder);
        let slot = match waits {
            true => {
                let told = |waiting: &Waiting| self.watch.observe(Moment::Waiting(waiting));
                places.wait_for(&me, cancel, told).await?
            }
            false => places.take(&me).await?,
        };
        match Environment::open(workbench.clone(), place, holder.clone(), cancel).await {
            Ok(environment) => Ok((environment, slot)),
            Err(error) => {
                slot.give_back().await;
                Err(error.into())
            }
        }
    }

    async fn come_up(
        &mut self,
        environment: &mut Environment,
        slot: places::Place,
    ) -> Result<(), Outcome> {
        let started = Timestamp::now();
        let limit = self.timeouts().up;
        let (up, timed_out) = within(limit, &self.stop.work, async |cancel| {
            self.bring_up(environment, slot, cancel).await
        })
        .await;
        self.record.image_set = environment.state().and_then(image_set);
        match up {
            Ok(birth) => {
                self.birth = Some(birth);
                self.record.up = Some(Part { started, ended: Timestamp::now(), error: None });
                if let Some(state) = environment.state() {
                    self.watch.observe(Moment::Up(&outputs::of(state)));
                }
                Ok(())
            }
            Err(error) => Err(self.not_up(started, &error, timed_out)),
        }
    }

    async fn bring_up(
        &self,
        environment: &mut Environment,
        slot: places::Place,
        cancel: &Cancel,
    ) -> Result<Birth, UpError> {
        let is_there = environment.state().is_some_and(|it| !it.is_settled_and_empty());
        if is_there && self.on_failure() != OnFailure::Resume {
            self.watch.observe(Moment::Leftovers);
            environment.down(cancel).await?;
        }
        self.watch.observe(Moment::ComingUp);
        environment.keep_alive(&self.tenure, Timestamp::now()).await?;
        slot.taken().await;
        let made_new = environment.state().is_none_or(State::is_settled_and_empty);
        let mut project = self.job.project.clone();
        let scope = self.job.place.as_ref().and_then(|it| it.environment.clone());
        let Job { stage, workbench, .. } = &self.job;
        let mut inputs = self.job.inputs.clone();
        let chosen = inputs.choose_images(workbench, &project.spec, stage, environment.state());
        chosen.await.map_err(WantedError::from)?;
        let wanted = wanted(&mut project, stage, scope, &inputs, Missing::Refuse);
        let planned = |plan: &Plan, warnings: &[Diagnostic]| {
            self.watch.observe(Moment::Planned(plan, warnings));
        };
        let files = environment.up(&project, wanted.clone(), cancel, planned).await?;
        Ok(Birth { made_new, wanted, files })
    }

    fn not_up(&mut self, started: Timestamp, error: &UpError, timed_out: bool) -> Outcome {
        self.watch.observe(Moment::NotUp(error));
        let text = match timed_out {
            true => "it took longer than `timeouts.up` allows".to_owned(),
            false => chain(error),
        };
        self.record.up = Some(Part { started, ended: Timestamp::now(), error: Some(text) });
        match error {
            _ if timed_out => Outcome::TimedOut,
            error if error.is_cancelled() => Outcome::Cancelled,
            UpError::Gate(..) => Outcome::GateFailed,
            UpError::Place(PlacesError::Full { .. }) => Outcome::NoPlace,
            _ => Outcome::NotUp,
        }
    }

    /// Runs the commands, and keeps the environment from expiring meanwhile.
    async fn commands(&mut self, environment: Option<&mut Environment>) -> Outcome {
        let Some(first) = self.job.commands.first().cloned() else {
            return if self.stop.work.is_cancelled() {
                Outcome::Cancelled
            } else {
                Outcome::Passed
            };
        };
        let told = match self.tell(environment.as_ref().and_then(|it| it.state())) {
            Ok(told) => told,
            Err(error) => {
                let error = format!("the outputs cannot be written for it: {error}");
                self.ended(&first, Timestamp::now(), not_started(error));
                return Outcome::CommandFailed;
            }
        };
        let limit = self.timeouts().run;
        let stop = self.stop.work.clone();
        let (tenure, watch) = (self.tenure.clone(), self.watch);
        let working = within(limit, &stop, async |cancel| self.each_command(&told, cancel).await);
        let (passed, timed_out) = match environment {
            None => working.await,
            Some(environment) => {
                let every = tenure.ttl.unwrap_or(DEFAULT_TTL) / RENEWALS;
                beside(working, every, async || {
                    if let Err(error) = environment.keep_alive(&tenure, Timestamp::now()).await {
                        watch.observe(Moment::NotRenewed(&error));
                    }
                })
                .await
            }
        };
        match passed {
            _ if timed_out => Outcome::TimedOut,
            _ if stop.is_cancelled() => Outcome::Cancelled,
            true => Outcome::Passed,
            false => Outcome::CommandFailed,
        }
    }

    /// Runs one command after the other, until one fails. Whether none did.
    async fn each_command(&mut self, told: &Told, cancel: &Cancel) -> bool {
        for command in self.job.commands.clone() {
            self.watch.observe(Moment::Command(command.text()));
            let started = Timestamp::now();
            let ended = command.run(&told.variables, &self.job.output, cancel).await;
            let passed = ended.status == 0 && !ended.cancelled;
            self.ended(&command, started, ended);
            if !passed || cancel.is_cancelled() {
                return false;
            }
        }
        true
    }

    fn ended(&mut self, command: &CommandLine, started: Timestamp, ended: Ended) {
        let Ended { status, cancelled, error } = ended;
        let command = record::Command {
            text: command.text().to_owned(),
            started,
            ended: Timestamp::now(),
            status,
            error: error.or(cancelled.then(|| "it was asked to end".to_owned())),
        };
        self.watch.observe(Moment::Ended(&command));
        self.record.commands.push(command);
    }

    /// What commands are told by their environment.
    fn tell(&self, state: Option<&State>) -> io::Result<Told> {
        let outputs = state.map(outputs::of).unwrap_or_default();
        let mut file = tempfile::Builder::new().prefix("greenroom-outputs-").tempfile()?;
        serde_json::to_writer_pretty(&mut file, &outputs)?;
        let record = &self.record;
        let own = [
            ("GREENROOM_STAGE", Some(record.stage.clone())),
            ("GREENROOM_ENV", record.environment.clone()),
            ("GREENROOM_IMAGE_SET", record.image_set.clone()),
            ("GREENROOM_OUTPUTS", Some(file.path().display().to_string())),
        ];
        let own = own.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
        let matrix = self.job.matrix.iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (variable_name("GREENROOM_MATRIX_", name), text)
        });
        let outputs = outputs.iter();
        let outputs = outputs.map(|(name, it)| (variable_name(OUTPUT, name), outputs::bare(it)));
        Ok(Told { variables: own.chain(matrix).chain(outputs).collect(), _file: file })
    }

    async fn go_down(&mut self, mut environment: Environment) -> bool {
        self.watch.observe(Moment::GoingDown);
        let started = Timestamp::now();
        let limit = self.timeouts().down;
        let (down, timed_out) = within(limit, &self.stop.teardown, async |cancel| {
            environment.down(cancel).await?;
            Ok(environment.close().await?)
        })
        .await;
        let error = down.as_ref().err().map(|error: &DownError| {
            self.watch.observe(Moment::NotDown(error));
            match timed_out {
                true => "it took longer than `timeouts.down` allows".to_owned(),
                false => chain(error),
            }
        });
        if error.is_some() {
            self.record.remains = Some(self.job.down_command.clone());
        } else {
            self.watch.observe(Moment::Gone);
        }
        self.record.down = Some(Part { started, ended: Timestamp::now(), error });
        down.is_ok()
    }

    /// Whether the environment stays.
    fn keeps(&self, outcome: Outcome) -> bool {
        match outcome {
            _ if self.job.keep => true,
            Outcome::Passed | Outcome::Cancelled => false,
            _ => self.on_failure() != OnFailure::Destroy,
        }
    }

    async fn keep(&mut self, environment: Environment) {
        let expires = environment.state().and_then(|it| it.lifetime.expires.clone());
        let down = self.job.down_command.clone();
        self.watch.observe(Moment::Kept { down: &down, expires: expires.as_deref() });
        self.record.remains = Some(down);
        if let Err(error) = environment.close().await {
            self.watch.observe(Moment::NotDown(&error.into()));
        }
    }

    fn stage(&self) -> Option<&Stage> {
        self.job.project.stage(&self.job.stage)
    }

    fn timeouts(&self) -> Timeouts {
        self.stage().map(|it| it.timeouts).unwrap_or_default()
    }

    fn on_failure(&self) -> OnFailure {
        self.stage().map(|it| it.on_failure).unwrap_or_default()
    }
}

/// What commands are told.
struct Told {
    variables: BTreeMap<String, String>,
    /// The file with all outputs; it goes with this.
    _file: NamedTempFile,
}

fn not_started(error: String) -> Ended {
    Ended { status: 126, cancelled: false, error: Some(error) }
}

/// The digest of the images that an environment was made from.
fn image_set(state: &State) -> Option<String> {
    let set = state.scopes.values().find_map(|it| it.inputs.image_set.as_ref());
    set.map(ToString::to_string)
}
