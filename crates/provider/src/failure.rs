//! Failures of the world, with what they mean for it.

use std::fmt;

/// Why a provider could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What class of failure.
    pub kind: FailureKind,
    /// What happened to the world.
    pub effect: WorldEffect,
    /// What went wrong, naming the thing.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}

/// Classes of failures that callers treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The arguments cannot be right.
    Argument,
    /// The object is not there.
    NotFound,
    /// Something of that name is there and is not ours.
    Stranger,
    /// Somebody else changed a guarded object.
    Changed,
    /// Other objects hold it.
    Held,
    /// It exists and will never be ready.
    Broken,
    /// The credentials lack a permission for this.
    Denied,
    /// The credentials are missing, expired or not valid: whatever else this provider is asked
    /// will fail as well.
    Credentials,
    /// A quota or capacity is used up.
    Quota,
    /// The service is away, overloaded, or did not answer in time.
    Unavailable,
    /// The provider's own machinery failed.
    Internal,
}

/// What a failed call did to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorldEffect {
    /// Nothing.
    None,
    /// Nobody can say; settling will look.
    Unknown,
    /// The object is there, and recorded, but not as it should be.
    Unfinished,
}

impl Failure {
    /// A failure that changed nothing.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, effect: WorldEffect::None, message: message.into(), help: None }
    }

    /// With what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    /// After which nobody can say whether the call took effect.
    #[must_use]
    pub fn unknown_effect(mut self) -> Failure {
        self.effect = WorldEffect::Unknown;
        self
    }
}

impl fmt::Display for WorldEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WorldEffect::None => "nothing was changed",
            WorldEffect::Unknown => "it is unknown whether it took effect",
            WorldEffect::Unfinished => "it is there, and recorded; the next apply goes on with it",
        })
    }
}
