//! `greenroom env list`: every environment, with its age, its end and its health.

use greenroom_delivery::wanted::no_stage;
use greenroom_model::identity::EnvironmentKind;
use greenroom_spec::project::IMAGES_STAGE;
use jiff::Timestamp;

use crate::cli::EnvListArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::environments::{Environment, Environments};

pub(super) async fn run(args: &EnvListArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    if let Some(name) = args.stage.as_ref().filter(|name| project.stage(name).is_none()) {
        return Err(no_stage(&project.spec, name).into());
    }
    let reader = context.reader(&project).await?;
    let mut environments = Vec::new();
    let views = reader.views(&project.spec.name.value, args.stage.as_deref()).await?;
    for (name, view) in views.into_iter().filter(|(it, _)| it.stage.as_str() != IMAGES_STAGE) {
        if let Some(state) = view.state.filter(|it| it.kind == EnvironmentKind::Ephemeral) {
            environments.push(Environment::of(&name, &state, view.holder.as_ref()));
        }
    }
    context.console.data(&Environments { environments, now: Timestamp::now() });
    Ok(Exit::Done)
}
