//! `greenroom bake`: images from published artifacts, unless they are there.

use greenroom_apply::Cancel;
use greenroom_delivery::bake::{Bench, Moment, Watch};
use greenroom_delivery::project::Project;

use crate::cli::BakeArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::signals;
use crate::view::images::{BakeView, Fate, SetView};
use crate::view::notice::Notice;

pub(super) async fn run(args: BakeArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let progress = Progress::start(context.console.clone());
    let workbench = greenroom_apply::Workbench {
        observer: progress.observer(),
        parallelism: args.pace.parallelism,
        ..context.reader(&project).await?
    };
    let bench = Bench {
        versions: args.artifact.iter().cloned().collect(),
        rebake: args.rebake,
        ..context.bench(&project, workbench).await?
    };
    let names = names(&project, &args.images);
    if names.is_empty() {
        context.console.tell(&Notice("the project has no image that is baked".to_owned()));
        return Ok(Exit::Done);
    }
    let cancel = Cancel::new();
    listen(&progress, &cancel)?;
    let watch = Told { context, progress: &progress };
    let bakes = bench.bake(&names, &cancel, &watch).await;
    progress.quiet();
    let bakes = bakes?;
    match &bakes.set {
        Some(set) => context.console.data(&SetView::new(set)),
        None if bakes.passed() => {
            let lacking = bakes.lacking.join(", ");
            let text = format!("there is no image set yet: not baked as they are now: {lacking}");
            context.console.tell(&Notice(text));
        }
        None => {}
    }
    Ok(match (bakes.passed(), cancel.is_cancelled()) {
        (true, _) => Exit::Done,
        (false, true) => Exit::Cancelled,
        (false, false) => Exit::Error,
    })
}

/// Those that are given, or all that are baked.
fn names<'a>(project: &'a Project, given: &'a [String]) -> Vec<&'a str> {
    let images = &project.spec.images;
    match given {
        [] => images
            .iter()
            .filter(|(_, image)| image.builder.is_some())
            .map(|(name, _)| &**name)
            .collect(),
        given => given.iter().map(String::as_str).collect(),
    }
}

fn listen(progress: &Progress, cancel: &Cancel) -> Result<(), Failure> {
    let (voice, first) = (progress.voice(), cancel.clone());
    let (last, second) = (voice.clone(), cancel.clone());
    let first = move || {
        voice.say("cancelled by a signal: bakes under way end; a second one leaves".to_owned());
        first.cancel();
    };
    let second = move || {
        last.say("leaving at once; the next bake goes on from here".to_owned());
        second.abort();
    };
    signals::watch(first, second, Exit::Cancelled).map_err(Failure::System)
}

/// Tells what happens to images.
struct Told<'a> {
    context: &'a Context,
    progress: &'a Progress,
}

impl Watch for Told<'_> {
    fn observe(&self, name: &str, moment: Moment<'_>) {
        self.progress.quiet();
        self.context.console.tell(&BakeView { name: name.to_owned(), fate: Fate::of(&moment) });
    }
}
