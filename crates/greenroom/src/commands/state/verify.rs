//! `greenroom state verify`: whether states and world agree.

use std::sync::Arc;

use greenroom_apply::VerifyRequest;
use greenroom_engine::desired::Desired;
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Scope;

use crate::cli::VerifyArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::notice::{InFlight, Notice};
use crate::view::verified::VerifiedView;
use greenroom_delivery::project::{Inputs, Project};
use greenroom_delivery::wanted::wanted;

pub(super) async fn run(args: VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.sound_project()?;
    let desired = desired(&mut project, args.stage.as_deref());
    let request = VerifyRequest {
        project: project.spec.name.value.clone(),
        stage: args.stage.as_deref().map(Into::into),
        desired,
    };
    let verified = context.reader(&project).await?.verify(request).await?;
    if let Some(name) = args.stage.filter(|it| project.stage(it).is_none())
        && verified.states.is_empty()
    {
        return Err(Failure::NoStage { help: project.stage_help(&name), name });
    }
    for (name, view) in &verified.states {
        if let Some(in_flight) = InFlight::of(view.state.as_ref(), view.holder.as_ref()) {
            context.console.tell(&Notice(format!("{name}:")));
            context.console.tell(&in_flight);
        }
    }
    let exit = if verified.agrees() { Exit::Done } else { Exit::Changes };
    context.console.data(&VerifiedView(verified));
    Ok(exit)
}

/// What is wanted of one stage, or of all. Mistakes in templates are not this command's business:
/// a stage that has some is verified by what its states remember.
fn desired(project: &mut Project, stage: Option<&str>) -> Vec<Arc<Desired>> {
    let all: Vec<Arc<str>> = project.spec.stages.keys().cloned().collect();
    let stages = all.iter().filter(|name| stage.is_none_or(|it| *it == ***name));
    let environment = Scope::environment("default").ok();
    let wanted = |name: &Arc<str>| {
        let inputs = Inputs::default();
        wanted(project, name, environment.clone(), &inputs, Missing::Pending).desired
    };
    stages.filter_map(wanted).collect()
}
