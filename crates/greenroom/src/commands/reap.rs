//! `greenroom reap`: remove ephemeral environments whose time is over.

use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::Unobserved;
use greenroom_delivery::project::Project;
use greenroom_delivery::reap::{Fate, Moment, Reaped, Reaper};
use greenroom_delivery::run::Stop;
use greenroom_delivery::wanted::no_stage;
use tokio::time::sleep;

use super::prepare::desired_of_stages;
use crate::cli::ReapArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::signals;
use crate::view::reap::{DueView, ReapedView};

pub(super) async fn run(args: ReapArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.sound_project()?;
    let reaper = reaper(&args, context, &mut project).await?;
    if !args.yes {
        let due = reaper.look().await?;
        let exit = if due.is_empty() { Exit::Done } else { Exit::Changes };
        context.console.data(&DueView(due));
        return Ok(exit);
    }
    let progress = Progress::start(context.console.clone());
    let reaping = Reaping { reaper, context, progress, is_service: args.watch };
    let stop = listen(&reaping.progress)?;
    match args.watch {
        true => Ok(reaping.again_and_again(args.every, &stop).await),
        false => reaping.once(&stop).await,
    }
}

async fn reaper(
    args: &ReapArgs,
    context: &Context,
    project: &mut Project,
) -> Result<Reaper, Failure> {
    let stage = args.stage.as_deref();
    let desired = desired_of_stages(project, stage);
    let store = context.store(project).await?;
    if let Some(name) = stage.filter(|it| project.stage(it).is_none())
        && !store.list().await?.iter().any(|it| it.stage.as_str() == name)
    {
        return Err(no_stage(&project.spec, name).into());
    }
    let workbench = context.workbench(project, store, Arc::new(Unobserved), args.pace.parallelism);
    Ok(Reaper {
        project: project.spec.name.value.clone(),
        stage: stage.map(Into::into),
        desired,
        workbench,
        holder: context.holder(),
    })
}

/// A command that removes, while it runs.
struct Reaping<'a> {
    reaper: Reaper,
    context: &'a Context,
    progress: Progress,
    is_service: bool,
}

impl Reaping<'_> {
    /// Until a signal comes. What fails is told, and tried again the next time.
    async fn again_and_again(&self, every: Duration, stop: &Stop) -> Exit {
        while !stop.work.is_cancelled() {
            if let Err(failure) = self.once(stop).await {
                self.context.console.tell(&failure);
            }
            tokio::select! {
                () = sleep(every) => {}
                () = stop.work.cancelled() => {}
            }
        }
        Exit::Done
    }

    async fn once(&self, stop: &Stop) -> Result<Exit, Failure> {
        self.progress.busy("looking for what may go");
        let due = self.reaper.look().await;
        self.progress.quiet();
        let due = due?;
        // A service has nothing to say as long as there is nothing to do.
        if !self.is_service || !due.is_empty() {
            self.context.console.tell(&DueView(due.clone()));
        }
        let reaped = self.reaper.reap(due, stop, &|moment| self.show(moment)).await;
        self.progress.quiet();
        let stays = |it: &Reaped| matches!(it.fate, Fate::Stays(_));
        Ok(match reaped? {
            reaped if reaped.iter().any(stays) => Exit::Error,
            _ if stop.work.is_cancelled() => Exit::Cancelled,
            _ => Exit::Done,
        })
    }

    fn show(&self, moment: Moment<'_>) {
        match moment {
            Moment::Taking(state) => self.progress.busy(format!("removing {state}")),
            Moment::Taken(reaped) => {
                self.progress.quiet();
                self.context.console.tell(&ReapedView(reaped));
            }
        }
    }
}

fn listen(progress: &Progress) -> Result<Stop, Failure> {
    let stop = Stop::default();
    let (voice, first) = (progress.voice(), stop.clone());
    let (last, second) = (voice.clone(), stop.clone());
    let first = move || {
        voice.say("stopping after what is under way; a second signal leaves at once".to_owned());
        first.work.cancel();
    };
    let second = move || {
        last.say("leaving at once; the next reap goes on from here".to_owned());
        second.abort();
    };
    signals::watch(first, second, Exit::Cancelled).map_err(Failure::System)?;
    Ok(stop)
}
