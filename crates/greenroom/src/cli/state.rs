//! What can be said about states.

use clap::{Args, Subcommand};

use super::Target;

#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List the addresses of all objects
    List(Target),
    /// Show one object with its attributes
    Show(StateShowArgs),
    /// Describe the state's files, however damaged they are
    Examine(Target),
    /// Compare the states of a stage, or of all, with the world
    Verify(VerifyArgs),
    /// Take the lease of a state from a process that has ended, without waiting for it to run out
    Unlock(UnlockArgs),
    /// Move all states of the project, or those of a stage, to another folder or bucket
    Migrate(MigrateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// The stage; without it, all of the project
    pub(crate) stage: Option<String>,
    /// Where to: as `url` in [state]
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
}

#[derive(Debug, Args)]
pub(crate) struct UnlockArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The stage; without it, all of the project
    pub(crate) stage: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StateShowArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// The object's address; the scope may be left out
    pub(crate) address: String,
}
