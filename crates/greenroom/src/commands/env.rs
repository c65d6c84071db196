//! `greenroom env`: the environments that are up.

mod extend;
mod list;
mod show;

use crate::cli::EnvCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) async fn run(command: EnvCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        EnvCommand::List(args) => list::run(&args, context).await,
        EnvCommand::Show(target) => show::run(&target, context).await,
        EnvCommand::Extend(args) => extend::run(&args, context).await,
    }
}
