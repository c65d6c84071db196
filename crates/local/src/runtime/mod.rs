//! The machinery below the types: real processes, real load balancers and real name
//! servers on one machine.
//!
//! Everything that one object owns lives in one folder under the [`Root`], and its process, if
//! it has one, holds the lock file in it. So what exists can be told from the folders alone, by
//! any later command. Deliberately absent: values, schemas, plans; whatever decides *what* is to
//! exist.
//!
//! [`main`] is the entry point of the processes that outlive a command; all else here is called
//! by the command.

mod address;
pub mod balancer;
mod claim;
mod control;
pub mod dns;
mod files;
mod image;
pub mod instance;
mod launch;
pub mod listener;
mod lock;
mod log;
mod main;
mod owner;
mod port;
mod process;
mod readiness;
mod root;
mod service;
mod supervise;
pub mod target_group;

pub use address::ListenAddress;
pub use control::ControlError;
pub use files::FileError;
pub use image::Image;
pub use launch::{LaunchError, Launcher};
pub use main::main;
pub use owner::{Kind, Owner, Uid};
pub use port::{PortError, check_free};
pub use process::{FOLDER_VARIABLE, ProcessId, UID_VARIABLE};
pub use readiness::{Probe, Readiness};
pub use root::{ObjectType, ROOT_VARIABLE, Root};
pub use service::Versioned;
