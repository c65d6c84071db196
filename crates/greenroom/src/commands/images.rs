//! `greenroom images`: baked images, and the sets that they form.

mod diff;
mod list;
mod prune;
mod show;

use greenroom_delivery::images::{Catalogue, Shelf, Uses, uses};
use greenroom_delivery::project::Project;

use crate::cli::ImagesCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) async fn run(command: ImagesCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ImagesCommand::List => list::run(context).await,
        ImagesCommand::Show(args) => show::run(&args, context).await,
        ImagesCommand::Diff(args) => diff::run(&args, context).await,
        ImagesCommand::Prune(args) => prune::run(&args, context).await,
    }
}

/// The catalogue of a project.
async fn catalogue(context: &Context, project: &Project) -> Result<Catalogue, Failure> {
    let shelf = Shelf::new(context.store(project).await?, &project.spec.name.value)?;
    Ok(shelf.read().await?)
}

/// Which states use which images.
async fn used(context: &Context, project: &Project) -> Result<Uses, Failure> {
    let reader = context.reader(project).await?;
    let views = reader.views(&project.spec.name.value, None).await?;
    let states: Vec<_> = views
        .into_iter()
        .filter_map(|(name, view)| Some((name.to_string(), view.state?)))
        .collect();
    Ok(uses(states.iter().map(|(name, state)| (&**name, state))))
}
