//! `greenroom state`: looks into a state, without a lease.

mod examine;
mod list;
mod migrate;
mod show;
mod unlock;
mod verify;

use greenroom_apply::View;
use greenroom_delivery::project::{Place, Project};
use greenroom_delivery::wanted::no_stage;

use crate::cli::StateCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::notice::{InFlight, Notice};

pub(super) async fn run(command: StateCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        StateCommand::List(target) => list::run(&target, context).await,
        StateCommand::Show(args) => show::run(&args, context).await,
        StateCommand::Examine(target) => examine::run(&target, context).await,
        StateCommand::Verify(args) => verify::run(args, context).await,
        StateCommand::Migrate(args) => migrate::run(args, context).await,
        StateCommand::Unlock(args) => unlock::run(&args, context).await,
    }
}

/// A state as it was looked at.
pub(super) struct Looked {
    pub(super) place: Place,
    pub(super) view: View,
    /// What a command that only reads ends with.
    pub(super) exit: Exit,
}

/// Looks at a state, and says what is in flight, or that there is none.
pub(super) async fn look(
    context: &Context,
    project: &Project,
    stage: &str,
    environment: Option<&str>,
) -> Result<Looked, Failure> {
    let place = context.place(project, stage, environment)?;
    let view = context.reader(project).await?.view(&place.state).await?;
    if view.state.is_none() && project.stage(stage).is_none() {
        return Err(no_stage(&project.spec, stage).into());
    }
    let in_flight = InFlight::of(view.state.as_ref(), view.holder.as_ref());
    if let Some(in_flight) = &in_flight {
        context.console.tell(in_flight);
    } else if view.state.is_none() {
        context.console.tell(&Notice(format!("there is nothing in {}", place.state)));
    }
    let exit = match in_flight {
        Some(InFlight { open, .. }) if !open.is_empty() => Exit::Open,
        _ => Exit::Done,
    };
    Ok(Looked { place, view, exit })
}
