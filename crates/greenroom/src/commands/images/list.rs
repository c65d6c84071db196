//! `greenroom images list`: the image sets, the newest first.

use super::{catalogue, used};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::images::SetsView;

pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let catalogue = catalogue(context, &project).await?;
    let uses = used(context, &project).await?;
    context.console.data(&SetsView { catalogue, uses });
    Ok(Exit::Done)
}
