//! For tests: AWS on this machine.
//!
//! Real API servers from PyPI, `moto` and `ministack`, run on loopback behind a proxy that makes
//! them behave as AWS does where they do not (client tokens, names that are taken, pages, deletion
//! order, states that take time), and makes them fail as the world does (throttling, broken
//! connections, answers lost after the effect). Everything that is asked is kept, to be counted.
//!
//! Deliberately absent: every other room, the AWS SDK, anything that ships.

mod cloud;
mod proxy;
mod servers;

pub use cloud::Cloud;
pub use proxy::fault::{Fault, Process, Rule, Weather};
pub use proxy::log::Request;
