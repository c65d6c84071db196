//! The engine: functions and state machines, and nothing else.
//!
//! From specs and a state to a plan ([`planner`], [`destroy`]), from a plan and outcomes to the
//! next operations ([`schedule`]), from a journal to a state ([`replay`]). Deliberately absent:
//! files, network, tokio, clocks and randomness; what is needed of them comes in as data.

pub mod convert;
pub mod desired;
pub mod destroy;
pub mod diff;
pub mod format;
mod graph;
pub mod import;
pub mod late;
pub mod outcomes;
pub mod planner;
pub mod promotion;
pub mod rebuild;
pub mod replay;
pub mod resolve;
pub mod run;
pub mod schedule;
pub mod settle;
mod world;
