//! What can be said about artifacts and images.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};

use super::Pace;

#[derive(Debug, Args)]
pub(crate) struct BakeArgs {
    /// The images; without any, all that have a builder
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// Bake also what is there
    #[arg(long)]
    pub(crate) rebake: bool,
    /// A published version of an artifact, instead of the one of the file that is there now
    #[arg(long, value_name = "NAME=VERSION", value_parser = super::pair)]
    pub(crate) artifact: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImagesCommand {
    /// List the image sets, the newest first
    List,
    /// Show an image set: what each image was made from, and where it is
    Show(ImageSetArgs),
    /// Compare two image sets
    Diff(ImagesDiffArgs),
    /// Remove images of old sets that no environment uses
    Prune(ImagesPruneArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ImageSetArgs {
    /// The image set, by its digest or the start of it
    #[arg(value_name = "IMAGE_SET")]
    pub(crate) image_set: String,
}

#[derive(Debug, Args)]
pub(crate) struct ImagesDiffArgs {
    /// An image set, by its digest or the start of it
    #[arg(value_name = "IMAGE_SET")]
    pub(crate) before: String,
    /// The other one
    #[arg(value_name = "IMAGE_SET")]
    pub(crate) after: String,
    /// Exit with 2 if they differ
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImagesPruneArgs {
    /// How many of the newest sets stay
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) keep: usize,
    /// Remove them; without it, they are listed
    #[arg(long)]
    pub(crate) yes: bool,
}

// `--version` is the artifact's here, and not that of the program.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct PublishArgs {
    /// The artifacts; without one, all of the project
    #[arg(value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    /// The version, instead of the one in greenroom.toml
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ArtifactsArgs {
    /// Only this artifact
    pub(crate) artifact: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<ArtifactsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ArtifactsCommand {
    /// Fetch a published artifact, checked, into a file
    Fetch(FetchArgs),
}

#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct FetchArgs {
    /// The artifact
    pub(crate) artifact: String,
    /// The version; else the newest
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// The file to write; else one of the published name in the working folder
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}
