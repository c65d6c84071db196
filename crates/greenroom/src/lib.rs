//! The command line: reads arguments and files, hands them to the rooms below, and shows what
//! comes back.
//!
//! One file a command under `commands`; arguments (`cli`), work and views (`view`, `progress`) stand
//! apart. Whatever is shown is a `Message` with two faces, text and JSON. Data goes
//! to standard output, everything else to standard error. Deliberately absent: decisions about what
//! to change, which the engine makes.

mod cli;
mod commands;
mod confirm;
mod console;
mod context;
mod exit;
mod failure;
mod invocation;
mod logging;
mod palette;
mod progress;
mod report;
mod signals;
mod view;
mod world;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use context::Context;
use exit::Exit;

/// The hidden subcommand by which the local provider's processes start: no interface for people.
const LOCAL_RUNTIME: &str = "local-runtime";

/// Runs the command that `args` (the program's name first) ask for, to its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // Before anything else, so that these processes carry nothing of a command with them.
    if args.get(1).is_some_and(|first| first == LOCAL_RUNTIME) {
        return greenroom_local::runtime::main(args.into_iter().skip(2));
    }
    match Cli::try_parse_from(&args) {
        Ok(cli) => run(cli, &args).into(),
        Err(refused) => {
            // Nobody is left to tell if standard error is closed.
            let _ = refused.print();
            // Clap's own 2 means "there are changes" here.
            if refused.use_stderr() { Exit::Error.into() } else { Exit::Done.into() }
        }
    }
}

fn run(cli: Cli, args: &[OsString]) -> Exit {
    logging::start(cli.global.verbosity);
    let context = Context::new(cli.global, invocation::Invocation::of(args));
    let result = context.enter().and_then(|()| commands::run(cli.command, &context));
    let exit = match result {
        Ok(exit) => exit,
        Err(failure) => {
            context.console.tell(&failure);
            failure.exit()
        }
    };
    context.console.finish(exit)
}
