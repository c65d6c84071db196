//! What can be said to promotions.

use std::path::PathBuf;

use clap::Args;

use super::{Detail, Execution, RefreshChoice};

#[derive(Debug, Args)]
pub(crate) struct PromoteArgs {
    /// The stage
    pub(crate) stage: String,
    /// The image set, by its digest or the start of it; else the newest
    #[arg(value_name = "IMAGE_SET")]
    pub(crate) image_set: Option<String>,
    /// A variable's value, over GREENROOM_VAR_NAME and --var-file
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::pair)]
    pub(crate) var: Vec<(String, String)>,
    /// A TOML file with variables' values
    #[arg(long, value_name = "FILE")]
    pub(crate) var_file: Vec<PathBuf>,
    /// How much of the world to read first
    #[arg(long, value_enum, value_name = "HOW", default_value = "bulk")]
    pub(crate) refresh: RefreshChoice,
    /// Save the plan, for `apply FILE`, and do nothing
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Leave the promotion open where it waits for approval, instead of waiting
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Write the report of the promotion to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) execution: Execution,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// The stage
    pub(crate) stage: String,
    /// The environment to go back to; else the one that had the traffic last
    #[arg(value_name = "ENVIRONMENT")]
    pub(crate) to: Option<String>,
    /// How much of the world to read first
    #[arg(long, value_enum, value_name = "HOW", default_value = "bulk")]
    pub(crate) refresh: RefreshChoice,
    /// Write the report of the promotion to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) execution: Execution,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

/// What is asked of the promotion that is open.
#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// The stage
    pub(crate) stage: String,
    /// Write the report of the promotion to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) execution: Execution,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

#[derive(Debug, Args)]
pub(crate) struct AbortArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Plan the way back anew, from what the front is now: for when somebody changed or deleted
    /// what the promotion's own way back leads through
    #[arg(long)]
    pub(crate) replan: bool,
    /// How much of the world to read first, for a new plan
    #[arg(long, value_enum, value_name = "HOW", default_value = "bulk", requires = "replan")]
    pub(crate) refresh: RefreshChoice,
}

#[derive(Debug, Args)]
pub(crate) struct RetireArgs {
    /// The stage
    pub(crate) stage: String,
    /// The environments; else all that are retained or failed
    #[arg(value_name = "ENVIRONMENT")]
    pub(crate) environments: Vec<String>,
    /// Only those whose time is over
    #[arg(long)]
    pub(crate) expired: bool,
    /// How much of the world to read first
    #[arg(long, value_enum, value_name = "HOW", default_value = "bulk")]
    pub(crate) refresh: RefreshChoice,
    #[command(flatten)]
    pub(crate) execution: Execution,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The stage
    pub(crate) stage: String,
    /// Go on showing it until it is interrupted
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The stage
    pub(crate) stage: String,
}
