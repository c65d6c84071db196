//! Why something is not published or not fetched, and what is where now.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use greenroom_spec::version::NotAVersion;
use thiserror::Error;

/// What a failure did to the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Nobody knows: the version may be there, wholly.
    Unknown,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Effect::None => "nothing was changed in it",
            Effect::Unknown => "it may be published, wholly; publishing again finds out",
        })
    }
}

/// Why something is not published or not fetched.
#[derive(Debug, Error)]
pub enum RepositoryError {
    /// Artifacts are published where this build cannot go.
    #[error(
        "this build has no repository for `{0}`: artifacts are published in a folder, in \
         s3://BUCKET/PREFIX, or at https://HOST/artifactory/REPOSITORY"
    )]
    Scheme(String),
    /// A URL of a server or a bucket is none. It is not shown: it may hold credentials.
    #[error("the URL of the repository cannot be used: {why}")]
    Url {
        /// What is wrong with it.
        why: String,
    },
    /// A text is no version.
    #[error("`{version}` cannot be a version; nothing was published")]
    Version {
        /// The text.
        version: String,
        /// Why.
        #[source]
        source: NotAVersion,
    },
    /// The artifact's file cannot have this name.
    #[error("`{}` has a name that a repository cannot keep; nothing was published", path.display())]
    FileName {
        /// The file.
        path: PathBuf,
    },
    /// The artifact's file cannot be read.
    #[error("the file `{}` of the artifact `{artifact}` cannot be read; nothing was published", path.display())]
    Unreadable {
        /// The artifact.
        artifact: String,
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The artifact's file is not what it was.
    #[error("`{}` was changed while it was published; nothing was published", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The version is there with other content.
    #[error(
        "version {version} of `{artifact}` is published already, with other content; nothing was \
         published (published: sha256 {published}, given: sha256 {given})"
    )]
    Other {
        /// The artifact.
        artifact: String,
        /// The version.
        version: String,
        /// The SHA-256 of what is there.
        published: String,
        /// The SHA-256 of what was to be published.
        given: String,
    },
    /// The file system refused.
    #[error("cannot {action} `{}` of the repository; {effect}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What it did.
        effect: Effect,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The repository does not let us.
    #[error("the repository refuses access to `{place}` ({why}); {effect}")]
    Denied {
        /// To what.
        place: String,
        /// What it said, and what was shown to it.
        why: String,
        /// Which credentials count.
        help: &'static str,
        /// What it did.
        effect: Effect,
    },
    /// There is no such repository.
    #[error("there is no repository `{place}`; nothing was changed")]
    Missing {
        /// The repository.
        place: String,
    },
    /// The repository does not want what it was given.
    #[error("the repository refuses `{place}`: {said}; {effect}")]
    Refused {
        /// What.
        place: String,
        /// What it said.
        said: String,
        /// What it did.
        effect: Effect,
    },
    /// The repository gives no answer that could be understood, also when it is asked again.
    #[error("the repository does not answer for `{place}`; {effect}")]
    Unanswered {
        /// What it was asked for.
        place: String,
        /// What it did.
        effect: Effect,
        /// The last failure.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// What the repository stored is not what was sent.
    #[error(
        "`{place}` holds other content than was sent, and was left as it is: remove it there \
         before it is used (stored: sha256 {stored}, sent: sha256 {sent})"
    )]
    Stored {
        /// Where it is.
        place: String,
        /// The SHA-256 of what is there.
        stored: String,
        /// The SHA-256 of what was sent.
        sent: String,
    },
    /// What the repository holds is not what Greenroom or a server writes.
    #[error("`{place}` is not a published version: {why}; nothing was changed")]
    Damaged {
        /// Where.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// What was fetched is not what was published.
    #[error(
        "the content of `{place}` is not what was published; `{}` was not written (published: \
         sha256 {published}, there: {there})", to.display()
    )]
    Fetched {
        /// Where it came from.
        place: String,
        /// The file that it was for.
        to: PathBuf,
        /// The SHA-256 of what was published.
        published: String,
        /// What is there instead.
        there: String,
    },
    /// The file that was fetched cannot be written.
    #[error("`{}` cannot be written; it is as it was", to.display())]
    Written {
        /// The file.
        to: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl RepositoryError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            RepositoryError::Denied { help, .. } => Some((*help).to_owned()),
            RepositoryError::Other { .. } => {
                Some("a version never changes: publish it as another one".to_owned())
            }
            RepositoryError::Unreadable { source, .. }
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Some("build it first".to_owned())
            }
            _ => None,
        }
    }

    /// What it did, if that depends.
    pub(super) fn effect(&self) -> Option<Effect> {
        use RepositoryError::{Denied, Io, Refused, Unanswered};
        match self {
            Io { effect, .. }
            | Denied { effect, .. }
            | Refused { effect, .. }
            | Unanswered { effect, .. } => Some(*effect),
            _ => None,
        }
    }

    /// The same, having done this.
    pub(super) fn with_effect(mut self, did: Effect) -> RepositoryError {
        use RepositoryError::{Denied, Io, Refused, Unanswered};
        if let Io { effect, .. }
        | Denied { effect, .. }
        | Refused { effect, .. }
        | Unanswered { effect, .. } = &mut self
        {
            *effect = did;
        }
        self
    }
}
