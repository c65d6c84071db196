//! The built binary as its users run it, on the local provider: real processes, real ports.
//!
//! What is asserted is read from the world itself (processes, folders, answers), not from what
//! Greenroom says of it.

mod attesting;
mod baking;
#[cfg(feature = "fail-points")]
mod chance;
mod contention;
mod damage;
mod drift;
mod http;
mod importing;
#[cfg(feature = "fail-points")]
mod killed;
mod lifecycle;
mod mistakes;
mod oci;
mod pipeline;
#[cfg(feature = "fail-points")]
#[path = "../points/mod.rs"]
mod points;
mod promoting;
mod publishing;
mod reaping;
#[path = "../registry/mod.rs"]
mod registry;
mod running;
mod shop;
#[cfg(feature = "fail-points")]
mod signalled;
mod traffic;
mod verifying;
mod world;
