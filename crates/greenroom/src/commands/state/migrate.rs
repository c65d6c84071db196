//! `greenroom state migrate`: moves states to another store.

use std::sync::Arc;

use greenroom_delivery::images::{Catalogue, Shelf};
use greenroom_delivery::project::{PROJECT_FILE, Project};
use greenroom_spec::location::Location;
use greenroom_spec::source::Located;
use greenroom_store::Store;

use crate::cli::MigrateArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::notice::Notice;
use crate::world;

pub(super) async fn run(args: MigrateArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let source = project.states()?;
    // The bucket may be reached by the same means.
    let url = Located { value: args.to.as_str().into(), at: source.url.at };
    let target = Location { url, settings: source.settings.clone() };
    let target = world::states(&target, &project.folder, None).await?;
    let workbench = context.reader(&project).await?;
    let mut moved = 0_usize;
    for state in workbench.store.list().await? {
        let is_ours = state.project.as_str() == &*project.spec.name.value;
        let is_meant = args.stage.as_ref().is_none_or(|stage| state.stage.as_str() == stage);
        if is_ours && is_meant {
            workbench.migrate(&*target, &state, context.holder()).await?;
            context.console.tell(&Notice(format!("moved {state}")));
            moved += 1;
        }
    }
    if args.stage.is_none() {
        take_images_along(context, &project, target).await?;
    }
    let then = match moved {
        0 => "there is no state to move".to_owned(),
        _ => format!("now write `url = \"{}\"` into [state] of {PROJECT_FILE}", args.to),
    };
    context.console.tell(&Notice(then));
    Ok(Exit::Done)
}

/// Copies the catalogue of images; what knows of it already keeps its own.
async fn take_images_along(
    context: &Context,
    project: &Project,
    target: Arc<dyn Store>,
) -> Result<(), Failure> {
    let name = &project.spec.name.value;
    let catalogue = Shelf::new(context.store(project).await?, name)?.read().await?;
    if catalogue != Catalogue::default() {
        Shelf::new(target, name)?.change(|it| it.merge(&catalogue)).await?;
    }
    Ok(())
}
