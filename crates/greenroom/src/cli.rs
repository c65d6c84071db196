//! What can be said on the command line.

mod artifacts;
mod attest;
mod promotion;
mod state;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub(crate) use artifacts::{
    ArtifactsArgs, ArtifactsCommand, BakeArgs, FetchArgs, ImageSetArgs, ImagesCommand,
    ImagesDiffArgs, ImagesPruneArgs, PublishArgs,
};
pub(crate) use attest::{AttestCommand, AttestShowArgs, AttestVerifyArgs, KeysCommand, ParityArgs};
pub(crate) use promotion::{
    AbortArgs, HistoryArgs, PromoteArgs, RequestArgs, RetireArgs, RollbackArgs, StatusArgs,
};
pub(crate) use state::{MigrateArgs, StateCommand, StateShowArgs, UnlockArgs, VerifyArgs};

/// Build whole environments once and promote them many times
#[derive(Debug, Parser)]
#[command(name = "greenroom", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Global {
    /// Work in this folder, the project's; else the nearest one upwards with a greenroom.toml
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// Print events as JSON, one object a line, instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no colour, as with the environment variable NO_COLOR
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Log what happens inside to standard error; twice or thrice for more
    #[arg(short = 'v', action = ArgAction::Count, global = true)]
    pub(crate) verbosity: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a small project that works at once
    Init(InitArgs),
    /// Report every mistake in the project, its templates and the plans that they make
    Validate(ValidateArgs),
    /// Show what apply would do
    Plan(PlanArgs),
    /// Make the environment as the specs say
    Apply(ApplyArgs),
    /// Remove everything of an environment
    Destroy(DestroyArgs),
    /// Make a new environment beside the live one, and let it take the traffic over
    Promote(PromoteArgs),
    /// Give the traffic back to an environment that is retained, or give an open promotion up
    Rollback(RollbackArgs),
    /// Give the promotion that is open up: the traffic goes back to where it was
    Abort(AbortArgs),
    /// Let a promotion go on that waits for approval
    Approve(RequestArgs),
    /// Remove environments that are retained or failed
    Retire(RetireArgs),
    /// Show who has the traffic of a promoted stage, and how a promotion stands
    Status(StatusArgs),
    /// Show the promotions and rollbacks of a stage
    History(HistoryArgs),
    /// Bring an environment up, run commands in it, and tear it down, whatever happens
    Run(RunArgs),
    /// Bring an environment up for a while
    Up(UpArgs),
    /// Tear an environment down
    Down(DownArgs),
    /// Run the stages as the graph that their `needs` make
    Pipeline(PipelineArgs),
    /// Bake images from published artifacts, unless they are there
    Bake(BakeArgs),
    /// Look at baked images and the sets that they form, and remove old ones
    #[command(subcommand)]
    Images(ImagesCommand),
    /// Tell whether two stages would make the same environment, and why not
    Parity(ParityArgs),
    /// Look at attestations, and verify what they prove of an image set
    #[command(subcommand)]
    Attest(AttestCommand),
    /// Make and look at the keys that attestations are signed with
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look at the environments that are up, and let them live longer
    #[command(subcommand)]
    Env(EnvCommand),
    /// Publish artifacts to the repository
    Publish(PublishArgs),
    /// List what is published, the newest first, or fetch it
    Artifacts(ArtifactsArgs),
    /// Remove ephemeral environments whose time is over, also those whose state is lost
    Reap(ReapArgs),
    /// Take over an object that was made by other means
    Import(ImportArgs),
    /// Show an environment, a plan file, or which environments there are
    Show(ShowArgs),
    /// Look into a state
    #[command(subcommand)]
    State(StateCommand),
    /// Print outputs
    Output(OutputArgs),
    /// Print the graph of an environment's objects in the language of Graphviz
    Graph(GraphArgs),
    /// Print a JSON Schema of greenroom.toml and the templates
    Schema(SchemaArgs),
}

/// Which environment.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// The stage
    pub(crate) stage: String,
    #[command(flatten)]
    pub(crate) environment: Environment,
}

/// Which environment of a stage.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Environment {
    /// The environment of the stage; else GREENROOM_ENV, else `default`
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
}

/// What the specs are given.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Inputs {
    /// A variable's value, over GREENROOM_VAR_NAME and --var-file
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) var: Vec<(String, String)>,
    /// A TOML file with variables' values
    #[arg(long, value_name = "FILE")]
    pub(crate) var_file: Vec<PathBuf>,
    /// An image, instead of the one in greenroom.toml or of the image set
    #[arg(long, value_name = "NAME=ID", value_parser = pair)]
    pub(crate) image: Vec<(String, String)>,
    /// The image set, by its digest or the start of it; else the one that the environment has, else
    /// the newest
    #[arg(long, value_name = "DIGEST")]
    pub(crate) image_set: Option<String>,
}

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Detail {
    /// Show all of a long plan
    #[arg(long)]
    pub(crate) verbose: bool,
}

/// How a plan is carried out.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Execution {
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

/// How much goes on at a time.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Pace {
    /// How many calls to providers may be under way
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub(crate) parallelism: usize,
}

/// How much of the world is read before planning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RefreshChoice {
    /// What lists of objects tell
    Bulk,
    /// Everything, object by object where need be
    Full,
    /// Nothing
    Skip,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder; made if it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Only this stage
    pub(crate) stage: Option<String>,
    #[command(flatten)]
    pub(crate) environment: Environment,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Plan the removal of everything
    #[arg(long, conflicts_with_all = ["refresh", "var", "var_file", "image", "image_set"])]
    pub(crate) destroy: bool,
    /// How much of the world to read first
    #[arg(long, value_enum, value_name = "HOW", default_value = "bulk")]
    pub(crate) refresh: RefreshChoice,
    /// Save the plan, for `apply FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The stage, or a plan file
    #[arg(value_name = "STAGE|PLANFILE")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) environment: Environment,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// How much of the world to read first
    #[arg(long, value_enum, value_name = "HOW", default_value = "bulk")]
    pub(crate) refresh: RefreshChoice,
    #[command(flatten)]
    pub(crate) execution: Execution,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

#[derive(Debug, Args)]
pub(crate) struct DestroyArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Of a stage that promotes: also what has the traffic
    #[arg(long)]
    pub(crate) including_live: bool,
    #[command(flatten)]
    pub(crate) execution: Execution,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

/// Which environment of a stage a build means.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct BuildEnvironment {
    /// The environment of the stage; else GREENROOM_ENV, else a name for the build that calls
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The stage
    pub(crate) stage: String,
    #[command(flatten)]
    pub(crate) environment: BuildEnvironment,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Only these values of the stage's matrix
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) matrix: Vec<(String, String)>,
    /// Leave the environment up, to look at
    #[arg(long)]
    pub(crate) keep: bool,
    /// Refuse instead of waiting for a place
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Write how the run went into this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) result: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// The command, instead of the stage's own; words of it are not changed
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct PipelineArgs {
    /// Begin with this stage: it, and what needs it
    #[arg(long, value_name = "STAGE")]
    pub(crate) from: Option<String>,
    /// Run this stage alone; may be given several times
    #[arg(long, value_name = "STAGE")]
    pub(crate) only: Vec<String>,
    /// Run also what needs a stage that failed
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// How many stages may run at a time
    #[arg(long, value_name = "N", default_value_t = 4,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub(crate) jobs: usize,
    #[command(flatten)]
    pub(crate) environment: BuildEnvironment,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Refuse instead of waiting for a place
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Write the results as JUnit XML into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the results as JSON into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) result: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// The stage
    pub(crate) stage: String,
    #[command(flatten)]
    pub(crate) environment: BuildEnvironment,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// How long it may live, such as 90m; else the stage's `ttl`, else 2h
    #[arg(long, value_name = "DURATION", value_parser = greenroom_spec::parse::duration)]
    pub(crate) ttl: Option<Duration>,
    /// Refuse instead of waiting for a place
    #[arg(long)]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    /// The stage
    pub(crate) stage: String,
    #[command(flatten)]
    pub(crate) environment: BuildEnvironment,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    /// List the environments of a stage, or of all
    List(EnvListArgs),
    /// Show one environment with its objects and outputs
    Show(Target),
    /// Let an environment live longer
    Extend(ExtendArgs),
}

#[derive(Debug, Args)]
pub(crate) struct EnvListArgs {
    /// The stage; without it, all of the project
    pub(crate) stage: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExtendArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// How long from now; else the stage's `ttl`, else 2h
    #[arg(long, value_name = "DURATION", value_parser = greenroom_spec::parse::duration)]
    pub(crate) ttl: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct ReapArgs {
    /// Only the environments of this stage
    pub(crate) stage: Option<String>,
    /// Remove them; without it, they are listed
    #[arg(long)]
    pub(crate) yes: bool,
    /// Stay, and remove them again and again until a signal comes
    #[arg(long, requires = "yes")]
    pub(crate) watch: bool,
    /// How long to wait in between, such as 30s or 1h
    #[arg(long, value_name = "DURATION", default_value = "5m", requires = "watch",
        value_parser = greenroom_spec::parse::duration)]
    pub(crate) every: Duration,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Where the object will stand, an address of the specs; the scope may be left out
    pub(crate) address: String,
    /// The provider's name for the object, such as `vpc-0a1b2c3d`
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A stage or a plan file; without it, all environments are listed
    #[arg(value_name = "STAGE|PLANFILE")]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) environment: Environment,
    #[command(flatten)]
    pub(crate) detail: Detail,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// One output: printed bare, for scripts, even if it is sensitive
    pub(crate) name: Option<String>,
    /// Print the bare text without a line end; refuse lists and objects
    #[arg(long, requires = "name")]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Print the reference in Markdown instead: of all providers, one, or one type
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    pub(crate) markdown: Option<Option<String>>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn refused(args: &[&str]) -> ErrorKind {
        let args = std::iter::once("greenroom").chain(args.iter().copied());
        Cli::try_parse_from(args).expect_err("must be refused").kind()
    }

    fn taken(args: &[&str]) -> Command {
        let args = std::iter::once("greenroom").chain(args.iter().copied());
        Cli::try_parse_from(args).expect("must be taken").command
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_commands_that_other_tools_rely_on_are_taken() {
        taken(&["plan", "integration", "--detailed-exitcode"]);
        taken(&["apply", "integration", "--yes"]);
        taken(&["destroy", "integration", "--yes"]);
    }

    #[test]
    fn global_options_may_stand_before_and_after_the_command() {
        for args in [["-C", "x", "schema", "--json"], ["--json", "schema", "-C", "x"]] {
            let args = std::iter::once("greenroom").chain(args);
            let cli = Cli::try_parse_from(args).expect("must be taken");
            assert!(cli.global.json && cli.global.directory.is_some());
        }
    }

    #[test]
    fn a_plan_to_destroy_reads_no_variables_and_no_world() {
        for option in [["--refresh", "full"], ["--var", "a=b"], ["--var-file", "f"]] {
            let args = ["plan", "it", "--destroy", option[0], option[1]];
            assert_eq!(refused(&args), ErrorKind::ArgumentConflict, "{option:?}");
        }
    }

    #[test]
    fn the_version_of_an_artifact_is_not_that_of_the_program() {
        let Command::Publish(publish) = taken(&["publish", "app", "--version", "1.4.2"]) else {
            panic!("not to publish");
        };
        assert_eq!(publish.version.as_deref(), Some("1.4.2"));
        taken(&["artifacts", "fetch", "app", "--version", "1.4.2", "--to", "app"]);
        taken(&["artifacts", "app"]);
        assert_eq!(refused(&["artifacts", "app", "fetch", "app"]), ErrorKind::ArgumentConflict);
    }

    #[test]
    fn raw_output_is_of_one_output() {
        assert_eq!(refused(&["output", "it", "--raw"]), ErrorKind::MissingRequiredArgument);
        taken(&["output", "it", "url", "--raw"]);
    }

    #[test]
    fn a_variable_needs_a_name_and_may_have_an_equals_sign_in_its_value() {
        assert_eq!(refused(&["plan", "it", "--var", "novalue"]), ErrorKind::ValueValidation);
        assert_eq!(refused(&["plan", "it", "--var", "=x"]), ErrorKind::ValueValidation);
        let Command::Plan(plan) = taken(&["plan", "it", "--var", "query=a=b"]) else {
            panic!("not a plan");
        };
        assert_eq!(plan.inputs.var, [("query".to_owned(), "a=b".to_owned())]);
    }

    #[test]
    fn nothing_runs_with_a_parallelism_of_none() {
        assert_eq!(refused(&["apply", "it", "--parallelism", "0"]), ErrorKind::ValueValidation);
    }
}
