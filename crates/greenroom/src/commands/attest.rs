//! `greenroom attest`: what is attested of an image set, and what that proves.

mod show;
mod verify;

use greenroom_delivery::attest::kept::Kept;
use greenroom_delivery::project::Project;

use crate::cli::AttestCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) async fn run(command: AttestCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        AttestCommand::Show(args) => show::run(&args, context).await,
        AttestCommand::Verify(args) => verify::run(&args, context).await,
    }
}

/// The attestations of a project.
async fn kept(context: &Context, project: &Project) -> Result<Kept, Failure> {
    let store = context.store(project).await?;
    Ok(Kept::of(store, &project.spec.name.value)?)
}
