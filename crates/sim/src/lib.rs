//! Simulated world for tests: what Greenroom runs on, with faults by number and by seed.

pub mod cloud;
pub mod disk;
pub mod lab;
pub mod objects;
