//! `greenroom show`: an environment, a plan file, or which environments there are.

use greenroom_delivery::project::Project;

use super::plan_file::{self, Subject};
use super::state::look;
use crate::cli::ShowArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::plan::PlanView;
use crate::view::state::{Detail, StateView, States};

pub(super) async fn run(args: ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let Some(target) = &args.target else { return list(context).await };
    let project = match context.sound_project() {
        // A plan file can be looked at from anywhere.
        Err(Failure::Project(_)) if std::path::Path::new(target).is_file() => {
            return show_file(target.as_ref(), &args, context);
        }
        project => project?,
    };
    match plan_file::subject(&project, target)? {
        Subject::Stage => show_stage(target, &args, context, &project).await,
        Subject::File(file) => show_file(&file, &args, context),
    }
}

fn show_file(file: &std::path::Path, args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let plan = plan_file::read(file)?;
    context.console.data(&PlanView::of(&plan, args.detail.verbose));
    Ok(Exit::Done)
}

async fn show_stage(
    stage: &str,
    args: &ShowArgs,
    context: &Context,
    project: &Project,
) -> Result<Exit, Failure> {
    let looked = look(context, project, stage, args.environment.env.as_deref()).await?;
    let state = looked.view.state.as_ref();
    context.console.data(&StateView::of(&looked.place.state, state, Detail::Environment));
    Ok(looked.exit)
}

async fn list(context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let states = context.store(&project).await?.list().await?;
    let ours = states.iter().filter(|it| it.project.as_str() == &*project.spec.name.value);
    context.console.data(&States { names: ours.map(ToString::to_string).collect() });
    Ok(Exit::Done)
}
