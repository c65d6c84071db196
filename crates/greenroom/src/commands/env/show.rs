//! `greenroom env show`: one environment with its lifetime, objects and outputs.

use jiff::Timestamp;

use crate::cli::Target;
use crate::commands::state::look;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::environments::{Environment, Environments};
use crate::view::state::{Detail, StateView};

pub(super) async fn run(target: &Target, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let environment = target.environment.env.as_deref();
    let looked = look(context, &project, &target.stage, environment).await?;
    let Some(state) = &looked.view.state else { return Ok(looked.exit) };
    let name = &looked.place.state;
    let one = Environment::of(name, state, looked.view.holder.as_ref());
    context.console.data(&Environments { environments: vec![one], now: Timestamp::now() });
    context.console.data(&StateView::of(name, Some(state), Detail::Environment));
    Ok(looked.exit)
}
