//! The processes that outlive a command, by their first argument.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{balancer, dns, launch, supervise};

/// Runs one of the runtime's own processes to its end.
///
/// `args` are those after the hidden subcommand: `launch ROLE DIR` starts a process and leaves
/// it, `supervise DIR` runs an instance, `balance DIR` runs a load balancer, `name DIR` a
/// zone's name server, `exec …` becomes an instance's program. They are no interface for people.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let name = args.first().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = || args.get(1).map(PathBuf::from);
    match (name, folder()) {
        ("launch", Some(_)) => launch::run(&args[1..]),
        ("supervise", Some(folder)) => supervise::run(&folder),
        ("balance", Some(folder)) => balancer::run(&folder),
        ("name", Some(folder)) => dns::run(&folder),
        ("exec", Some(_)) => supervise::become_program(&args[1..]),
        _ => {
            eprintln!("error: this command is Greenroom's own; it has no use for people");
            ExitCode::from(2)
        }
    }
}
