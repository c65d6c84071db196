//! The commands, one file each.

mod accounting;
mod apply;
mod artifacts;
mod attest;
mod bake;
mod carry_out;
mod destroy;
mod down;
mod env;
mod graph;
mod images;
mod import;
mod init;
mod job;
mod keys;
mod output;
mod parity;
mod pipeline;
mod plan;
mod plan_file;
mod prepare;
mod promotion;
mod provisional;
mod publish;
mod reap;
mod run;
mod schema;
mod show;
mod state;
mod up;
mod validate;

use std::path::Path;

use greenroom_delivery::replace::replace;

use crate::cli::Command;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Runs a command to its end.
pub(crate) fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => init::run(&args, context),
        Command::Schema(args) => schema::run(&args, context),
        Command::Keys(command) => keys::run(&command, context),
        command => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(Failure::System)?;
            let result = runtime.block_on(run_async(command, context));
            // Nothing that still runs in the background is waited for.
            runtime.shutdown_background();
            result
        }
    }
}

async fn run_async(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => init::run(&args, context),
        Command::Schema(args) => schema::run(&args, context),
        Command::Keys(command) => keys::run(&command, context),
        Command::Parity(args) => parity::run(&args, context).await,
        Command::Attest(command) => attest::run(command, context).await,
        Command::Validate(args) => validate::run(args, context).await,
        Command::Plan(args) => plan::run(args, context).await,
        Command::Apply(args) => apply::run(args, context).await,
        Command::Destroy(args) => destroy::run(args, context).await,
        Command::Promote(args) => promotion::promote::run(args, context).await,
        Command::Rollback(args) => promotion::rollback::run(args, context).await,
        Command::Abort(args) => promotion::abort::run(args, context).await,
        Command::Approve(args) => promotion::approve::run(args, context).await,
        Command::Retire(args) => promotion::retire::run(args, context).await,
        Command::Status(args) => promotion::status::run(args, context).await,
        Command::History(args) => promotion::history::run(args, context).await,
        Command::Run(args) => run::run(args, context).await,
        Command::Up(args) => up::run(args, context).await,
        Command::Down(args) => down::run(args, context).await,
        Command::Pipeline(args) => pipeline::run(args, context).await,
        Command::Env(command) => env::run(command, context).await,
        Command::Publish(args) => publish::run(&args, context).await,
        Command::Artifacts(args) => artifacts::run(&args, context).await,
        Command::Bake(args) => bake::run(args, context).await,
        Command::Images(command) => images::run(command, context).await,
        Command::Reap(args) => reap::run(args, context).await,
        Command::Import(args) => import::run(args, context).await,
        Command::Show(args) => show::run(args, context).await,
        Command::State(command) => state::run(command, context).await,
        Command::Output(args) => output::run(args, context).await,
        Command::Graph(args) => graph::run(args, context).await,
    }
}

/// Writes a file that a command was asked for; `action` says what for, as a verb.
fn write(action: &'static str, path: &Path, content: &[u8]) -> Result<(), Failure> {
    let failed = |source| Failure::File { action, path: path.to_owned(), source };
    replace(path, content).map_err(failed)
}
