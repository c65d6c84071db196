//! What can be said about what is proven of image sets and stages.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Inputs;

#[derive(Debug, Args)]
pub(crate) struct ParityArgs {
    /// The stage to compare with
    #[arg(value_name = "STAGE")]
    pub(crate) first: String,
    /// The other stage
    #[arg(value_name = "STAGE")]
    pub(crate) second: String,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AttestCommand {
    /// List the attestations of an image set
    Show(AttestShowArgs),
    /// Tell which of the stages that another needs are proven of an image set
    Verify(AttestVerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AttestShowArgs {
    /// The digest of the image set, or the beginning of it
    pub(crate) image_set: String,
    /// Write each into a file in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AttestVerifyArgs {
    /// The digest of the image set, or the beginning of it
    #[arg(value_name = "IMAGE_SET")]
    pub(crate) set: String,
    /// The stage that is to take it
    #[arg(long, value_name = "STAGE")]
    pub(crate) stage: String,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key to sign with, and write it with its public part
    Generate(KeysGenerateArgs),
    /// Show the name and the public part of a key
    Show(KeysShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct KeysGenerateArgs {
    /// Where to; the public part goes beside it
    #[arg(long, value_name = "FILE", default_value = "greenroom.key")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct KeysShowArgs {
    /// A key, private or public
    pub(crate) file: PathBuf,
}
