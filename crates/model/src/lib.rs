//! Greenroom's words as plain data: addresses, values, schemas; state, plan and journal.
//!
//! Lowest of all rooms: every other one may use it, it uses none. Deliberately absent: files and
//! network, tokio, the parsing of specs and expressions, and every decision.

pub mod address;
pub mod expr;
pub mod gate;
pub mod history;
pub mod identity;
pub mod journal;
pub mod metric;
pub mod plan;
pub mod reference;
pub mod roster;
pub mod schema;
pub mod span;
pub mod state;
pub mod traffic;
pub mod value;
