//! `greenroom images show`: one image set, with what each image was made from and where it is.

use greenroom_delivery::images::one;
use greenroom_delivery::wanted::WantedError;

use super::{catalogue, used};
use crate::cli::ImageSetArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::images::SetView;

pub(super) async fn run(args: &ImageSetArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let catalogue = catalogue(context, &project).await?;
    let set = one(&catalogue, &args.image_set).map_err(WantedError::from)?;
    let uses = used(context, &project).await?;
    context.console.data(&SetView::of(set, &catalogue, &uses));
    Ok(Exit::Done)
}
