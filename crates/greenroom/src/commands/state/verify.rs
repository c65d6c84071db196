//! `greenroom state verify`: whether states and world agree.

use greenroom_apply::SurveyRequest;
use greenroom_delivery::wanted::no_stage;

use crate::cli::VerifyArgs;
use crate::commands::prepare::desired_of_stages;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::notice::{InFlight, Notice};
use crate::view::verified::VerifiedView;

pub(super) async fn run(args: VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.sound_project()?;
    let desired = desired_of_stages(&mut project, args.stage.as_deref());
    let request = SurveyRequest {
        project: project.spec.name.value.clone(),
        stage: args.stage.as_deref().map(Into::into),
        desired,
    };
    let verified = context.reader(&project).await?.verify(request).await?;
    if let Some(name) = args.stage.filter(|it| project.stage(it).is_none())
        && verified.states.is_empty()
    {
        return Err(no_stage(&project.spec, &name).into());
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
