//! `greenroom state list`: the addresses of all objects.

use super::look;
use crate::cli::Target;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::state::{Detail, StateView};

pub(super) async fn run(target: &Target, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let environment = target.environment.env.as_deref();
    let looked = look(context, &project, &target.stage, environment).await?;
    let state = looked.view.state.as_ref();
    context.console.data(&StateView::of(&looked.place.state, state, Detail::Addresses));
    Ok(looked.exit)
}
