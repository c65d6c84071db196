//! Delivery: projects, stages and environments, and what turns them into a pipeline.
//!
//! Deliberately absent: rendering, and everything about resources; what is made and in which order,
//! the engine says.

pub mod attest;
pub mod bake;
pub mod chain;
pub mod command;
pub mod environment;
pub mod gates;
mod hex;
mod http;
pub mod images;
pub mod lifetime;
pub mod matrix;
pub mod names;
pub mod outputs;
mod own;
pub mod parity;
mod patience;
pub mod pipeline;
pub mod places;
pub mod project;
pub mod promotion;
mod random;
pub mod reap;
pub mod record;
pub mod replace;
pub mod repository;
pub mod run;
pub mod wanted;
