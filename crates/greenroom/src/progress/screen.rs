//! What people see of a run of a stage, beside its operations.

use std::sync::Arc;

use greenroom_delivery::record::{Delivery, What};
use greenroom_delivery::run::{Job, Moment, Watch};
use greenroom_spec::source::Sources;

use super::Progress;
use crate::console::Console;
use crate::view::diagnostics::Diagnostics;
use crate::view::images::{BakeView, Fate};
use crate::view::plan::totals;
use crate::view::stage::{Phase, StagePhase};
use crate::view::words::short;

/// Who is told of a phase, in a sentence.
type Also<'a> = dyn Fn(Phase, &str) + Sync + 'a;

/// Shows a run's moments on the console, in turn with the display of its operations.
pub(crate) struct Screen<'a> {
    console: Arc<Console>,
    progress: &'a Progress,
    name: String,
    sources: Sources,
    /// Who is told as well.
    also: Box<Also<'a>>,
}

impl<'a> Screen<'a> {
    /// A screen for a job.
    pub(crate) fn new(console: Arc<Console>, progress: &'a Progress, job: &Job) -> Screen<'a> {
        let name = match job.place.as_ref().and_then(|it| it.environment_name()) {
            Some(environment) => format!("{}/{environment}", job.stage),
            None => job.stage.clone(),
        };
        let sources = job.project.sources.clone();
        Screen { console, progress, name, sources, also: Box::new(|_, _| {}) }
    }

    /// Tells `also` as well to what phase the run has come.
    pub(crate) fn with(self, also: impl Fn(Phase, &str) + Sync + 'a) -> Screen<'a> {
        Screen { also: Box::new(also), ..self }
    }

    fn tell(&self, phase: Phase, text: String) {
        (self.also)(phase, &text);
        self.progress.quiet();
        self.console.tell(&StagePhase { name: self.name.clone(), phase, text });
    }
}

impl Watch for Screen<'_> {
    fn observe(&self, moment: Moment<'_>) {
        let name = &self.name;
        match moment {
            Moment::Waiting(waiting) => {
                self.tell(Phase::Waiting, format!("{name} waits for a place: {waiting}"));
                self.progress.busy("waiting for a place");
            }
            Moment::Leftovers => {
                let text = format!("{name} was left by an earlier run and is removed first");
                self.tell(Phase::Leftovers, text);
                self.progress.busy("removing what was left");
            }
            Moment::ComingUp => self.progress.busy(format!("planning {name}")),
            Moment::Planned(plan, warnings) => {
                if !warnings.is_empty() {
                    let diagnostics = Diagnostics { sources: &self.sources, diagnostics: warnings };
                    self.console.tell(&diagnostics);
                }
                self.tell(Phase::ComingUp, format!("{name} comes up"));
                self.progress.expect(totals(plan));
            }
            Moment::Up(_) => self.tell(Phase::Up, format!("{name} is up")),
            Moment::Command(text) => self.tell(Phase::Command, format!("{name}$ {text}")),
            Moment::Ended(command) => {
                let text = match &command.error {
                    Some(error) => format!("{name}: status {}: {error}", command.status),
                    None => format!("{name}: status {}", command.status),
                };
                self.tell(Phase::Ended, text);
            }
            Moment::Delivered(delivery) => {
                if delivery.what == What::Publish {
                    self.tell(Phase::Delivered, format!("{name}: {}", published(delivery)));
                }
            }
            Moment::Image(image, moment) => {
                let fate = Fate::of(moment);
                if let Fate::Baking { .. } = fate {
                    (self.also)(Phase::Delivered, &format!("baking {image}"));
                    self.progress.busy(format!("baking {image}"));
                }
                self.progress.quiet();
                self.console.tell(&BakeView { name: image.to_owned(), fate });
            }
            Moment::Attested(attested) => {
                let text = format!("{name} is attested, signed by {}", short(&attested.key.0));
                self.tell(Phase::Attested, text);
            }
            Moment::NotAttested(reason) => {
                self.tell(Phase::NotAttested, format!("{name} is not attested: {reason}"));
            }
            Moment::NotRenewed(error) => {
                self.tell(Phase::Trouble, format!("{name} was not renewed: {error}"));
            }
            Moment::GoingDown => {
                self.tell(Phase::GoingDown, format!("{name} goes down"));
                self.progress.busy(format!("tearing {name} down"));
            }
            Moment::Gone => self.tell(Phase::Gone, format!("{name} is gone")),
            // The end of the run says why.
            Moment::NotUp(_) | Moment::NotDown(_) => self.progress.quiet(),
            Moment::Kept { down, expires } => {
                let until = expires.map_or_else(String::new, |at| format!(" until {at}"));
                self.tell(Phase::Kept, format!("{name} stays{until}; to remove it: {down}"));
            }
        }
    }
}

fn published(delivery: &Delivery) -> String {
    let Delivery { name, result, new, error, .. } = delivery;
    let version = result.as_deref().unwrap_or_default();
    match error {
        Some(error) => format!("{name} is not published: {error}"),
        None if *new => format!("published {name} {version}"),
        None => format!("{name} {version} is published already"),
    }
}
