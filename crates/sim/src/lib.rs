//! Simulated world for tests: what Greenroom runs on, with faults by number and by seed.

pub mod campaign;
pub mod chance;
pub mod cloud;
pub mod disk;
mod ids;
pub mod lab;
pub mod life;
pub mod mishap;
pub mod objects;
pub mod play;
pub mod rig;
pub mod script;
pub mod shrink;
#[cfg(feature = "promotions")]
pub mod stage;
pub mod tally;
