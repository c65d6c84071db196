//! Why there is no image.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use greenroom_spec::near;
use greenroom_spec::project::Project;
use greenroom_store::{NameError, StoreError};

use super::ami;
use crate::attest::kept::KeptError;
use crate::images::ShelfError;
use crate::repository::RepositoryError;

/// Why an image was not baked, or not removed.
#[derive(Debug, thiserror::Error)]
pub enum BakeError {
    /// The project has no such image.
    #[error("the project has no image `{name}`; nothing was baked")]
    Unknown {
        /// The name.
        name: String,
        /// A near name, or all of them.
        help: Option<String>,
    },
    /// Nothing bakes it.
    #[error("image `{0}` has no builder; nothing was baked")]
    NotBaked(String),
    /// There is nowhere to fetch artifacts from.
    #[error("the project has no repository to fetch artifacts from; nothing was baked")]
    NoRepository,
    /// The repository failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// An artifact is not there to be known by, and no version was asked for.
    #[error("artifact `{artifact}` is not at `{}`; nothing was baked", path.display())]
    NoFile {
        /// The artifact.
        artifact: String,
        /// Where it would be.
        path: PathBuf,
        /// The newest version that is published.
        newest: Option<String>,
    },
    /// What is to go into the image is not published.
    #[error("artifact `{artifact}` is not published {}; nothing was baked", as_what(.version))]
    Unpublished {
        /// The artifact.
        artifact: String,
        /// The version that was asked for; none for the file that is there now.
        version: Option<String>,
        /// The newest version that is published.
        newest: Option<String>,
    },
    /// A pattern of files is none.
    #[error("`{pattern}` of image `{image}` is no pattern of files; nothing was baked")]
    Pattern {
        /// The image.
        image: String,
        /// The pattern.
        pattern: String,
        /// Why.
        #[source]
        source: globset::Error,
    },
    /// A pattern matches nothing.
    #[error("no file of the project matches `{pattern}` of image `{image}`; nothing was baked")]
    NoFiles {
        /// The image.
        image: String,
        /// The pattern.
        pattern: String,
    },
    /// A file cannot be read.
    #[error("image `{image}`: {reason}; nothing was baked")]
    File {
        /// The image.
        image: String,
        /// Why.
        reason: String,
    },
    /// Nothing can have its name.
    #[error("no image can have this name; nothing was baked")]
    Name(#[from] NameError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalogue cannot be read or changed.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// How an image was baked, or what is known of a set, could not be kept.
    #[error("the image is made, and its provenance is not kept; the next bake goes on with it")]
    NotKept(#[from] KeptError),
    /// The log cannot be written.
    #[error("the log `{name}` cannot be written; nothing was baked")]
    Log {
        /// The file.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no place to work.
    #[error("there is no folder to work in")]
    Work(#[source] io::Error),
    /// The folder of an image could not be written.
    #[error("the image `{}` is not there", path.display())]
    Folder {
        /// Where it was to be.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The builder failed.
    #[error("image `{image}` was not made: {reason}; its log is `{}`{}", log.display(), quoted(tail))]
    Builder {
        /// The image.
        image: String,
        /// Why.
        reason: String,
        /// Where its log is.
        log: PathBuf,
        /// The end of its log.
        tail: String,
    },
    /// It took too long.
    #[error(
        "it was not made within {}, which is its `timeout`; its log is `{}`{}",
        humantime(*.limit), log.display(), quoted(tail)
    )]
    TimedOut {
        /// How long it may take.
        limit: Duration,
        /// Where its log is.
        log: PathBuf,
        /// The end of its log.
        tail: String,
    },
    /// A machine cannot fetch the artifacts.
    #[error(
        "the machine that makes image `{image}` cannot fetch artifacts from `{repository}`; nothing was baked"
    )]
    NoLink {
        /// The image.
        image: String,
        /// The repository.
        repository: String,
    },
    /// The base image of a machine cannot be chosen.
    #[error(transparent)]
    Base(#[from] Box<ami::BaseError>),
    /// A machine image was not made.
    #[error(transparent)]
    Ami(#[from] Box<ami::BakeError>),
    /// A registry failed, or a name is none.
    #[error(transparent)]
    Oci(#[from] greenroom_oci::PushError),
    /// A registry does not say whether an image is there.
    #[error(transparent)]
    Registry(#[from] greenroom_oci::RegistryError),
    /// An image was not removed.
    #[error("`{id}` was not removed: {reason}")]
    Remove {
        /// The image.
        id: String,
        /// Why.
        reason: String,
    },
    /// A machine image was not removed.
    #[error(transparent)]
    NotRemoved(Box<ami::RemoveError>),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[source] io::Error),
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl BakeError {
    pub(super) fn unknown(project: &Project, name: &str) -> BakeError {
        let help = near::suggestion(name, project.images.keys().map(|name| &**name));
        BakeError::Unknown { name: name.to_owned(), help }
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            BakeError::Unknown { help, .. } => help.clone(),
            BakeError::NotBaked(name) => {
                Some(format!("`builder` in [image.{name}] says what bakes it"))
            }
            BakeError::NoFile { artifact, newest: Some(newest), .. } => Some(format!(
                "build it, or name a published version: --artifact {artifact}={newest} is the newest"
            )),
            BakeError::NoFile { .. } => Some("build it, then publish it".to_owned()),
            BakeError::Unpublished { artifact, version: None, .. } => {
                Some(format!("publish it first: greenroom publish {artifact}"))
            }
            BakeError::Unpublished { newest: Some(newest), .. } => {
                Some(format!("the newest is {newest}"))
            }
            BakeError::NoLink { .. } => {
                Some("a repository in a bucket, or on a server, can be reached by it".to_owned())
            }
            BakeError::Base(error) => error.help().map(str::to_owned),
            _ => None,
        }
    }

    /// Whether a cancellation is the reason.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match self {
            BakeError::Cancelled => true,
            BakeError::Ami(error) => error.is_cancelled(),
            _ => false,
        }
    }
}

fn as_what(version: &Option<String>) -> String {
    match version {
        Some(version) => format!("as version {version}"),
        None => "as it is now".to_owned(),
    }
}

fn quoted(tail: &str) -> String {
    match tail.is_empty() {
        true => String::new(),
        false => tail.lines().fold(":".to_owned(), |text, line| format!("{text}\n  {line}")),
    }
}

fn humantime(limit: Duration) -> String {
    let span = jiff::SignedDuration::try_from(limit).unwrap_or_default();
    format!("{span:#}")
}
