//! What can be wrong with an instance.

use greenroom_oci::PullError;
use thiserror::Error;

use super::{Exit, ProgramError};
use crate::runtime::files::FileError;
use crate::runtime::launch::LaunchError;
use crate::runtime::owner::Uid;
use crate::runtime::port::PortError;

/// Why an instance does not run.
#[derive(Debug, Error)]
pub enum InstanceError {
    /// The program cannot be run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// Its image cannot be had.
    #[error(transparent)]
    Image(#[from] PullError),
    /// It cannot have its port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Its supervisor does not run.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// A file of its folder could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no instance with this uid.
    #[error("there is no instance {uid}")]
    Missing {
        /// The uid.
        uid: Uid,
    },
    /// The program ended before it was ready.
    #[error("`{program}` {exit} before it was ready{log}")]
    Exited {
        /// The program.
        program: String,
        /// How it ended.
        exit: Exit,
        /// The end of its log, introduced.
        log: String,
    },
    /// The system refused to run the program.
    #[error("`{program}` could not be started: {reason}")]
    Failed {
        /// The program.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// The program runs and was not ready in time.
    #[error("`{program}` was not ready within {} s{log}", *timeout_ms as f64 / 1000.0)]
    NeverReady {
        /// The program.
        program: String,
        /// How long it was given, in milliseconds.
        timeout_ms: u64,
        /// The end of its log, introduced.
        log: String,
    },
    /// Its supervisor was killed while the program started.
    #[error("the supervisor of `{program}` was killed")]
    SupervisorKilled {
        /// The program.
        program: String,
    },
    /// Something of it is left.
    #[error("cannot end all processes of instance {uid}")]
    Leftover {
        /// The uid.
        uid: Uid,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
